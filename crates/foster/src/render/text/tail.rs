use foster_model::answer::TailAnswer;

use super::{Style, Text, line, snapshot};

impl Text for TailAnswer {
    fn text(&self, _: Style, out: &mut String) {
        let both = self.stdout.is_some() && self.stderr.is_some();
        for (excerpt, name) in [(&self.stdout, "stdout"), (&self.stderr, "stderr")] {
            let Some(excerpt) = excerpt else { continue };
            if both {
                let [from, to] = excerpt.range;
                let all = excerpt.observed_bytes;
                line!(out, "==> {name}: bytes {from} to {to} of {all} <==");
            }
            snapshot::text(excerpt, out);
        }
    }
}
