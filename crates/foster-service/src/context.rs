use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use foster_model::{JobSelector, Time};
use foster_process::Containment;
use foster_store::{JobFolder, Root};
use foster_supervisor::Way;

use crate::error::ServiceError;

/// What a verb is told of its caller. Nothing here is read from the environment by this crate.
#[derive(Debug, Clone)]
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
}

impl Context {
    /// Returns the root for reading and for writing; it is made if it is missing.
    pub(crate) fn open_root(&self) -> Result<Root, ServiceError> {
        Ok(Root::open(&self.absolute(&self.root), true)?)
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
