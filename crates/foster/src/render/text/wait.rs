use foster_model::answer::{JobResult, WaitAnswer, WaitReason};

use super::{Style, Text, hint, job, line, plain, snapshot};

impl Text for WaitAnswer {
    fn text(&self, _: Style, out: &mut String) {
        if let (Some(newest), Some(job)) = (&self.snapshot, &self.job) {
            let logs = [&job.stdout_log_path, &job.stderr_log_path];
            snapshot::snapshot(newest, logs.map(String::as_str), out);
        }
        if let Some(job) = &self.job {
            job::headline(job, out);
            job::notices(job, out);
        }
        for result in self.jobs.iter().flatten() {
            match result {
                JobResult::Done(job) => {
                    job::headline(job, out);
                    job::notices(job, out);
                }
                JobResult::Failed { job, error } => {
                    line!(out, "{}: {}", plain(job), plain(&error.message));
                }
            }
        }
        if self.reason == WaitReason::Deadline {
            line!(out, "the deadline came first");
        }
        hint(self.hint.as_deref(), out);
    }
}
