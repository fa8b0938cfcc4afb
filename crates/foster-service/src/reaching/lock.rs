use std::io;
use std::time::{Duration, Instant};

use foster_model::JobRecord;
use foster_store::{JobFolder, Lock, OpenError, Turn};

use crate::error::ServiceError;
use crate::reaching::holder::wait_for_holder;

/// How long the processes of a job that is over are given to let go of it.
const PATIENCE: Duration = Duration::from_secs(10);

/// Takes a job's lock; `None` if somebody else holds it. A job that was deleted since it was looked
/// for is not found.
pub(crate) fn try_lock(folder: &JobFolder) -> Result<Option<Lock>, ServiceError> {
    folder
        .try_lock()
        .map_err(|error| lock_failed(folder, error))
}

/// The lock of a job that nobody looks after, for the moment of a change.
///
/// Who finds a lock taken believes that somebody looks after the job, or starts it. So those who need it
/// only for a moment wait for each other first: of two that end what is left of a job, or of one that
/// recovers it and one that ends it, none is told that there is nothing to do.
#[derive(Debug)]
pub(crate) struct LockInTurn {
    /// Given back first, so that it is free for whoever's turn is next.
    pub lock: Lock,
    _turn: Turn,
}

/// Waits for a turn, and takes a job's lock; `None` if somebody looks after it, or starts it.
pub(crate) fn lock_in_turn(folder: &JobFolder) -> Result<Option<LockInTurn>, ServiceError> {
    let turn = wait_turn(folder)?;
    Ok(try_lock(folder)?.map(|lock| LockInTurn { lock, _turn: turn }))
}

/// Waits until nobody else changes the job.
pub(crate) fn wait_turn(folder: &JobFolder) -> Result<Turn, ServiceError> {
    let turn = folder.wait_turn();
    turn.map_err(ServiceError::io("the job can't be changed"))
}

/// What came of taking a lock.
pub(crate) enum Taken {
    /// It is ours.
    Lock(Lock),
    /// Somebody else keeps it; this is the job's record then.
    Kept(Box<JobRecord>),
}

/// Takes a job's lock, waiting for those who hold it as long as they are on their way out, which
/// `leaving` judges by the job's record.
pub(crate) fn take_lock(
    folder: &JobFolder,
    leaving: impl Fn(&JobRecord) -> bool,
) -> Result<Taken, ServiceError> {
    let deadline = Instant::now() + PATIENCE;
    let mut holder_was_gone = false;
    loop {
        if let Some(held) = lock_in_turn(folder)? {
            return Ok(Taken::Lock(held.lock));
        }
        let record = folder.record();
        if !folder.is_in_place().unwrap_or(true) {
            return Err(OpenError::NotFound { id: folder.id() }.into());
        }
        let record = record?;
        if leaving(&record) {
            let was_there = wait_for_holder(&record, deadline)?;
            // Its holder may have ended between the two looks; then the lock is free by now.
            if was_there || !std::mem::replace(&mut holder_was_gone, true) {
                continue;
            }
        }
        return Ok(Taken::Kept(Box::new(record)));
    }
}

/// Returns why a job's lock can't be taken.
pub(crate) fn lock_failed(folder: &JobFolder, error: io::Error) -> ServiceError {
    match error.kind() {
        io::ErrorKind::NotFound => OpenError::NotFound { id: folder.id() }.into(),
        _ => ServiceError::io("the job's lock can't be taken")(error),
    }
}
