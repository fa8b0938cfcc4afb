use std::collections::HashMap;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use foster_model::JobId;

use crate::dir::Dir;
use crate::sys::{FolderChange, FolderWatch};
use crate::{JobFolder, Root, journal};

/// What has changed in a root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// The folder of a job came into being.
    New(JobId),
    /// Something was written to the journal of a job.
    Written(JobId),
    /// The folder of a job was removed.
    Gone(JobId),
    /// The kernel could not keep up: everything has to be looked at again.
    Everything,
}

/// Tells of changes in the folders of jobs as they come, by inotify.
///
/// A folder has to be watched before it is read: then nothing is missed between the two. The
/// descriptor is readable when [`Changes::take`] has something to tell. Only this machine's own
/// changes are seen, also where the root is on a file system that others write to.
///
/// # Errors
/// `Unsupported` where the system has no inotify. [`Changes::new`] and the watching fail with
/// `EMFILE` and `ENOSPC` where a user's limits are reached: see inotify(7).
#[derive(Debug)]
pub struct Changes {
    watch: FolderWatch,
    folders: HashMap<i32, Watched>,
}

#[derive(Debug)]
enum Watched {
    Root,
    Jobs,
    Day(String),
    Job(JobId),
}

impl Changes {
    /// Returns one that watches nothing.
    pub fn new() -> io::Result<Self> {
        Ok(Self {
            watch: FolderWatch::new()?,
            folders: HashMap::new(),
        })
    }

    /// Watches the folder of a job.
    pub fn watch_job(&mut self, folder: &JobFolder) -> io::Result<()> {
        let watch = self.watch.add_files(folder.files().as_fd())?;
        self.folders.insert(watch, Watched::Job(folder.id()));
        Ok(())
    }

    /// Watches for jobs that are made. Returns those that there are, oldest first; they are not yet
    /// watched themselves.
    pub fn watch_root(&mut self, root: &Root) -> io::Result<Vec<JobId>> {
        let dir = root.dir()?;
        let watch = self.watch.add_folders(dir.as_fd())?;
        self.folders.insert(watch, Watched::Root);
        if let Ok(jobs) = dir.subdir("jobs") {
            let watch = self.watch.add_folders(jobs.as_fd())?;
            self.folders.insert(watch, Watched::Jobs);
            for name in jobs.names()? {
                self.watch_day(&jobs, name)?;
            }
        }
        let mut ids = root.job_ids()?;
        ids.reverse();
        Ok(ids)
    }

    fn watch_day(&mut self, jobs: &Dir, name: String) -> io::Result<()> {
        // What is no folder, or has gone again, holds no jobs.
        if let Ok(day) = jobs.subdir(&name) {
            let watch = self.watch.add_folders(day.as_fd())?;
            self.folders.insert(watch, Watched::Day(name));
        }
        Ok(())
    }

    /// Returns what has changed since the last call, in order; what has changed several times may be
    /// there but once. It does not wait.
    pub fn take(&mut self, root: &Root) -> io::Result<Vec<Change>> {
        let mut changes = Vec::new();
        for told in self.watch.take()? {
            let change = match told {
                FolderChange::Overflow => {
                    // Folders that hold others may have been missed.
                    self.watch_root_again(root)?;
                    Some(Change::Everything)
                }
                // Whoever holds the folder open is told of its own end late, or not at all.
                FolderChange::Removed(watch, name) => match self.folders.get(&watch) {
                    Some(Watched::Job(id)) if name == journal::NAME => Some(Change::Gone(*id)),
                    _ => None,
                },
                FolderChange::Ended(watch) => match self.folders.remove(&watch) {
                    Some(Watched::Job(id)) => Some(Change::Gone(id)),
                    _ => None,
                },
                FolderChange::In(watch, name) => match self.folders.get(&watch) {
                    Some(Watched::Job(id)) if name == journal::NAME => Some(Change::Written(*id)),
                    Some(Watched::Day(day)) => {
                        let id = name.parse::<JobId>().ok().filter(|id| id.day() == *day);
                        id.map(Change::New)
                    }
                    Some(Watched::Root | Watched::Jobs) => {
                        let jobs = self.watch_root_again(root)?;
                        jobs.then_some(Change::Everything)
                    }
                    Some(Watched::Job(_)) | None => None,
                },
            };
            changes.extend(change.filter(|change| !changes.contains(change)));
        }
        Ok(changes)
    }

    /// Watches what has come into being of the folders that hold jobs. Returns whether there is
    /// anything that was not watched before.
    fn watch_root_again(&mut self, root: &Root) -> io::Result<bool> {
        let holds_root = |watched: &Watched| matches!(watched, Watched::Root);
        if !self.folders.values().any(holds_root) {
            return Ok(false);
        }
        let before = self.folders.len();
        self.watch_root(root)?;
        Ok(self.folders.len() > before)
    }
}

impl AsFd for Changes {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.watch.as_fd()
    }
}
