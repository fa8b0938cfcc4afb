use std::io;

use foster_model::{JobId, JobRecord, State, Supervision};
use foster_store::{JobFolder, Lock, OpenError, Root, Turn};
use foster_supervisor::{Client, leftover_processes};

use crate::error::ServiceError;
use crate::reaching::lock::{self, Taken};
use crate::reaching::sleep::Sleep;
use crate::reaching::watch::is_only_defined;
use crate::showing::view::is_foreign;

/// A job that is to be deleted, as its files have it.
pub(crate) struct Doomed<'a> {
    root: &'a Root,
    id: JobId,
    /// `None` where something else stands in the folder's place: then nothing can be known.
    folder: Option<JobFolder>,
    record: Option<JobRecord>,
    foreign: bool,
    held: bool,
}

impl<'a> Doomed<'a> {
    /// Looks at a job, and writes nothing.
    pub fn look(root: &'a Root, id: JobId) -> Result<Self, ServiceError> {
        // Whatever stands in the lock's place: who has a lock open that has no name can still
        // be asked.
        Self::judge(root, id, |folder| {
            let held = folder.is_looked_after();
            held.unwrap_or_else(|_| Client::connect(folder).is_ok())
        })
    }

    fn judge(
        root: &'a Root,
        id: JobId,
        is_held: impl FnOnce(&JobFolder) -> bool,
    ) -> Result<Self, ServiceError> {
        let folder = match root.job(id) {
            Ok(folder) => Some(folder),
            Err(OpenError::Damaged(_)) => None,
            Err(error) => return Err(error.into()),
        };
        let definition = folder.as_ref().and_then(|folder| folder.definition().ok());
        let held = folder.as_ref().is_some_and(is_held);
        Ok(Self {
            root,
            id,
            record: folder.as_ref().and_then(|folder| folder.record().ok()),
            foreign: definition.is_some_and(|definition| is_foreign(&definition)),
            held,
            folder,
        })
    }

    /// Returns where the job stands; `None` if its files tell nothing.
    pub fn state(&self) -> Option<State> {
        let record = self.record.as_ref()?;
        let waits = is_only_defined(record);
        let unattended = !record.state.is_final() && !waits && !self.held && !self.foreign;
        Some(if unattended {
            State::Lost
        } else {
            record.state
        })
    }

    pub fn is_foreign(&self) -> bool {
        self.foreign
    }

    /// Returns whether there is something that could be ended before.
    pub fn may_live(&self) -> bool {
        let waits = self.record.as_ref().is_none_or(is_only_defined);
        !waits && !self.foreign
    }

    /// Returns the folder, if it is one.
    pub fn folder(&self) -> Option<&JobFolder> {
        self.folder.as_ref()
    }

    /// Returns what the job takes on disk.
    pub fn disk_use(&self) -> u64 {
        let folder = self.folder.as_ref();
        folder
            .and_then(|folder| folder.disk_use().ok())
            .unwrap_or(0)
    }

    /// Refuses a job of which something lives, or may live where it can't be seen from here. One of
    /// another machine can be deleted if it says itself that it is over, and was `named` by its
    /// whole id: so it is not hit by a name or a number that means another job here.
    pub fn demand_deletable(&self, named: bool) -> Result<(), ServiceError> {
        let is_final = self.record.as_ref().is_some_and(|r| r.state.is_final());
        if self.foreign && !(named && is_final) {
            return Err(ServiceError::Foreign(self.id));
        }
        match &self.record {
            None if self.held => {
                Err(self.not_over("its files can't be read, and somebody has its lock"))
            }
            Some(record) if self.held && record.state == State::Created => {
                Err(self.not_over("it is being started"))
            }
            Some(record) if self.held && !is_final => {
                Err(self.not_over(&format!("it is {}", record.state)))
            }
            Some(record) if self.held && leaves_stragglers(record) => {
                Err(self.not_over("it has left processes behind, and they are looked after"))
            }
            Some(record) if !self.held && !self.foreign => self.demand_nobody_left(record),
            _ => Ok(()),
        }
    }

    fn demand_nobody_left(&self, record: &JobRecord) -> Result<(), ServiceError> {
        // Without a definition there are no marks to look for.
        let definition = self
            .folder
            .as_ref()
            .and_then(|folder| folder.definition().ok());
        let Some(definition) = definition else {
            return Ok(());
        };
        let left = leftover_processes(&definition, record)
            .map_err(ServiceError::io("the job's processes can't be looked for"))?;
        match left.len() {
            0 => Ok(()),
            1 => Err(self.not_over("one of its processes lives")),
            count => Err(self.not_over(&format!("{count} of its processes live"))),
        }
    }

    /// Deletes the job, and returns how many bytes of disk that gave back.
    pub fn delete(self, sleep: Sleep<'_>, named: bool) -> Result<u64, ServiceError> {
        let Some(folder) = &self.folder else {
            return Ok(self.root.removal(self.id, None)?.finish()?);
        };
        self.demand_deletable(named)?;
        let (_turn, lock) = take_lock(sleep, folder)?.unzip();
        // What was true before the lock need not be true with it.
        let is_held = |folder: &JobFolder| lock.is_none() && Client::connect(folder).is_ok();
        Self::judge(self.root, self.id, is_held)?.demand_deletable(named)?;
        Ok(self.root.removal(self.id, lock)?.finish()?)
    }

    fn not_over(&self, message: &str) -> ServiceError {
        ServiceError::NotOver {
            job_id: self.id,
            message: message.to_owned(),
        }
    }
}

/// Returns whether a job that is over is still looked after, for what its leader has left.
fn leaves_stragglers(record: &JobRecord) -> bool {
    record.supervision != Supervision::None && matches!(record.state, State::Exited | State::Killed)
}

/// Takes a job's lock, waiting for those who are on their way out. `None` if there is no lock that
/// anybody could take, since something else stands in its place.
fn take_lock(sleep: Sleep<'_>, folder: &JobFolder) -> Result<Option<(Turn, Lock)>, ServiceError> {
    let leaving = |record: &JobRecord| record.state.is_final() && !leaves_stragglers(record);
    match lock::take_lock(sleep, folder, leaving) {
        Ok(Taken::Lock(turn, lock)) => Ok(Some((turn, lock))),
        Ok(Taken::Kept(record)) => {
            let message = if leaving(&record) {
                "somebody else is starting or deleting it".to_owned()
            } else {
                format!("it is {}", record.state)
            };
            Err(ServiceError::NotOver {
                job_id: folder.id(),
                message,
            })
        }
        Err(ServiceError::Io { source, .. }) if source.kind() == io::ErrorKind::InvalidData => {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
