use std::io;
use std::path::PathBuf;

use foster_model::JobId;

use crate::dir::Dir;
use crate::{DamageError, JobFolder, Problem, Root};

/// A job's folder could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// There is no such job in this root.
    #[error("there is no job {id}")]
    NotFound {
        /// The job.
        id: JobId,
    },
    /// Something else stands in the folder's place.
    #[error(transparent)]
    Damaged(#[from] DamageError),
    /// The system refused.
    #[error("{} can't be opened", path.display())]
    Io {
        /// The folder, or one above it.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
}

impl Root {
    /// Opens a job's folder.
    ///
    /// # Errors
    ///
    /// [`OpenError::Damaged`] if the folder, or one above it, is a link or a file.
    pub fn job(&self, id: JobId) -> Result<JobFolder, OpenError> {
        let root = self.dir();
        let root = root.map_err(|source| OpenError::Io {
            path: self.path().to_owned(),
            source,
        })?;
        let opened = root
            .subdir("jobs")
            .and_then(|jobs| jobs.subdir(&id.day()))
            .and_then(|day| day.subdir(&id.to_string()));
        match opened {
            Ok(dir) => Ok(JobFolder::new(id, dir)),
            Err(DamageError {
                problem: Problem::Missing,
                ..
            }) => Err(OpenError::NotFound { id }),
            Err(DamageError {
                path,
                problem: Problem::Unusable(source),
            }) => Err(OpenError::Io { path, source }),
            Err(damage) => Err(damage.into()),
        }
    }

    /// Returns the ids of all jobs that have a folder, newest first. What is not named like a job,
    /// or lies under another day than its own, is left out.
    pub fn job_ids(&self) -> io::Result<Vec<JobId>> {
        let jobs = match self.dir()?.subdir("jobs") {
            Ok(jobs) => jobs,
            Err(DamageError {
                problem: Problem::Missing,
                ..
            }) => return Ok(Vec::new()),
            Err(damage) => return Err(damage.into()),
        };
        let mut ids = Vec::new();
        for name in jobs.names()? {
            // A day that is no folder, or that was removed just now, holds no jobs.
            if let Ok(day) = jobs.subdir(&name) {
                ids.extend(ids_of(&day, &name)?);
            }
        }
        ids.sort_unstable_by(|a, b| b.cmp(a));
        Ok(ids)
    }
}

fn ids_of(day: &Dir, name: &str) -> io::Result<Vec<JobId>> {
    let belongs = |id: &JobId, folder: &str| id.day() == name && id.to_string() == folder;
    let folders = day.folder_names()?.into_iter();
    let ids = folders.filter_map(|folder| {
        let id = folder.parse().ok()?;
        belongs(&id, &folder).then_some(id)
    });
    Ok(ids.collect())
}
