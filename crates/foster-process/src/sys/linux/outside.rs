#![expect(unsafe_code, reason = "a child of one's own parent has no safe form")]

use std::io;

use super::super::unix::{fork_orphan, stay_if_copied};
use super::thread_count;

/// Copies this process into one that is neither its descendant nor will ever be: orphans beneath this
/// process come back to it if it is a subreaper, and this one doesn't. Whoever adopts the orphans of
/// this process's *parent* becomes its parent. Returns whether this is the copy.
///
/// A sibling is made ([CLONE_PARENT in clone(2)](https://man7.org/linux/man-pages/man2/clone.2.html)),
/// which makes the copy and ends: only the C library's own fork leaves it knowing who it is. The parent
/// of this process sees a child end that it did not make.
///
/// # Errors
/// As for [`fork`](super::super::unix::fork).
pub fn fork_outside() -> io::Result<bool> {
    if thread_count()? != 1 {
        let message = "a process with several threads can't be forked without exec";
        return Err(io::Error::new(io::ErrorKind::Unsupported, message));
    }
    let flags = libc::c_long::from(libc::CLONE_PARENT | libc::SIGCHLD);
    let none: libc::c_long = 0;
    // SAFETY: as fork: without a stack and without shared memory the child is a copy on this very
    // stack, of a process with one thread (checked above). It only forks and ends.
    let made = unsafe { libc::syscall(libc::SYS_clone, flags, none, none, none, none) };
    match made {
        0 => Ok(stay_if_copied()),
        -1 => {
            let error = io::Error::last_os_error();
            match error.raw_os_error() {
                // The first process of a PID namespace has no parent to give children to.
                Some(libc::EINVAL) => fork_orphan(),
                _ => Err(error),
            }
        }
        _ => Ok(false),
    }
}
