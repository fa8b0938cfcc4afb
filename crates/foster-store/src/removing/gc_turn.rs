use std::fs::File;
use std::io;
use std::os::fd::AsFd as _;
use std::time::{Duration, SystemTime};

use rustix::fs::OFlags;

use crate::{Root, sys};

const NAME: &str = "gc.lock";

/// The turn of the one process that cleans a root up by itself. It ends with the value or with the
/// process: nobody can die and leave the root uncleaned for ever.
#[derive(Debug)]
pub struct GcTurn {
    file: File,
}

impl Root {
    /// Takes the turn; `None` if somebody else has it, or had it less than `interval` before `now`.
    ///
    /// The time of the last turn is that of the file, and only a hint: one that can't be right (a
    /// clock was set) counts as long ago.
    pub fn gc_turn(&self, now: SystemTime, interval: Duration) -> io::Result<Option<GcTurn>> {
        foster_fault::attempt("store.gc.turn")?;
        let dir = self.dir()?;
        let (file, is_new) = match dir.open(NAME, OFlags::RDWR) {
            Ok(file) => (file, false),
            Err(_) => (dir.open(NAME, OFlags::RDWR | OFlags::CREATE)?, true),
        };
        let last = file.metadata()?.modified()?;
        let is_recent = now.duration_since(last).is_ok_and(|since| since < interval);
        if (is_recent && !is_new) || !sys::try_lock(file.as_fd())? {
            return Ok(None);
        }
        Ok(Some(GcTurn { file }))
    }
}

impl GcTurn {
    /// Writes down that all was done that was due, so that the next turn may wait.
    pub fn done(self, now: SystemTime) -> io::Result<()> {
        self.file.set_modified(now)
    }
}
