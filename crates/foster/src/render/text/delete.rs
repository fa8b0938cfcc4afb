use foster_model::answer::{DeleteAction, DeleteAnswer, DeleteResult};

use super::words::bytes;
use super::{Style, Text, line, plain};

impl Text for DeleteAnswer {
    fn text(&self, _: Style, out: &mut String) {
        for result in &self.jobs {
            one(result, out);
        }
        let jobs = |count: u64| if count == 1 { "job" } else { "jobs" };
        let verb = if self.dry_run {
            "would be deleted"
        } else {
            "deleted"
        };
        let freed = bytes(self.freed_bytes);
        line!(
            out,
            "{} {} {verb}, {freed}",
            self.deleted,
            jobs(self.deleted)
        );
        if self.skipped > 0 {
            line!(out, "{} {} skipped", self.skipped, jobs(self.skipped));
        }
    }
}

fn one(result: &DeleteResult, out: &mut String) {
    let job = match result.job_id {
        Some(job_id) => job_id.to_string(),
        None => plain(&result.job).into_owned(),
    };
    let state = result
        .state
        .map_or(String::new(), |state| format!(" ({state})"));
    let freed = bytes(result.freed_bytes);
    match result.action {
        DeleteAction::Deleted => line!(out, "{job}{state} deleted, {freed}"),
        DeleteAction::WouldDelete => line!(out, "{job}{state} would be deleted, {freed}"),
        DeleteAction::Skipped => {
            let reason = result.reason.as_deref().unwrap_or_default();
            line!(out, "{job} skipped: {}", plain(reason));
        }
        DeleteAction::Failed => {
            let message = result.error.as_ref().map_or("", |error| &error.message);
            line!(out, "{job}: {}", plain(message));
        }
    }
}
