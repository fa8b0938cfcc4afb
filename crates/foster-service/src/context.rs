use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use foster_model::{GcRules, JobSelector, Time, names_alone};
use foster_process::{Containment, Interrupt};
use foster_store::{JobFolder, ResolveError, Root};
use foster_supervisor::Way;

use crate::error::ServiceError;
use crate::reaching::sleep::Sleep;

/// What a verb is told of its caller. Nothing here is read from the environment by this crate.
#[derive(Clone)]
pub struct Context {
    /// Where the jobs are kept.
    pub root: PathBuf,
    /// The caller's working directory: relative paths start here, and a listing's scope.
    pub cwd: PathBuf,
    /// The caller's environment, for jobs that inherit it.
    pub env: Vec<(OsString, OsString)>,
    /// How keepers come into being.
    pub way: Way,
    /// How trees are to be held.
    pub containment: Containment,
    /// The rules by which the root is cleaned up a little when a job is over that is started from
    /// here; `None` for not at all.
    pub auto_gc: Option<GcRules>,
    /// What the caller has to call a verb back with, if it may want to: a verb that waits then
    /// returns [`ServiceError::Interrupted`], and one that had not begun does nothing. What was begun
    /// goes on: a job that was started runs, and one that is being ended ends. A verb whose work is
    /// done answers all the same.
    pub interrupt: Option<Interrupt>,
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("root", &self.root)
            .field("cwd", &self.cwd)
            .field("env", &names_alone(&self.env))
            .field("way", &self.way)
            .field("containment", &self.containment)
            .field("auto_gc", &self.auto_gc)
            .field("interrupt", &self.interrupt)
            .finish()
    }
}

impl Context {
    /// Returns the root for a verb that makes a job; it is made if it is missing.
    pub(crate) fn make_root(&self) -> Result<Root, ServiceError> {
        Ok(self.served(Root::open(&self.absolute(&self.root), true)?))
    }

    /// Makes the root if it is missing, and returns its canonical path: for front ends that keep files of their
    /// own in it.
    ///
    /// # Errors
    /// It can't be made, or can't be trusted.
    pub fn prepare_root(&self) -> Result<PathBuf, ServiceError> {
        Ok(self.make_root()?.path().to_owned())
    }

    /// Returns the root for a verb that looks; `None` if there is none, which is no fault: it is
    /// made by the first job.
    pub(crate) fn look_for_root(&self) -> Result<Option<Root>, ServiceError> {
        let path = self.absolute(&self.root);
        match path.symlink_metadata() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            _ => Ok(Some(self.served(Root::open(&path, false)?))),
        }
    }

    /// Returns the root as one of a caller that can't fork, if that is what the caller is.
    fn served(&self, root: Root) -> Root {
        match &self.way {
            Way::Fork => root,
            Way::Exec(program) => root.served_by(program),
        }
    }

    /// Returns the root in which these jobs must lie.
    pub(crate) fn root_of_jobs(&self, jobs: &[JobSelector]) -> Result<Root, ServiceError> {
        let first = jobs.first().map(ToString::to_string).unwrap_or_default();
        let missing = || ServiceError::from(ResolveError::NotFound(first));
        self.look_for_root()?.ok_or_else(missing)
    }

    /// Returns the root and in it the folder of the job that the caller names.
    pub(crate) fn find(&self, job: &JobSelector) -> Result<(Root, JobFolder), ServiceError> {
        let root = self.root_of_jobs(std::slice::from_ref(job))?;
        let folder = find(&root, job, false)?;
        Ok((root, folder))
    }

    /// Returns how a verb sleeps for this caller.
    pub(crate) fn sleep(&self) -> Sleep<'_> {
        Sleep::new(self.interrupt.as_ref())
    }

    /// Returns `path` as seen from the caller's directory.
    pub(crate) fn absolute(&self, path: &Path) -> PathBuf {
        self.cwd.join(path)
    }

    /// Returns the caller's value of a variable.
    pub(crate) fn variable(&self, name: &str) -> Option<&OsStr> {
        let found = self.env.iter().rev().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_os_str())
    }
}

/// Returns the folder of the job that the caller names. `ending` for verbs that end something: they
/// demand more of an abbreviation.
pub(crate) fn find(
    root: &Root,
    selector: &JobSelector,
    ending: bool,
) -> Result<JobFolder, ServiceError> {
    Ok(root.job(root.resolve(selector, ending)?)?)
}

pub(crate) fn now() -> Time {
    SystemTime::now().into()
}
