use foster_model::answer::RunAnswer;

use super::{Paint, Style, Text, hint, job, snapshot};

impl Text for RunAnswer {
    fn text(&self, style: Style, out: &mut String) {
        let paint = Paint::new(style.colors.out);
        if let Some(newest) = &self.snapshot {
            let logs = [&self.job.stdout_log_path, &self.job.stderr_log_path];
            snapshot::snapshot(style, newest, logs.map(String::as_str), out);
        }
        job::headline(paint, &self.job, out);
        job::notices(&self.job, out);
        hint(paint, self.hint.as_deref(), out);
    }
}
