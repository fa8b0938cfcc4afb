use std::fs::File;
use std::io;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use foster_model::{Definition, JobId, PrivateValues};
use rustix::fs::OFlags;

use crate::dir::Dir;
use crate::lock::Turn;
use crate::removing::tree_removal::disk_use;
use crate::{DamageError, Lock, Problem};

/// What a job was asked to do.
pub(crate) const DEFINITION: &str = "meta.json";
/// What of that is shown to nobody.
pub(crate) const PRIVATE_VALUES: &str = "secrets.json";

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

    /// Returns the absolute path of the root that the folder lies in.
    pub fn root_path(&self) -> &Path {
        // jobs/DAY/ID
        self.path().ancestors().nth(3).unwrap_or(self.path())
    }

    /// Returns the descriptor of the directory.
    pub fn dir(&self) -> BorrowedFd<'_> {
        self.dir.as_fd()
    }

    pub(crate) fn files(&self) -> &Dir {
        &self.dir
    }

    /// Returns what the job was asked to do.
    ///
    /// # Errors
    ///
    /// `meta.json` is missing, no regular file, no definition, or that of another job.
    pub fn definition(&self) -> Result<Definition, DamageError> {
        let name = DEFINITION;
        let bytes = self.dir.read(name)?;
        let definition: Definition = serde_json::from_slice(&bytes)
            .map_err(|error| self.dir.damage(name, Problem::NotJson(error)))?;
        if definition.job_id == self.id {
            Ok(definition)
        } else {
            Err(self.dir.damage(name, Problem::OtherJob(definition.job_id)))
        }
    }

    /// Writes `meta.json` anew. To be called by the lock's holder only.
    ///
    /// # Errors
    ///
    /// It could not be written (a full disk, for example); then the old one stays.
    pub fn write_definition(&self, definition: &Definition) -> io::Result<()> {
        let content = serde_json::to_vec(definition)?;
        foster_fault::attempt("store.definition.write")?;
        self.dir.replace(DEFINITION, "meta.json.new", &content)
    }

    /// Returns the values that no answer shows; `None` if the definition has them all.
    ///
    /// # Errors
    ///
    /// `secrets.json` is no regular file, or can't be understood.
    pub fn private_values(&self) -> Result<Option<PrivateValues>, DamageError> {
        let bytes = match self.dir.read(PRIVATE_VALUES) {
            Err(DamageError {
                problem: Problem::Missing,
                ..
            }) => return Ok(None),
            bytes => bytes?,
        };
        let values = serde_json::from_slice(&bytes);
        values
            .map(Some)
            .map_err(|error| self.dir.damage(PRIVATE_VALUES, Problem::NotJson(error)))
    }

    /// Writes `secrets.json` anew, or removes it if there is nothing to keep apart. To be called by
    /// the lock's holder only.
    ///
    /// # Errors
    ///
    /// It could not be written; then the old one stays.
    pub fn write_private_values(&self, values: Option<&PrivateValues>) -> io::Result<()> {
        let Some(values) = values else {
            return match self.dir.unlink(PRIVATE_VALUES) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                _ => Ok(()),
            };
        };
        let content = serde_json::to_vec(values)?;
        foster_fault::attempt("store.secrets.write")?;
        self.dir
            .replace(PRIVATE_VALUES, "secrets.json.new", &content)
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
    ///
    /// # Errors
    ///
    /// `NotFound` if the job was removed since its folder was opened: a lock in what is left of it
    /// would keep nobody out.
    pub fn try_lock(&self) -> io::Result<Option<Lock>> {
        match Lock::take(&self.dir)? {
            Some(_) if !self.is_in_place()? => Err(io::ErrorKind::NotFound.into()),
            lock => Ok(lock),
        }
    }

    /// Returns the bytes of disk that the folder takes, with all that is in it.
    pub fn disk_use(&self) -> io::Result<u64> {
        disk_use(self.dir.as_fd())
    }

    /// As [`JobFolder::try_lock`], when nobody else is about to take it from without: so whoever holds
    /// it then looks after the job. To be used by all who don't wait for a turn already.
    pub fn lock_in_turn(&self) -> io::Result<Option<(Turn, Lock)>> {
        let turn = self.wait_turn()?;
        Ok(self.try_lock()?.map(|lock| (turn, lock)))
    }

    /// Returns whether somebody looks after the job: holds its lock, and not for a moment only.
    pub fn is_looked_after(&self) -> io::Result<bool> {
        let _turn = self.wait_turn()?;
        self.lock_is_held()
    }

    /// Waits until nobody else is about to change the job from without.
    pub fn wait_turn(&self) -> io::Result<Turn> {
        Turn::wait(&self.dir)
    }

    /// Returns whether somebody holds the job's lock, without taking it on Linux.
    ///
    /// Elsewhere it has to be taken for a moment to find out.
    pub fn lock_is_held(&self) -> io::Result<bool> {
        Lock::is_held(&self.dir)
    }
}
