use std::time::Instant;

use foster_model::{Identity, JobRecord};
use foster_process::{ProcessIdentity, ProcessRef};

use crate::error::ServiceError;

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
pub(crate) fn wait_for_holder(record: &JobRecord, deadline: Instant) -> Result<bool, ServiceError> {
    let failed = || ServiceError::io(format!("the job {} can't be watched", record.job_id));
    let mut waited = false;
    for identity in [record.supervisor, record.keeper].into_iter().flatten() {
        let Ok(process) = process(identity) else {
            continue;
        };
        let ended = |left| process.wait_ended(Some(left)).map_err(failed());
        if !ended(std::time::Duration::ZERO)? {
            waited |= ended(deadline.saturating_duration_since(Instant::now()))?;
        }
    }
    Ok(waited)
}
