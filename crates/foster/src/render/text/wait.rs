use foster_model::answer::{JobResult, WaitAnswer, WaitReason};

use super::{Paint, Style, Text, hint, job, line, plain, snapshot};

impl Text for WaitAnswer {
    fn text(&self, style: Style, out: &mut String) {
        let paint = Paint::new(style.colors.out);
        if let (Some(newest), Some(job)) = (&self.snapshot, &self.job) {
            let logs = [&job.stdout_log_path, &job.stderr_log_path];
            snapshot::snapshot(style, newest, logs.map(String::as_str), out);
        }
        if let Some(job) = &self.job {
            job::headline(paint, job, out);
            job::notices(job, out);
        }
        for result in self.jobs.iter().flatten() {
            match result {
                JobResult::Done(job) => {
                    job::headline(paint, job, out);
                    job::notices(job, out);
                }
                JobResult::Failed { job, error } => {
                    line!(out, "{}: {}", plain(job), plain(&error.message));
                }
            }
        }
        if let Some(Some(found)) = &self.matched {
            let (stream, offset) = (&found.stream, found.offset);
            line!(out, "found in {stream} at {offset}: {}", plain(&found.line));
        }
        match (self.reason, &self.matched) {
            (WaitReason::Deadline, _) => line!(out, "the deadline came first"),
            (_, Some(None)) => line!(out, "it is over, and that was not in its output"),
            _ => {}
        }
        if self.jobs.as_ref().is_some_and(Vec::is_empty) {
            line!(out, "no jobs");
        }
        if let Some(left @ 1..) = self.jobs_left_out {
            line!(out, "({left} more of the group were over before)");
        }
        hint(paint, self.hint.as_deref(), out);
    }
}
