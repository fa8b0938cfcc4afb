use std::io;

use crate::Root;
use crate::create::DRAFT;
use crate::index::is_refused;
use crate::removing::removal::GONE;

/// What lies about in a root that is no job.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Leftovers {
    /// Folders that are being made, or whose makers died.
    pub drafts: u64,
    /// Folders that are being removed, or whose removal was cut short.
    pub gone: u64,
}

impl Root {
    /// Counts what is no job.
    pub fn leftovers(&self) -> io::Result<Leftovers> {
        let mut found = Leftovers::default();
        self.for_each_entry(|_, name| {
            found.drafts += u64::from(name.starts_with(DRAFT));
            found.gone += u64::from(name.starts_with(GONE));
        })?;
        Ok(found)
    }

    /// Makes the index anew if it has more or fewer jobs than there are folders. Returns whether it
    /// was. One that can't be written stays as it is: whoever cleans up a full disk must not need room.
    pub fn mend_index(&self) -> io::Result<bool> {
        if !self.index_lags()? {
            return Ok(false);
        }
        match self.index().rebuild() {
            Err(error) if is_refused(&error) => Ok(false),
            rebuilt => rebuilt.map(|_| true),
        }
    }
}
