use std::io;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};

use crate::sys;

/// What wakes one who waits for what another reader of the stream does.
#[derive(Debug)]
pub(crate) struct Bell {
    heard: OwnedFd,
    rung: OwnedFd,
}

impl Bell {
    pub fn new() -> io::Result<Self> {
        let (heard, rung) = sys::pipe()?;
        let flags = rustix::fs::fcntl_getfl(&rung)? | rustix::fs::OFlags::NONBLOCK;
        rustix::fs::fcntl_setfl(&rung, flags)?;
        Ok(Self { heard, rung })
    }

    pub fn ring(&self) {
        // A pipe that is full is heard all the same.
        let _ = rustix::io::write(&self.rung, b"!");
    }

    /// Returns what is readable once it was rung.
    pub fn heard(&self) -> BorrowedFd<'_> {
        self.heard.as_fd()
    }

    pub fn hush(&self) {
        let mut buffer = [0; 64];
        while rustix::io::read(&self.heard, &mut buffer).is_ok_and(|n| n == buffer.len()) {}
    }
}
