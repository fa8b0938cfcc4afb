use std::sync::Arc;

use foster_api::Verb;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How many calls may wait for jobs at once. Each takes a thread and a few descriptors; of these a process often has
/// 1024.
const WAITING: usize = 200;
/// How many calls that answer at once may run beside them.
const QUICK: usize = 16;
/// All threads for calls.
pub const THREADS: usize = WAITING + QUICK;

/// Keeps room for calls that answer at once, however many others wait.
#[derive(Debug, Clone)]
pub struct Lanes {
    waiting: Arc<Semaphore>,
    quick: Arc<Semaphore>,
}

/// A place in a lane, until it is dropped.
#[derive(Debug)]
pub struct Place(
    #[expect(dead_code, reason = "it is held, and given back when it is dropped")]
    Option<OwnedSemaphorePermit>,
);

impl Lanes {
    pub fn new() -> Self {
        Self {
            waiting: Arc::new(Semaphore::new(WAITING)),
            quick: Arc::new(Semaphore::new(QUICK)),
        }
    }

    /// Waits for a place for a call of this verb.
    pub async fn place(&self, verb: &Verb) -> Place {
        let lane = if may_wait(verb) {
            &self.waiting
        } else {
            &self.quick
        };
        // Nobody closes them, which is the only error.
        Place(lane.clone().acquire_owned().await.ok())
    }

    /// Waits for a place for what answers at once.
    pub async fn quick_place(&self) -> Place {
        Place(self.quick.clone().acquire_owned().await.ok())
    }
}

/// Returns whether a call of this verb may take as long as a job, a grace or a command that does not read.
fn may_wait(verb: &Verb) -> bool {
    matches!(
        verb.name,
        "run" | "start" | "restart" | "wait" | "kill" | "send" | "delete"
    )
}
