use std::os::fd::AsFd as _;
use std::time::{Duration, Instant};

use foster_model::{Identity, JobRecord};
use foster_process::{ProcessIdentity, ProcessRef};

use crate::error::ServiceError;
use crate::reaching::sleep::{Sleep, time_left};

/// What is told if the system does not let us wait.
const NOT_WATCHED: &str = "the processes of a job can't be watched";

/// Returns the process that an identity in a job's record means.
pub(crate) fn process(identity: Identity) -> std::io::Result<ProcessRef> {
    ProcessRef::find(&ProcessIdentity {
        pid: identity.pid,
        start_time: identity.start_time,
        unique: identity.unique,
    })
}

/// Waits until keeper and supervisor of a job, who hold its lock, have ended, or the deadline has
/// come. Returns whether one of them was still there when it was asked: if not, somebody else holds
/// the lock.
///
/// # Errors
/// They can't be watched, or the caller has interrupted it.
pub(crate) fn wait_for_holder(
    sleep: Sleep<'_>,
    record: &JobRecord,
    deadline: Instant,
) -> Result<bool, ServiceError> {
    let sleep = sleep.over(record.job_id);
    let mut waited = false;
    for identity in [record.supervisor, record.keeper].into_iter().flatten() {
        let Ok(process) = process(identity) else {
            continue;
        };
        if !has_ended(&process)? {
            waited |= wait_ended(sleep, &process, deadline)?;
        }
    }
    Ok(waited)
}

/// Waits until a process has ended, or the deadline has come. Returns whether it was the former.
fn wait_ended(
    sleep: Sleep<'_>,
    process: &ProcessRef,
    deadline: Instant,
) -> Result<bool, ServiceError> {
    loop {
        let left = time_left(Some(deadline)).unwrap_or_default();
        if has_ended(process)? || left == Duration::ZERO {
            return has_ended(process);
        }
        sleep.until(&[process.as_fd()], left, NOT_WATCHED)?;
    }
}

fn has_ended(process: &ProcessRef) -> Result<bool, ServiceError> {
    let ended = process.wait_ended(Some(Duration::ZERO));
    ended.map_err(ServiceError::io(NOT_WATCHED))
}
