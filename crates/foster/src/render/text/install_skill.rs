use foster_model::answer::{InstallSkillAnswer, SkillOutcome};

use super::{Style, Text, line, plain};

impl Text for InstallSkillAnswer {
    fn text(&self, _: Style, out: &mut String) {
        let outcome = match self.outcome {
            SkillOutcome::Written => "written",
            SkillOutcome::Replaced => "replaced",
            SkillOutcome::Unchanged => "unchanged",
        };
        line!(out, "{}: {outcome}", plain(&self.path));
    }
}
