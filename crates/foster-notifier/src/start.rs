use std::io;

use foster_process::{fork_orphan, fork_outside};
use foster_store::Root;

use crate::errand::Errand;
use crate::handover::{HandoverError, hand_over};
use crate::notifier::become_notifier;

/// Why no notifier could be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// This process could not be copied.
    #[error("the notifier can't be made")]
    Fork(#[from] io::Error),
    /// The program could not be executed, or told what to do.
    #[error(transparent)]
    Handover(#[from] HandoverError),
}

/// Starts a notifier from a process that looks after no tree: a launcher, or who recovers a job.
///
/// # Errors
/// A process with threads whose root names no program.
pub fn start(root: &Root, errand: Errand) -> Result<(), StartError> {
    if let Some(program) = root.program() {
        return Ok(hand_over(program, root, &errand)?);
    }
    if fork_orphan()? {
        become_notifier(errand);
    }
    Ok(())
}

/// Starts a notifier from keeper or supervisor: outside of what comes back to either as a subreaper.
///
/// `errand` is asked for in the new process.
pub fn start_outside(errand: impl FnOnce() -> Errand) -> Result<(), StartError> {
    if fork_outside()? {
        become_notifier(errand());
    }
    Ok(())
}
