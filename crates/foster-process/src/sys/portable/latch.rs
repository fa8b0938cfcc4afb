use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use crate::sys;

/// Something that is set once, and readable from then on.
#[derive(Debug)]
pub struct Latch {
    heard: OwnedFd,
    rung: OwnedFd,
}

impl Latch {
    /// Returns one that is not set.
    ///
    /// # Errors
    /// `EMFILE` or `ENFILE` if no descriptor is left.
    pub fn new() -> io::Result<Self> {
        let (heard, rung) = sys::pipe()?;
        let flags = rustix::fs::fcntl_getfl(&rung)? | rustix::fs::OFlags::NONBLOCK;
        rustix::fs::fcntl_setfl(&rung, flags)?;
        Ok(Self { heard, rung })
    }

    /// Sets it. Nobody reads what is written, so it stays readable.
    pub fn set(&self) {
        // The pipe can only be full, and then it is set.
        let _ = rustix::io::write(&self.rung, b"!");
    }
}

impl AsFd for Latch {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.heard.as_fd()
    }
}
