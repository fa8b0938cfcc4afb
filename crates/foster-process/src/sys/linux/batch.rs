use std::fs::File;
use std::io;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};

use rustix::io::Errno;
use rustix::pipe::SpliceFlags;

use super::pipe_size::widen_pipe;
use crate::capture::Moved;
use crate::sys::pipe;

/// Bytes in a pipe of their own, and a second one through which they are looked at.
#[derive(Debug)]
pub struct Batch {
    held: (OwnedFd, OwnedFd),
    glass: (OwnedFd, OwnedFd),
    /// Where bytes go that were looked at: the kernel throws them away there without copying them.
    nowhere: File,
}

/// More than a pipe holds.
const MOST: usize = 1 << 20;

impl Batch {
    pub fn new() -> io::Result<Self> {
        Ok(Self {
            held: pipe()?,
            glass: pipe()?,
            nowhere: File::options().write(true).open("/dev/null")?,
        })
    }

    pub fn widen(&mut self, bytes: usize) -> io::Result<()> {
        // The glass first: what is held and can't be looked at whole would be thrown away unseen.
        for pipe in [&self.glass.1, &self.held.1] {
            widen_pipe(pipe.as_fd(), bytes)?;
        }
        Ok(())
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
        self.throw_away(&self.glass.0)?;
        match rustix::pipe::tee(&self.held.0, &self.glass.1, MOST, SpliceFlags::NONBLOCK) {
            Ok(seen) => read_exactly(&self.glass.0, seen, bytes),
            Err(Errno::AGAIN) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    pub fn clear(&mut self) -> io::Result<()> {
        self.throw_away(&self.held.0)
    }

    /// Empties a pipe that does not block.
    fn throw_away(&self, pipe: &OwnedFd) -> io::Result<()> {
        loop {
            let flags = SpliceFlags::NONBLOCK;
            match rustix::pipe::splice(pipe, None, &self.nowhere, None, MOST, flags) {
                Ok(0) | Err(Errno::AGAIN) => return Ok(()),
                Ok(_) | Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// Appends so many bytes of a pipe, which has them.
fn read_exactly(pipe: &OwnedFd, bytes: usize, to: &mut Vec<u8>) -> io::Result<()> {
    to.reserve(bytes);
    let mut left = bytes;
    while left > 0 {
        match rustix::io::read(pipe, rustix::buffer::spare_capacity(to)) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(n) => left = left.saturating_sub(n),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}
