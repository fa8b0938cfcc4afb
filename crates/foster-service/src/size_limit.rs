use std::io;

use foster_process::{Signal, SignalQueue};

/// Makes a write beyond the limit of file sizes (`ulimit -f`) fail instead of ending this process, and those
/// that are forked from it: a keeper or a supervisor that a full log could end would lose its job. For a
/// program that does nothing but carry out verbs; the jobs themselves get the signal as ever.
///
/// Blocked, not ignored: what is ignored stays ignored in whatever is executed.
///
/// # Errors
///
/// No descriptor is left. The signal is blocked all the same.
pub fn survive_size_limit() -> io::Result<()> {
    SignalQueue::new(&[Signal::XFSZ]).map(drop)
}
