use std::fs::File;
use std::io;

use crate::sys;

/// How much room is set aside at once. A life without clients takes about 2 KiB of journal.
const WHOLE: u64 = 16 * 1024;
/// How much of that is for a job's end alone.
const FOR_THE_END: u64 = 4 * 1024;

/// The room on the disk that a journal has for certain behind its end, so that the end of a job can be
/// recorded on a disk that is full by then.
///
/// Refused: to count on what is free. The job's own output takes that, and its neighbours' does.
#[derive(Debug, Default)]
pub(crate) struct Reserve {
    /// Up to where in the file the disk is ours.
    up_to: u64,
}

impl Reserve {
    /// Makes sure that behind `length` more bytes from `end` on there is room for a job's end.
    ///
    /// # Errors
    ///
    /// The disk, a quota or the limit of file sizes has no such room. A file system that can't set room aside
    /// at all loses the promise for a full disk, and nothing else.
    pub fn demand(&mut self, file: &File, end: u64, length: u64) -> io::Result<()> {
        let needed = length + FOR_THE_END;
        if end + needed <= self.up_to {
            return Ok(());
        }
        let wanted = needed.max(WHOLE);
        match sys::reserve(file, end, wanted) {
            Ok(()) => self.up_to = end + wanted,
            Err(error) if is_full(&error) => return Err(error),
            Err(_) => self.up_to = u64::MAX,
        }
        Ok(())
    }

    /// Gives back what lies behind `end`.
    pub fn give_back(&mut self, file: &File, end: u64) -> io::Result<()> {
        let held = end < self.up_to && self.up_to < u64::MAX;
        if held {
            // Never more than there is: a file that somebody has shortened would get bytes of nothing.
            file.set_len(end.min(file.metadata()?.len()))?;
            self.forget();
        }
        Ok(())
    }

    /// Notes that the file was cut: that frees what was set aside behind it.
    pub fn forget(&mut self) {
        self.up_to = 0;
    }
}

fn is_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge
    )
}
