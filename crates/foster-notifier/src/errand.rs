use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;

use foster_model::{Notifications, PrivateValues, Secrets, names_alone};
use foster_store::{DamageError, JobFolder};

/// What a notifier is to do: to tell of one run of a job.
pub struct Errand {
    /// The job.
    pub folder: JobFolder,
    /// The number of the run.
    pub run: u32,
    /// Whether commands have the notifier's own environment beneath `env`.
    pub inherits_env: bool,
    /// Variables of commands.
    pub env: Vec<(OsString, OsString)>,
    /// The directory that commands run in.
    pub cwd: PathBuf,
    /// What must not be shown in the results.
    pub secrets: Secrets,
}

impl fmt::Debug for Errand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Errand")
            .field("folder", &self.folder)
            .field("run", &self.run)
            .field("env", &names_alone(&self.env))
            .finish_non_exhaustive()
    }
}

impl Errand {
    /// Returns whom the job tells, as its files say now.
    pub fn notifications(&self) -> Result<Notifications, DamageError> {
        let definition = self.folder.definition()?;
        let private: Option<PrivateValues> = self.folder.private_values()?;
        Ok(private.map_or(definition.notify, |private| private.notify))
    }
}
