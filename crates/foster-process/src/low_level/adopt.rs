use std::io;
use std::process::Child;

use crate::identity::ProcessRef;

/// Returns a hold on a child that `std` started. A `tokio` child that still has an `id` is not reaped
/// yet, and [`ProcessRef::open`] on that number does the same.
///
/// A child that was reaped before has lost its number, perhaps to a stranger. Only `std` knows
/// whether it was, and is asked; if it has just exited, that reaps it, and [`Child::wait`] still
/// returns its status.
///
/// # Errors
/// `ESRCH` if it was reaped before.
pub fn adopt(child: &mut Child) -> io::Result<ProcessRef> {
    let gone = || io::Error::from_raw_os_error(libc::ESRCH);
    let candidate = ProcessRef::open(i32::try_from(child.id()).map_err(|_| gone())?)?;
    // Whoever is no child of ours can't be it.
    candidate.peek_status().map_err(|_| gone())?;
    if child.try_wait()?.is_none() {
        // Not reaped even now, so the number was its own when it was opened.
        return Ok(candidate);
    }
    // Reaped: just now, or long ago, and then the number is another child's who is still there.
    match candidate.peek_status() {
        Err(_) => Ok(candidate),
        Ok(_) => Err(gone()),
    }
}
