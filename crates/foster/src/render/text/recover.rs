use foster_model::answer::RecoverAnswer;

use super::words::process;
use super::{Style, Text, line, plain};

impl Text for RecoverAnswer {
    fn text(&self, _: Style, out: &mut String) {
        for job in &self.jobs {
            let state = job.state.map_or(String::new(), |state| format!(" {state}"));
            let cause = job
                .cause
                .map_or(String::new(), |cause| format!(" ({})", cause.as_str()));
            line!(
                out,
                "{}{state}{cause}: {}",
                plain(&job.job),
                plain(&job.action)
            );
            for survivor in &job.survivors {
                line!(out, "  still there: {}", process(survivor));
            }
        }
        let jobs = if self.looked_at == 1 { "job" } else { "jobs" };
        let changed = match self.jobs.len() {
            0 => "nothing to do".to_owned(),
            count => format!("{count} of them told above"),
        };
        line!(
            out,
            "{} {jobs} looked at in {}: {changed}",
            self.looked_at,
            plain(&self.root)
        );
        if self.swept > 0 {
            line!(
                out,
                "{} folders removed that were half made or half removed",
                self.swept
            );
        }
        if self.index_rebuilt {
            line!(out, "the index was made anew");
        }
    }
}
