use foster_model::JobSelector;
use foster_model::answer::StatusAnswer;
use foster_store::Stream;

use crate::choosing::run_choice::record_of;
use crate::context::Context;
use crate::deadline::{deadline_of, due_monotonic_ms, millis};
use crate::error::ServiceError;
use crate::notify::notifications;
use crate::run_clock::RunClock;
use crate::showing::snapshot::{observed, stream_log};
use crate::showing::view::view;

/// What `status` is asked for.
#[derive(Debug, Clone)]
pub struct StatusRequest {
    /// The job.
    pub job: JobSelector,
    /// The number of the run; the newest, if none is given.
    pub run: Option<u32>,
}

impl From<JobSelector> for StatusRequest {
    fn from(job: JobSelector) -> Self {
        Self { job, run: None }
    }
}

/// Tells everything that is known of a job.
///
/// # Errors
/// No such job or run, or more than one job; files that can't be understood.
pub fn status(ctx: &Context, request: &StatusRequest) -> Result<StatusAnswer, ServiceError> {
    let (root, folder) = ctx.find(&request.job)?;
    let record = record_of(&root, &folder, request.run)?;
    let definition = folder.definition()?;
    let bytes = |stream| {
        // Output that can't be read hides nothing else; `tail` and `logs` tell what is wrong with it.
        let log = stream_log(&folder, &record, stream);
        let kept = log.map_or(0, |log| log.end());
        kept.max(observed(&record, stream))
    };
    let (stdout_bytes, stderr_bytes) = (bytes(Stream::Stdout), bytes(Stream::Stderr));
    let running = record
        .started_at
        .filter(|_| record.exited_at.is_none() && !record.state.is_final());
    let clock = RunClock::of(&definition, &record);
    let running_ms = running.map(|started| clock.since(started, record.started_monotonic_ms));
    let deadline = running.and_then(|_| deadline_of(&definition, &record));
    let remaining_ms = deadline.map(|at| clock.until(at, due_monotonic_ms(&definition, &record)));
    let notifications = notifications(&folder, &definition, &record);
    let job = view(&folder, &definition, record);
    Ok(StatusAnswer {
        job,
        running_ms,
        deadline,
        remaining_ms,
        timeout_ms: definition.timeout.map(millis),
        idle_timeout_ms: definition.idle_timeout.map(millis),
        stdout_bytes,
        stderr_bytes,
        notifications,
    })
}
