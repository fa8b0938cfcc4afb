use std::io;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};

use rustix::io::Errno;
use rustix::pipe::{PipeFlags, SpliceFlags};

use super::pipe_size::widen_pipe;
use crate::capture::Moved;

/// A pipe into which bytes are moved within the kernel.
#[derive(Debug)]
pub struct Relay {
    reader: OwnedFd,
    writer: OwnedFd,
}

impl Relay {
    pub fn new() -> io::Result<Self> {
        let flags = PipeFlags::CLOEXEC | PipeFlags::NONBLOCK;
        let (reader, writer) = rustix::pipe::pipe_with(flags)?;
        Ok(Self { reader, writer })
    }

    pub fn reader(&self) -> BorrowedFd<'_> {
        self.reader.as_fd()
    }

    pub fn count(&self) -> io::Result<usize> {
        let bytes = rustix::io::ioctl_fionread(&self.reader)?;
        Ok(usize::try_from(bytes).unwrap_or(usize::MAX))
    }

    pub fn widen(&mut self, bytes: usize) -> io::Result<()> {
        widen_pipe(self.writer.as_fd(), bytes).map(drop)
    }

    pub fn fill(&mut self, from: BorrowedFd<'_>, at_most: usize) -> io::Result<Moved> {
        let flags = SpliceFlags::MOVE | SpliceFlags::NONBLOCK;
        match rustix::pipe::splice(from, None, &self.writer, None, at_most, flags) {
            Ok(0) => Ok(Moved::End),
            Ok(n) => Ok(Moved::Bytes(n)),
            Err(Errno::AGAIN | Errno::INTR) => Ok(Moved::Nothing),
            Err(error) => Err(error.into()),
        }
    }
}
