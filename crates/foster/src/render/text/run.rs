use foster_model::answer::RunAnswer;

use super::{Style, Text, hint, job, snapshot};

impl Text for RunAnswer {
    fn text(&self, _: Style, out: &mut String) {
        if let Some(newest) = &self.snapshot {
            let logs = [&self.job.stdout_log_path, &self.job.stderr_log_path];
            snapshot::snapshot(newest, logs.map(String::as_str), out);
        }
        job::headline(&self.job, out);
        job::notices(&self.job, out);
        hint(self.hint.as_deref(), out);
    }
}
