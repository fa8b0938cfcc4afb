#![expect(unsafe_code, reason = "closing what one does not own has no safe form")]

use std::fs::{self, File};
use std::io;
use std::os::fd::{BorrowedFd, RawFd};

use super::{events, signals};
use crate::capture::{Moved, copy_bytes};

/// Moves bytes from a pipe to a file's offset, by way of this process: a kill between the two calls
/// loses what was read and not yet written.
pub fn move_bytes(from: BorrowedFd<'_>, to: &File, at_most: usize) -> io::Result<Moved> {
    copy_bytes(from, to, at_most)
}

/// Leaves a pipe as it is: there is no call that changes its size.
///
/// # Errors
/// `Unsupported`, always.
pub fn widen_pipe(_: BorrowedFd<'_>, _: usize) -> io::Result<usize> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Does nothing: the system has no subreapers. Orphans go to the first process; of those the ones
/// that stay in the leader's group or session are found.
pub fn set_subreaper() -> io::Result<()> {
    Ok(())
}

/// Returns that it is none.
pub fn is_subreaper() -> bool {
    false
}

/// Closes every descriptor from 3 on but these, and those that this layer itself waits with.
pub fn close_all_but(keep: &[RawFd]) -> io::Result<()> {
    let open: Vec<RawFd> = fs::read_dir("/dev/fd")?
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .collect();
    let own = [events::descriptors().to_vec(), signals::descriptors()].concat();
    for fd in open {
        if fd >= 3 && !keep.contains(&fd) && !own.contains(&fd) {
            // SAFETY: whoever calls this has said which descriptors it still uses. It runs right
            // after a fork, in a child that owns its table of descriptors.
            unsafe { libc::close(fd) };
        }
    }
    Ok(())
}

/// Overwrites the arguments that `ps` shows, where the system lets them be reached.
pub fn hide_arguments(title: &str) -> io::Result<()> {
    super::set_process_title(title)
}
