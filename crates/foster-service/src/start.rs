use std::time::Instant;

use foster_model::answer::RunAnswer;
use foster_model::{JobRecord, JobSelector};
use foster_store::{JobFolder, Lock, Turn};

use crate::context::Context;
use crate::error::ServiceError;
use crate::launching::launch::launch_made;
use crate::launching::observation::Observation;
use crate::launching::room::demand_room;
use crate::reaching::lock::try_lock;
use crate::reaching::watch::{is_only_defined, settled_record};

/// What `start` is asked for.
#[derive(Debug, Clone)]
pub struct StartRequest {
    /// The job.
    pub job: JobSelector,
    /// What the answer is to tell of it.
    pub observation: Observation,
}

/// Starts a job that `create` has made, and stays with it for a while. Of several who do so at once,
/// one starts it, and the others are told.
///
/// # Errors
/// A job that was started already, or is being started. A command that can't be executed makes the
/// job `failed`. One that the caller interrupts the observation of runs on ([`Context::interrupt`]).
pub fn start(ctx: &Context, request: &StartRequest) -> Result<RunAnswer, ServiceError> {
    let began = Instant::now();
    ctx.sleep().go_on()?;
    demand_room()?;
    let (root, folder) = ctx.find(&request.job)?;
    demand_unstarted(&folder, &settled_record(&root, &folder)?)?;
    let Some(lock) = try_lock(&folder)? else {
        demand_unstarted(&folder, &folder.record()?)?;
        return Err(state(&folder, "somebody else is starting it".to_owned()));
    };
    start_locked(ctx, &root, folder, lock, request.observation, began)
}

/// Starts a defined job whose lock is the caller's.
pub(crate) fn start_locked(
    ctx: &Context,
    root: &foster_store::Root,
    folder: JobFolder,
    lock: (Turn, Lock),
    observation: Observation,
    began: Instant,
) -> Result<RunAnswer, ServiceError> {
    // It may have been started, and be over, since it was looked at without the lock.
    demand_unstarted(&folder, &folder.record()?)?;
    let started = launch_made(ctx, root, folder, lock, |_, _| Ok(()))?;
    observation.of(ctx.sleep(), root, started, began)
}

fn demand_unstarted(folder: &JobFolder, record: &JobRecord) -> Result<(), ServiceError> {
    if is_only_defined(record) {
        return Ok(());
    }
    Err(ServiceError::StartedAlready {
        job_id: folder.id(),
        state: record.state,
    })
}

fn state(folder: &JobFolder, message: String) -> ServiceError {
    ServiceError::State {
        job_id: folder.id(),
        message,
    }
}
