use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};

use rustix::io::Errno;
use rustix::pipe::SpliceFlags;

use crate::capture::{Moved, discard};
use crate::sys::pipe;

/// Bytes in a pipe of their own, and a second one through which they are looked at.
#[derive(Debug)]
pub struct Batch {
    held: (OwnedFd, OwnedFd),
    glass: (OwnedFd, OwnedFd),
}

/// More than a pipe of the default size holds.
const MOST: usize = 1 << 20;

impl Batch {
    pub fn new() -> io::Result<Self> {
        Ok(Self {
            held: pipe()?,
            glass: pipe()?,
        })
    }

    pub fn take(&mut self, from: BorrowedFd<'_>, at_most: usize) -> io::Result<Moved> {
        match rustix::pipe::splice(
            from,
            None,
            &self.held.1,
            None,
            at_most,
            SpliceFlags::NONBLOCK,
        ) {
            Ok(0) => Ok(Moved::End),
            Ok(n) => Ok(Moved::Bytes(n)),
            Err(Errno::AGAIN | Errno::INTR) => Ok(Moved::Nothing),
            Err(error) => Err(error.into()),
        }
    }

    pub fn copy_to(&mut self, bytes: &mut Vec<u8>) -> io::Result<()> {
        // What a predecessor had begun to look at.
        drain(&self.glass.0, |_| ())?;
        match rustix::pipe::tee(&self.held.0, &self.glass.1, MOST, SpliceFlags::NONBLOCK) {
            Ok(_) => drain(&self.glass.0, |part| bytes.extend_from_slice(part)),
            Err(Errno::AGAIN) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    pub fn clear(&mut self) -> io::Result<()> {
        drain(&self.held.0, |_| ())
    }
}

/// Empties a pipe that does not block.
fn drain(pipe: &OwnedFd, mut each: impl FnMut(&[u8])) -> io::Result<()> {
    let mut buffer = [0; 16 * 1024];
    while let Moved::Bytes(n) = discard(pipe, &mut buffer)? {
        each(&buffer[..n]);
    }
    Ok(())
}
