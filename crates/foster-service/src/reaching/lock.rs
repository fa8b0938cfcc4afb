use std::io;
use std::time::{Duration, Instant};

use foster_model::JobRecord;
use foster_store::{JobFolder, Lock, OpenError, Turn};

use crate::error::ServiceError;
use crate::reaching::holder::wait_for_holder;
use crate::reaching::sleep::Sleep;

/// How long the processes of a job that is over are given to let go of it.
const PATIENCE: Duration = Duration::from_secs(10);

/// Takes a job's lock in turn; `None` if somebody looks after the job. One that was deleted since it
/// was looked for is not found.
pub(crate) fn try_lock(folder: &JobFolder) -> Result<Option<(Turn, Lock)>, ServiceError> {
    folder
        .lock_in_turn()
        .map_err(|error| lock_failed(folder, error))
}

/// What came of taking a lock.
pub(crate) enum Taken {
    /// It is ours.
    Lock(Turn, Lock),
    /// Somebody else keeps it; this is the job's record then.
    Kept(Box<JobRecord>),
}

/// Takes a job's lock, waiting for those who hold it as long as they are on their way out, which
/// `leaving` judges by the job's record.
pub(crate) fn take_lock(
    sleep: Sleep<'_>,
    folder: &JobFolder,
    leaving: impl Fn(&JobRecord) -> bool,
) -> Result<Taken, ServiceError> {
    let deadline = Instant::now() + PATIENCE;
    let mut holder_was_gone = false;
    loop {
        if let Some((turn, lock)) = try_lock(folder)? {
            return Ok(Taken::Lock(turn, lock));
        }
        let record = folder.record();
        if !folder.is_in_place().unwrap_or(true) {
            return Err(OpenError::NotFound { id: folder.id() }.into());
        }
        let record = record?;
        if leaving(&record) {
            let was_there = wait_for_holder(sleep, &record, deadline)?;
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
