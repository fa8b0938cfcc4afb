use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

/// Watches folders: there is none on these systems yet.
#[derive(Debug)]
pub(crate) struct FolderWatch(OwnedFd);

/// What would be told of them.
#[derive(Debug)]
#[expect(dead_code, reason = "nothing is told here")]
pub(crate) enum FolderChange {
    /// Something of this name has changed in the folder of this watch.
    In(i32, String),
    /// Something of this name was removed from the folder of this watch.
    Removed(i32, String),
    /// The folder of this watch is gone.
    Ended(i32),
    /// More has changed than could be told.
    Overflow,
}

impl FolderWatch {
    pub fn new() -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub fn add_files(&self, _: BorrowedFd<'_>) -> io::Result<i32> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub fn add_folders(&self, _: BorrowedFd<'_>) -> io::Result<i32> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub fn add_all(&self, _: BorrowedFd<'_>) -> io::Result<i32> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub fn add_all_at(&self, _: &Path) -> io::Result<i32> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub fn take(&mut self) -> io::Result<Vec<FolderChange>> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

impl AsFd for FolderWatch {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
