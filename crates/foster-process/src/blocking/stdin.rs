use std::io::{self, PipeWriter, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// The end of a pipe that a process reads as its standard input. Dropping it is the end of that
/// input.
#[derive(Debug)]
pub struct Stdin(PipeWriter);

impl Stdin {
    pub(super) fn new(pipe: OwnedFd) -> Self {
        Self(pipe.into())
    }
}

impl Write for Stdin {
    /// Writes as much as the process has room for, waiting for some room.
    ///
    /// # Errors
    /// `BrokenPipe` if nobody reads it any more.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl AsFd for Stdin {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
