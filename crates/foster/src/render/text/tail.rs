use foster_model::answer::TailAnswer;

use super::{Style, Text, line, snapshot};

impl Text for TailAnswer {
    fn text(&self, style: Style, out: &mut String) {
        let both = self.stdout.is_some() && self.stderr.is_some();
        let logs = [&self.stdout_log_path, &self.stderr_log_path];
        let streams = [(&self.stdout, "stdout"), (&self.stderr, "stderr")];
        for ((excerpt, name), log) in streams.into_iter().zip(logs) {
            let Some(excerpt) = excerpt else { continue };
            if both {
                let [from, to] = excerpt.range;
                let all = excerpt.observed_bytes;
                line!(out, "==> {name}: bytes {from} to {to} of {all} <==");
            }
            snapshot::text(style, excerpt, out);
            if let Some(digest) = &excerpt.digest {
                snapshot::digest_line(digest, name, log, out);
            }
        }
    }
}
