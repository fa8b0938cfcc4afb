use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use foster_model::JobId;
use rustix::fs::{FileType, Stat};

use crate::Index;
use crate::dir::Dir;

/// The directory that holds all jobs.
///
/// It keeps no descriptor: it lives through forks that close them all.
#[derive(Debug, Clone)]
pub struct Root {
    path: Arc<Path>,
    program: Option<Arc<Path>>,
}

/// The root can't be used.
#[derive(Debug, thiserror::Error)]
pub enum RootError {
    /// It can't be made or reached, or is no directory.
    #[error("the root {} can't be used", path.display())]
    Unusable {
        /// The root as it was given.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// It belongs to another user, who could replace what is in it.
    #[error("the root {} belongs to user {owner}", path.display())]
    NotOwned {
        /// The root, without symbolic links.
        path: PathBuf,
        /// The number of the user.
        owner: u32,
    },
    /// Others may write in it.
    #[error("the root {} may be written to by others (mode {mode:04o})", path.display())]
    WritableByOthers {
        /// The root, without symbolic links.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
}

impl Root {
    /// Opens the root at `path`; with `create` it is made, mode 0700, if it is missing, and so are
    /// its parents.
    ///
    /// # Errors
    ///
    /// It must be a directory that belongs to the effective user and that nobody else may write
    /// in: whoever could exchange a job's folder could make Foster run and signal things.
    pub fn open(path: &Path, create: bool) -> Result<Self, RootError> {
        let unusable = |source| RootError::Unusable {
            path: path.to_owned(),
            source,
        };
        if create {
            DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(path)
                .map_err(unusable)?;
        }
        let real = path.canonicalize().map_err(unusable)?;
        let root = Self {
            path: real.into(),
            program: None,
        };
        let stat = rustix::fs::lstat(root.path()).map_err(|errno| unusable(errno.into()))?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::Directory {
            return Err(unusable(io::ErrorKind::NotADirectory.into()));
        }
        root.check(&stat)?;
        let wanted = rustix::fs::Access::READ_OK | rustix::fs::Access::EXEC_OK;
        rustix::fs::access(root.path(), wanted).map_err(|errno| unusable(errno.into()))?;
        Ok(root)
    }

    /// Refuses a directory that others may change.
    fn check(&self, stat: &Stat) -> Result<(), RootError> {
        let path = || self.path.to_path_buf();
        let (owner, mode) = (stat.st_uid, stat.st_mode & 0o7777);
        if owner != rustix::process::geteuid().as_raw() {
            return Err(RootError::NotOwned {
                path: path(),
                owner,
            });
        }
        if mode & 0o022 != 0 {
            return Err(RootError::WritableByOthers { path: path(), mode });
        }
        Ok(())
    }

    /// Returns the absolute path, without symbolic links.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the same root for a caller that can't fork: what has to be started for a job of it is
    /// this program, `foster`.
    #[must_use]
    pub fn served_by(mut self, program: &Path) -> Self {
        self.program = Some(program.into());
        self
    }

    /// Returns the program that is started for a job; `None` for callers that fork.
    pub fn program(&self) -> Option<&Path> {
        self.program.as_deref()
    }

    /// Returns the cache over all jobs.
    pub fn index(&self) -> Index {
        Index::new(self.clone())
    }

    /// Returns whether a job has a folder, without a look into it.
    pub fn has_folder(&self, id: JobId) -> bool {
        let found = self.job_path(id).symlink_metadata();
        found.is_ok_and(|metadata| metadata.is_dir())
    }

    /// Opens it. What bears its path by now is looked at as the root was when it was opened: a folder
    /// above may be another user's, who can put something else in its place.
    pub(crate) fn dir(&self) -> io::Result<Dir> {
        let dir = Dir::open_path(&self.path)?;
        let stat = rustix::fs::fstat(&dir)?;
        self.check(&stat).map_err(io::Error::other)?;
        Ok(dir)
    }

    pub(crate) fn job_path(&self, id: JobId) -> PathBuf {
        self.path.join("jobs").join(id.day()).join(id.to_string())
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    #[test]
    fn what_was_put_in_its_place_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let (path, moved) = (dir.path().join("root"), dir.path().join("moved"));
        let root = Root::open(&path, true).unwrap();
        assert!(root.dir().is_ok());
        std::fs::rename(&path, &moved).unwrap();
        symlink(&moved, &path).unwrap();
        assert!(root.dir().is_err(), "a link");
        std::fs::remove_file(&path).unwrap();
        std::fs::create_dir(&path).unwrap();
        let open_to_all = std::fs::Permissions::from_mode(0o777);
        std::fs::set_permissions(&path, open_to_all).unwrap();
        let refused = root.dir().unwrap_err().to_string();
        assert!(refused.contains("written to by others"), "{refused}");
    }
}
