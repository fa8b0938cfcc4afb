use std::io;
use std::time::Duration;

use foster_model::{Definition, JobId, JobRecord, ProcessInfo, State, Time};
use foster_process::uptime;
use foster_store::{DamageError, JobFolder, OpenError, RemovalError, Root};

use crate::identity::{Kinship, current_host, kinship};
use crate::leftovers::marked_tree;

/// What became of a job that a clean-up has chosen.
#[derive(Debug)]
pub enum Collected {
    /// It is gone, and gave back so many bytes of disk.
    Removed(u64),
    /// Somebody else has removed it. That its row may be left, a row of nobody's, is for the caller to see
    /// to, for all such jobs at once ([`foster_store::Index::remove_all`]).
    Gone,
    /// It stays, for this reason.
    Kept(String),
}

/// A job can't be cleaned up.
#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    /// Its folder can't be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// Its files can't be understood: what it was is not to be lost before somebody has looked.
    #[error(transparent)]
    Damaged(#[from] DamageError),
    /// Its folder can't be removed.
    #[error(transparent)]
    Remove(#[from] RemovalError),
    /// Its lock can't be taken, or its processes not be looked for.
    #[error("the job {job_id} can't be looked at")]
    Io {
        /// The job.
        job_id: JobId,
        /// The system's reason.
        source: io::Error,
    },
}

/// Removes a job that was over at `finished_at` or before, if that is still so and nothing of it
/// lives. `age` is what it must have reached, if it was chosen for that. With `dry_run` it only tells
/// what would be.
pub fn collect(
    root: &Root,
    id: JobId,
    finished_at: Time,
    age: Option<Duration>,
    dry_run: bool,
) -> Result<Collected, CollectError> {
    let failed = |source| CollectError::Io { job_id: id, source };
    let folder = match root.job(id) {
        Ok(folder) => folder,
        Err(OpenError::NotFound { .. }) => return Ok(Collected::Gone),
        Err(error) => return Err(error.into()),
    };
    if dry_run {
        match folder.is_looked_after() {
            Ok(false) => {}
            Ok(true) => return Ok(Collected::Kept(IN_USE.to_owned())),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                return Ok(Collected::Kept(NO_LOCK.to_owned()));
            }
            Err(error) => return Err(failed(error)),
        }
        let kept = reason_to_keep(&folder, finished_at, age)?;
        let bytes = || folder.disk_use().map_err(failed).map(Collected::Removed);
        return kept.map_or_else(bytes, |reason| Ok(Collected::Kept(reason)));
    }
    let (_turn, lock) = match folder.lock_in_turn() {
        Ok(Some(held)) => held,
        Ok(None) => return Ok(Collected::Kept(IN_USE.to_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Collected::Gone),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            return Ok(Collected::Kept(NO_LOCK.to_owned()));
        }
        Err(error) => return Err(failed(error)),
    };
    if let Some(reason) = reason_to_keep(&folder, finished_at, age)? {
        return Ok(Collected::Kept(reason));
    }
    match root.removal(id, Some(lock))?.finish() {
        Ok(freed) => Ok(Collected::Removed(freed)),
        Err(RemovalError::NotFound { .. }) => Ok(Collected::Gone),
        Err(error) => Err(error.into()),
    }
}

const NO_LOCK: &str = "something else stands in its lock's place";
const IN_USE: &str = "somebody looks after it, or is changing it";

/// Looks at a job that nobody looks after once more, since what chose it may have been behind.
fn reason_to_keep(
    folder: &JobFolder,
    finished_at: Time,
    age: Option<Duration>,
) -> Result<Option<String>, CollectError> {
    let (definition, record) = (folder.definition()?, folder.record()?);
    let kinship = kinship(&definition.host, &current_host());
    if kinship == Kinship::Foreign {
        return Ok(Some(
            "it belongs to another machine or PID namespace".to_owned(),
        ));
    }
    // Whatever the wall clock said at its end or says now: it is no older than this boot.
    if kinship == Kinship::Same && age.is_some_and(|age| uptime() < age) {
        return Ok(Some("its machine has not been up for so long".to_owned()));
    }
    if over_at(&record).is_none_or(|over| over > finished_at) {
        return Ok(Some("it was started again".to_owned()));
    }
    let left = leftover_processes(&definition, &record).map_err(|source| CollectError::Io {
        job_id: folder.id(),
        source,
    })?;
    Ok((!left.is_empty()).then(|| format!("{} of its processes live", left.len())))
}

/// Returns when a job was over that nobody looks after; `None` if it was only defined.
///
/// One that nobody saw end was over when the last thing was noted of it, at the earliest.
pub fn over_at(record: &JobRecord) -> Option<Time> {
    let only_defined = record.state == State::Created && record.keeper.is_none();
    let noted = record.finished_at.or(record.updated_at);
    noted.or(record.created_at).filter(|_| !only_defined)
}

/// Returns the processes of a job that still live though nobody supervises it, as far as its marks
/// tell. To be asked only while nobody holds the job's lock, or by who does.
pub fn leftover_processes(
    definition: &Definition,
    record: &JobRecord,
) -> io::Result<Vec<ProcessInfo>> {
    let here = kinship(&definition.host, &current_host()) == Kinship::Same;
    let never_ran = record.keeper.is_none() || record.state == State::Failed;
    let none_can_be = record.tree_empty == Some(true) || never_ran;
    if !here || none_can_be {
        return Ok(Vec::new());
    }
    let listing = marked_tree(definition, record).listing()?;
    let process = |(pid, command)| ProcessInfo {
        pid,
        command,
        reason: Some("it lives on, unsupervised".to_owned()),
    };
    Ok(listing.into_iter().map(process).collect())
}
