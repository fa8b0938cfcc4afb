use std::sync::Arc;
use std::time::Duration;

use foster_api::Failure;
use foster_model::ErrorCode;
use rustix::process::{Resource, getrlimit};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// What a call of a verb may take from others: each kind has threads of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// It looks, or changes something small.
    Quick,
    /// It reads what a job printed, which may be much.
    Reading,
    /// It starts, ends or feeds jobs, and may stay with them.
    Acting,
    /// It waits for jobs to do something by themselves.
    Waiting,
    /// It goes on until its client has enough.
    Streaming,
}

const QUICK: usize = 32;
const READING: usize = 32;
const ACTING: usize = 128;
const WAITING: usize = 256;
const STREAMING: usize = 256;
const CONNECTIONS: usize = 512;
/// How many descriptors one that waits or listens may take, its connection included.
const DESCRIPTORS: u64 = 12;
/// How many are left to all else, a launch of a job above all.
const RESERVED: u64 = 192;
/// How long who looks or reads waits for a turn; the others may have to wait for very long.
const PATIENCE: Duration = Duration::from_secs(5);
/// All bodies that are held at a time, in KiB.
const BODIES: usize = 256 * 1024;

/// How much is done at a time.
#[derive(Debug)]
pub struct Bounds {
    quick: Arc<Semaphore>,
    reading: Arc<Semaphore>,
    acting: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    streaming: Arc<Semaphore>,
    bodies: Arc<Semaphore>,
    connections: Arc<Semaphore>,
}

impl Bounds {
    /// Returns the bounds for a process with this limit of open files. It is not raised: jobs would inherit
    /// that.
    pub fn new() -> Self {
        let files = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
        let fit = files.saturating_sub(RESERVED) / DESCRIPTORS;
        let fit = usize::try_from(fit).unwrap_or(usize::MAX).max(4);
        let most = |most: usize| Arc::new(Semaphore::new(most));
        Self {
            quick: most(QUICK),
            reading: most(READING),
            acting: most(ACTING.min(fit / 4)),
            waiting: most(WAITING.min(fit / 4)),
            streaming: most(STREAMING.min(fit / 2)),
            bodies: most(BODIES),
            connections: most(CONNECTIONS.min(fit * 2)),
        }
    }

    /// Returns how many threads all lanes together may have.
    pub const THREADS: usize = QUICK + READING + ACTING + WAITING + STREAMING;

    /// Takes a place in a lane.
    ///
    /// # Errors
    /// There is none, also not in a while for those who look or read.
    pub async fn enter(&self, lane: Lane) -> Result<OwnedSemaphorePermit, Failure> {
        let (places, what, patience) = match lane {
            Lane::Quick => (&self.quick, "looks", PATIENCE),
            Lane::Reading => (&self.reading, "reads", PATIENCE),
            Lane::Acting => (&self.acting, "changes", Duration::ZERO),
            Lane::Waiting => (&self.waiting, "waits", Duration::ZERO),
            Lane::Streaming => (&self.streaming, "streams", Duration::ZERO),
        };
        let places = Arc::clone(places);
        let place = timeout(patience, places.acquire_owned()).await;
        // Places are never closed.
        place
            .ok()
            .and_then(Result::ok)
            .ok_or_else(|| too_busy(what))
    }

    /// Takes room for a body of so many bytes.
    ///
    /// # Errors
    /// There is not as much.
    pub fn hold(&self, bytes: usize) -> Result<OwnedSemaphorePermit, Failure> {
        let kib = u32::try_from(bytes.div_ceil(1024)).unwrap_or(u32::MAX);
        Arc::clone(&self.bodies)
            .try_acquire_many_owned(kib)
            .map_err(|_| too_busy("large requests"))
    }

    /// Takes a place for a connection, if there is one.
    pub fn connect(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.connections).try_acquire_owned().ok()
    }
}

fn too_busy(what: &str) -> Failure {
    let message = format!("as many {what} are under way as this server takes at a time");
    Failure::with_hint(ErrorCode::TooBusy, message, None)
}
