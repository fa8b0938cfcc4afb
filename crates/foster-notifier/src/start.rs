use std::io;
use std::os::fd::AsFd as _;
use std::time::Duration;

use foster_process::{fork_orphan, fork_outside, pipe, wait_any};
use foster_store::Root;

use crate::errand::Errand;
use crate::handover::{HandoverError, hand_over};
use crate::notifier::become_notifier;

/// How long a notifier is given to let go of what it was born with.
const LET_GO: Duration = Duration::from_secs(2);

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
    copied(fork_orphan, || errand)
}

/// Starts a notifier from keeper or supervisor: outside of what comes back to either as a subreaper.
///
/// `errand` is asked for in the new process.
pub fn start_outside(errand: impl FnOnce() -> Errand) -> Result<(), StartError> {
    copied(fork_outside, errand)
}

/// Makes the copy, and returns once it has closed what it was born with: the job's lock is this process's alone
/// then, and free as soon as this one ends. Else who deletes the job right after finds it held by nobody
/// who is known.
fn copied(
    fork: impl FnOnce() -> io::Result<bool>,
    errand: impl FnOnce() -> Errand,
) -> Result<(), StartError> {
    // Closed with all the rest. Where no descriptor is left nobody is waited for.
    let closed = pipe().ok();
    if fork()? {
        become_notifier(errand());
    }
    if let Some((closed, own)) = closed {
        drop(own);
        // It is made, whether its letting go can be waited for or not.
        let _ = wait_any(&[closed.as_fd()], None, LET_GO);
    }
    Ok(())
}
