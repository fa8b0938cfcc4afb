use std::io;
use std::path::{Path, PathBuf};

use foster_model::{IllegalTransition, JobId};

/// A file of a job folder can't be used as what it should be.
#[derive(Debug, thiserror::Error)]
#[error("{} {problem}", path.display())]
pub struct DamageError {
    /// The file, or the folder.
    pub path: PathBuf,
    /// What is wrong with it.
    #[source]
    pub problem: Problem,
}

impl DamageError {
    /// Returns the job whose folder is not there any more, if a file is missing for that reason: it was
    /// removed between the opening of its folder and the reading of its file.
    pub fn removed_job(&self) -> Option<JobId> {
        if !matches!(self.problem, Problem::Missing) {
            return None;
        }
        let id_of = |path: &Path| path.file_name()?.to_str()?.parse::<JobId>().ok();
        let folder = self.path.ancestors().find(|path| id_of(path).is_some())?;
        let gone = folder
            .symlink_metadata()
            .is_err_and(|error| error.kind() == io::ErrorKind::NotFound);
        gone.then(|| id_of(folder)).flatten()
    }
}

/// What is wrong with a file.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// There is nothing under that name.
    #[error("is missing")]
    Missing,
    /// A symbolic link, a FIFO, a device or a folder stands in a file's place.
    #[error("is not a regular file")]
    NotRegular,
    /// Something else stands in a folder's place.
    #[error("is not a directory")]
    NotDirectory,
    /// Nothing that Foster writes is as long, in bytes.
    #[error("is longer than it can be: {0} bytes")]
    TooLong(u64),
    /// The document can't be read.
    #[error("is cut or not JSON: {0}")]
    NotJson(#[source] serde_json::Error),
    /// A line of the journal can't be read, though others follow it.
    #[error("has a line {line} that is no event: {source}")]
    BadLine {
        /// Its number, counted from 1.
        line: usize,
        /// Why.
        source: serde_json::Error,
    },
    /// The journal does not even tell that the job was created.
    #[error("holds no event")]
    Empty,
    /// The journal's events can't have followed one another.
    #[error("tells what can't have happened: {0}")]
    Impossible(#[source] IllegalTransition),
    /// The file was made for another job.
    #[error("belongs to job {0}")]
    OtherJob(JobId),
    /// The system refused.
    #[error("can't be used: {0}")]
    Unusable(#[source] io::Error),
}

impl From<io::Error> for Problem {
    fn from(error: io::Error) -> Self {
        use rustix::io::Errno;

        match Errno::from_io_error(&error) {
            Some(Errno::NOENT) => Self::Missing,
            Some(Errno::NOTDIR) => Self::NotDirectory,
            // What `open` says of a link that is not followed (two spellings), of a folder that is
            // opened for writing, and of a socket or a FIFO without a reader.
            Some(Errno::LOOP | Errno::MLINK | Errno::ISDIR | Errno::NXIO) => Self::NotRegular,
            _ => Self::Unusable(error),
        }
    }
}

impl From<rustix::io::Errno> for Problem {
    fn from(errno: rustix::io::Errno) -> Self {
        io::Error::from(errno).into()
    }
}

impl From<DamageError> for io::Error {
    /// Keeps the kind, so that a full disk is still told from the rest.
    fn from(damage: DamageError) -> Self {
        let kind = match &damage.problem {
            Problem::Missing => io::ErrorKind::NotFound,
            Problem::Unusable(error) => error.kind(),
            _ => io::ErrorKind::InvalidData,
        };
        Self::new(kind, damage)
    }
}
