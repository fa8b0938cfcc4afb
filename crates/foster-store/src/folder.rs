use std::fs::File;
use std::io;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use foster_model::{Definition, JobId};
use rustix::fs::OFlags;

use crate::dir::Dir;
use crate::{DamageError, Lock, Problem, Stream};

/// The folder of one job, by an open descriptor of its directory.
///
/// The descriptor stays right when the root is moved; the path is for messages and answers.
#[derive(Debug)]
pub struct JobFolder {
    id: JobId,
    dir: Dir,
}

impl JobFolder {
    pub(crate) fn new(id: JobId, dir: Dir) -> Self {
        Self { id, dir }
    }

    /// Returns the folder behind a descriptor, as one process hands it to another. `path` must be
    /// absolute.
    pub fn from_fd(id: JobId, path: PathBuf, dir: OwnedFd) -> Self {
        Self::new(id, Dir::new(dir, path))
    }

    /// Returns the job.
    pub fn id(&self) -> JobId {
        self.id
    }

    /// Returns the folder's absolute path.
    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Returns the descriptor of the directory.
    pub fn dir(&self) -> BorrowedFd<'_> {
        self.dir.as_fd()
    }

    pub(crate) fn files(&self) -> &Dir {
        &self.dir
    }

    /// Opens the folder of the job's run.
    pub(crate) fn run(&self) -> Result<Dir, DamageError> {
        self.dir.subdir("runs")?.subdir("1")
    }

    /// Returns the absolute path of the file with the head of a stream.
    pub fn log_path(&self, stream: Stream) -> PathBuf {
        self.path().join("runs/1").join(stream.log_name())
    }

    /// Returns what the job was asked to do.
    ///
    /// # Errors
    ///
    /// `meta.json` is missing, no regular file, no definition, or that of another job.
    pub fn definition(&self) -> Result<Definition, DamageError> {
        let name = "meta.json";
        let bytes = self.dir.read(name)?;
        let definition: Definition = serde_json::from_slice(&bytes)
            .map_err(|error| self.dir.damage(name, Problem::NotJson(error)))?;
        if definition.job_id == self.id {
            Ok(definition)
        } else {
            Err(self.dir.damage(name, Problem::OtherJob(definition.job_id)))
        }
    }

    /// Opens what was given for the command's standard input, if something was.
    pub fn stdin_file(&self) -> io::Result<Option<File>> {
        match self.dir.open("stdin.bin", OFlags::RDONLY) {
            Ok(file) => {
                // The command gets this descriptor, and should find it as any other file.
                rustix::fs::fcntl_setfl(&file, OFlags::empty())?;
                Ok(Some(file))
            }
            Err(DamageError {
                problem: Problem::Missing,
                ..
            }) => Ok(None),
            Err(damage) => Err(damage.into()),
        }
    }

    /// Takes the job's lock; `None` if somebody else holds it.
    pub fn try_lock(&self) -> io::Result<Option<Lock>> {
        Lock::take(&self.dir)
    }

    /// Returns whether somebody holds the job's lock, without taking it on Linux.
    ///
    /// Elsewhere it has to be taken for a moment to find out.
    pub fn lock_is_held(&self) -> io::Result<bool> {
        Lock::is_held(&self.dir)
    }
}
