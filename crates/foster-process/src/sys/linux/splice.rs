use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::BorrowedFd;

use rustix::io::Errno;
use rustix::pipe::SpliceFlags;

use crate::capture::{Moved, discard};

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

fn copy_bytes(from: BorrowedFd<'_>, mut to: &File, at_most: usize) -> io::Result<Moved> {
    let mut buffer = vec![0; at_most.min(64 * 1024)];
    let moved = discard(from, &mut buffer)?;
    if let Moved::Bytes(n) = moved {
        to.write_all(&buffer[..n])?;
    }
    Ok(moved)
}
