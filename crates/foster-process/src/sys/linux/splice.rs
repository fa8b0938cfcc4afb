use std::fs::File;
use std::io;
use std::os::fd::BorrowedFd;

use rustix::io::Errno;
use rustix::pipe::SpliceFlags;

use crate::capture::{Moved, copy_bytes};

/// Moves bytes from a pipe to a file's offset, within the kernel.
pub fn move_bytes(from: BorrowedFd<'_>, to: &File, at_most: usize) -> io::Result<Moved> {
    let flags = SpliceFlags::MOVE | SpliceFlags::NONBLOCK;
    match rustix::pipe::splice(from, None, to, None, at_most, flags) {
        Ok(0) => Ok(Moved::End),
        Ok(n) => Ok(Moved::Bytes(n)),
        Err(Errno::AGAIN | Errno::INTR) => Ok(Moved::Nothing),
        // Some file systems don't take spliced pages. Then a kill between the two calls can lose
        // what was read and not yet written; docs/platforms.md says so.
        Err(Errno::INVAL) => copy_bytes(from, to, at_most),
        Err(error) => Err(error.into()),
    }
}
