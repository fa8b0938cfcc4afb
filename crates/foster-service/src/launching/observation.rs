use std::time::{Duration, Instant};

use foster_model::answer::{EnvironmentSource, RunAnswer};
use foster_store::{JobFolder, Root};
use foster_supervisor::Client;

use crate::error::ServiceError;
use crate::notify::notifications;
use crate::reaching::sleep::Sleep;
use crate::reaching::watch::{Watcher, wait_for};
use crate::showing::hint::hint;
use crate::showing::snapshot::snapshot;
use crate::showing::view::view;

/// How long a verb that starts a job stays with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Observe {
    /// Until the command is being executed.
    NoWait,
    /// Until the job is over, or that much time has passed.
    Until(Duration),
    /// Until the job is over.
    ToTheEnd,
}

/// What a verb that starts a job tells of it: the same for `run`, `start` and `restart`.
#[derive(Debug, Clone, Copy)]
pub struct Observation {
    /// How long to stay with the job.
    pub observe: Observe,
    /// How many lines of each stream the answer holds at most.
    pub tail_lines: usize,
    /// How many bytes of each stream the answer holds at most.
    pub max_bytes: u64,
    /// Whether it holds a digest of each stream instead of the last lines.
    pub digest: bool,
}

impl Default for Observation {
    /// Returns the defaults of the command line.
    fn default() -> Self {
        Self {
            observe: Observe::Until(Duration::from_secs(10)),
            tail_lines: 50,
            max_bytes: 64 * 1024,
            digest: false,
        }
    }
}

/// A job whose command is being executed.
pub(crate) struct Started {
    pub folder: JobFolder,
    pub client: Client,
    pub environment: EnvironmentSource,
}

impl Observation {
    /// Stays with the job, and tells how it stands then. `began` is when the verb did.
    pub(crate) fn of(
        self,
        sleep: Sleep<'_>,
        root: &Root,
        job: Started,
        began: Instant,
    ) -> Result<RunAnswer, ServiceError> {
        let Started {
            folder,
            client,
            environment,
        } = job;
        let started = Instant::now();
        let deadline = match self.observe {
            Observe::Until(time) => started.checked_add(time),
            Observe::NoWait | Observe::ToTheEnd => None,
        };
        let waits = self.observe != Observe::NoWait;
        if waits {
            let watchers = &mut [Watcher::new(root, &folder, Some(client))];
            wait_for(sleep, watchers, false, deadline)?;
        }
        let waited = started.elapsed();
        let record = folder.record()?;
        let (lines, most) = (self.tail_lines, self.max_bytes);
        let newest = || snapshot(&folder, &record, lines, most, self.digest);
        let snapshot = waits.then(newest).transpose()?;
        let definition = folder.definition()?;
        let notifications = notifications(&folder, &definition, &record);
        let hint = match &notifications {
            Some(told) if told.armed && !record.state.is_final() => Some(format!(
                "its end is told to who was named: no need to ask; foster notify show {}",
                folder.id()
            )),
            _ => hint(&record),
        };
        Ok(RunAnswer {
            job: view(&folder, &definition, record),
            inherited_env: environment,
            waited_ms: if waits { ms(waited) } else { 0 },
            elapsed_ms: ms(began.elapsed()),
            snapshot,
            notifications,
            hint,
        })
    }
}

fn ms(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
