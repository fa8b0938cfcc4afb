use std::collections::BTreeMap;
use std::io;
use std::os::fd::AsFd;
use std::time::Duration;

use foster_model::{JobId, JobRecord};
use foster_process::{Poller, ProcessRef};
use foster_store::Root;

use crate::error::ServiceError;
use crate::reaching::holder::process;
use crate::reaching::sleep::Sleep;
use crate::reaching::watch::{is_only_defined, settled_record};

/// The token of what tells of changes in folders.
const CHANGES: u64 = 0;

/// The token of what the caller interrupts it with.
const INTERRUPT: u64 = 1;

/// Notices that nobody looks after a job any more: then nothing more would be written to its journal,
/// and whoever follows it would wait for ever.
///
/// Each job that runs has a process that is watched. Where there are no descriptors left for that, a
/// job goes without: its events are seen all the same, only the death of both its keeper and its
/// supervisor is told late, when somebody looks at the job.
pub(super) struct Guards {
    poller: Poller,
    watched: BTreeMap<u64, (JobId, ProcessRef)>,
    tokens: BTreeMap<JobId, u64>,
    last_token: u64,
}

impl Guards {
    /// Returns one that watches no process yet, and is woken also when `changes` is readable, or the
    /// caller interrupts the verb.
    pub fn new(changes: &impl AsFd, sleep: Sleep<'_>) -> io::Result<Self> {
        let poller = Poller::new()?;
        poller.add(changes, CHANGES)?;
        if let Some(interrupted) = sleep.interrupted_fd() {
            poller.add(interrupted, INTERRUPT)?;
        }
        Ok(Self {
            poller,
            watched: BTreeMap::new(),
            tokens: BTreeMap::new(),
            last_token: INTERRUPT,
        })
    }

    /// Waits for a change, for an interrupt or for the end of a process, and returns the jobs whose processes ended.
    pub fn wait(&self) -> io::Result<Vec<JobId>> {
        let ready = self.poller.wait(None)?;
        let job = |token: &u64| self.watched.get(token).map(|(id, _)| *id);
        Ok(ready.iter().filter_map(|ready| job(&ready.token)).collect())
    }

    /// Watches whoever looks after the job now. Where that is nobody, the job is judged, and its end
    /// is then in its journal.
    ///
    /// # Errors
    /// The job's files can't be read, or it could not be judged.
    pub fn renew(&mut self, root: &Root, id: JobId) -> Result<(), ServiceError> {
        self.drop(id);
        let folder = root.job(id)?;
        if is_only_defined(&folder.record()?) {
            return Ok(());
        }
        let record = match settled_record(root, &folder) {
            // It is told of as far as its files go.
            Err(ServiceError::Foreign(_)) => return Ok(()),
            record => record?,
        };
        if !record.state.is_final()
            && let Some(process) = holder(&record)
        {
            self.last_token += 1;
            if self.poller.add(&process, self.last_token).is_ok() {
                self.watched.insert(self.last_token, (id, process));
                self.tokens.insert(id, self.last_token);
            }
        }
        Ok(())
    }

    /// Watches for this job no more.
    pub fn drop(&mut self, id: JobId) {
        let token = self.tokens.remove(&id);
        if let Some((_, process)) = token.and_then(|token| self.watched.remove(&token)) {
            // Whatever comes of it, nobody asks for this token any more.
            let _ = self.poller.remove(&process);
        }
    }
}

/// Returns the supervisor if it lives, or else the keeper, which is taking over then.
fn holder(record: &JobRecord) -> Option<ProcessRef> {
    let both = [record.supervisor, record.keeper].into_iter().flatten();
    both.filter_map(|identity| process(identity).ok())
        .find(|process| matches!(process.wait_ended(Some(Duration::ZERO)), Ok(false)))
}
