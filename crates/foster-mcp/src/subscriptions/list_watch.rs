use std::os::fd::AsFd as _;
use std::time::Duration;

use foster_model::JobId;
use foster_service::{Context, ListChanges, ListRequest, ServiceError, list};

use super::sleep::sleep;

/// How long nothing is looked at after a change: a client that is told lists anew, and jobs come in crowds.
const REST: Duration = Duration::from_secs(1);

/// Tells when other jobs are listed than before, until nobody hears it. What the jobs do is not told.
pub fn watch(context: &Context, request: &ListRequest, tell: &mut dyn FnMut() -> bool) {
    // A system that does not tell of changes tells nobody: the client still has what it asks for.
    let _ = follow(context, request, tell);
}

fn follow(
    context: &Context,
    request: &ListRequest,
    tell: &mut dyn FnMut() -> bool,
) -> Result<(), ServiceError> {
    let mut changes = ListChanges::begin(context)?;
    let mut known = listed(context, request)?;
    while sleep(context, Some(changes.as_fd()), None).unwrap_or(false) {
        if !changes.take()? {
            continue;
        }
        let now = listed(context, request)?;
        if now != known && !tell() {
            break;
        }
        known = now;
        if !sleep(context, None, Some(REST)).unwrap_or(false) {
            break;
        }
    }
    Ok(())
}

fn listed(context: &Context, request: &ListRequest) -> Result<Vec<JobId>, ServiceError> {
    let answer = list(context, request)?;
    Ok(answer.jobs.into_iter().map(|job| job.job_id).collect())
}
