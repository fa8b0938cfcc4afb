use std::io;

use foster_store::{JobFolder, Lock, OpenError};

use crate::error::ServiceError;

/// Takes a job's lock; `None` if somebody else holds it. A job that was deleted since it was looked
/// for is not found.
pub(crate) fn try_lock(folder: &JobFolder) -> Result<Option<Lock>, ServiceError> {
    folder
        .try_lock()
        .map_err(|error| lock_failed(folder, error))
}

/// Returns why a job's lock can't be taken.
pub(crate) fn lock_failed(folder: &JobFolder, error: io::Error) -> ServiceError {
    match error.kind() {
        io::ErrorKind::NotFound => OpenError::NotFound { id: folder.id() }.into(),
        _ => ServiceError::io("the job's lock can't be taken")(error),
    }
}
