use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Path, PathBuf};

use crate::index::NAME;
use crate::sys::{FolderChange, FolderWatch};

/// Tells when the index of a root may have changed: its descriptor is readable then. Linux alone has it.
///
/// A root that is not there yet is waited for, by watching the nearest folder above it.
#[derive(Debug)]
pub struct IndexWatch {
    watch: FolderWatch,
    root: PathBuf,
    /// The folder that is watched.
    place: PathBuf,
    /// Whether the index had no rows when it was looked at last. One without rows is made anew by whoever
    /// reads it, also by whoever watches: that is no change, or it would go on for ever.
    empty: bool,
}

impl IndexWatch {
    /// Begins to watch; `root` is an absolute path.
    ///
    /// # Errors
    /// The system has no such thing, or none left; or a folder above may not be looked at.
    pub fn begin(root: &Path) -> io::Result<Self> {
        let mut begun = Self {
            watch: FolderWatch::new()?,
            root: root.to_owned(),
            place: PathBuf::new(),
            empty: true,
        };
        begun.approach()?;
        begun.empty = begun.has_no_rows();
        Ok(begun)
    }

    /// Takes what was told since, without waiting, and returns whether the index may have changed.
    ///
    /// # Errors
    /// As [`IndexWatch::begin`].
    pub fn take(&mut self) -> io::Result<bool> {
        let events = self.watch.take()?;
        let is_empty = self.has_no_rows();
        let was_empty = std::mem::replace(&mut self.empty, is_empty);
        if self.place == self.root {
            let unclear = |event: &FolderChange| {
                matches!(event, FolderChange::Ended(_) | FolderChange::Overflow)
            };
            let is_index = |event: &FolderChange| match event {
                FolderChange::In(_, name) | FolderChange::Removed(_, name) => name == NAME,
                _ => unclear(event),
            };
            let changed = events.iter().any(is_index);
            if events.iter().any(unclear) {
                self.again()?;
            }
            return Ok(changed && !(was_empty && is_empty));
        }
        if !events.is_empty() {
            self.again()?;
        }
        Ok(self.place == self.root)
    }

    fn has_no_rows(&self) -> bool {
        let index = self.root.join(NAME).symlink_metadata();
        !index.is_ok_and(|metadata| metadata.len() > 0)
    }

    /// Begins anew: another folder may lie at the root's path now.
    fn again(&mut self) -> io::Result<()> {
        self.watch = FolderWatch::new()?;
        self.place = PathBuf::new();
        self.approach()
    }

    /// Watches the root, or the nearest folder above it that is there.
    fn approach(&mut self) -> io::Result<()> {
        loop {
            let nearest = self.root.ancestors().find(|path| path.is_dir());
            let nearest = nearest.ok_or(io::ErrorKind::NotFound)?.to_owned();
            // What was made below it before it was watched is seen now, and never told.
            if nearest == self.place {
                return Ok(());
            }
            match self.watch.add_all_at(&nearest) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => self.place.clear(),
                Err(error) => return Err(error),
                Ok(_) => self.place = nearest,
            }
        }
    }
}

impl AsFd for IndexWatch {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.watch.as_fd()
    }
}
