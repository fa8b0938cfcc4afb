use std::io;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};

use foster_process::pipe;

/// By what a supervisor tells its keeper that a notifier is wanted: only the keeper stands outside of
/// the job's tree, and nobody who is made by it counts as a part of that.
#[derive(Debug, Default)]
pub struct Bell {
    hears: Option<OwnedFd>,
    rings: Option<OwnedFd>,
}

impl Bell {
    /// Returns a bell that both still hold.
    pub fn new() -> io::Result<Self> {
        let (hears, rings) = pipe()?;
        Ok(Self {
            hears: Some(hears),
            rings: Some(rings),
        })
    }

    /// Leaves the one who rings his end.
    pub fn keep_rope(&mut self) {
        self.hears = None;
    }

    /// Leaves the one who hears his end.
    pub fn keep_ear(&mut self) {
        self.rings = None;
    }

    /// Rings. Returns whether there is anything to ring; that nobody hears shows elsewhere.
    pub fn ring(&self) -> bool {
        let rung = self
            .rings
            .as_ref()
            .map(|rope| rustix::io::write(rope, b"n"));
        matches!(rung, Some(Ok(_)))
    }

    /// Returns what is readable once it was rung.
    pub fn ear(&self) -> Option<BorrowedFd<'_>> {
        self.hears.as_ref().map(|ear| ear.as_fd())
    }

    /// Returns whether it was rung since the last time. When the other end is gone it is let go of.
    pub fn was_rung(&mut self) -> bool {
        let mut rung = false;
        let mut told = [0; 64];
        while let Some(ear) = &self.hears {
            match rustix::io::read(ear, &mut told) {
                Ok(0) => self.hears = None,
                Ok(_) => rung = true,
                Err(rustix::io::Errno::INTR) => {}
                Err(_) => break,
            }
        }
        rung
    }
}
