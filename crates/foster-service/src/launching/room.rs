use std::fs::File;
use std::io;

use foster_model::{ErrorCode, StartFailure};
use foster_process::free_descriptors;

use crate::error::ServiceError;

/// How many descriptors a job may take at its height, with all that can be asked of it.
const NEEDED: usize = 48;

/// Makes sure that a job can be looked after from here: its keeper and its supervisor will have this
/// process's limit of open files.
///
/// Asked before anything is made or ended, since later is too late: who runs out of descriptors once
/// the command is executed has to leave it alone.
pub(crate) fn demand_room() -> Result<(), ServiceError> {
    if free_descriptors().is_some_and(|free| free >= NEEDED as u64) {
        return Ok(());
    }
    take(NEEDED).map(drop).map_err(|error| {
        ServiceError::refused(StartFailure {
            code: ErrorCode::ResourcesExhausted.as_str().to_owned(),
            message: format!("a job may need {NEEDED} descriptors, and fewer are free: {error}"),
        })
    })
}

fn take(count: usize) -> io::Result<Vec<File>> {
    let null = File::open("/dev/null")?;
    (0..count).map(|_| null.try_clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_is_given_back() {
        let first = take(NEEDED).unwrap();
        assert_eq!(first.len(), NEEDED);
        drop(first);
        demand_room().unwrap();
    }
}
