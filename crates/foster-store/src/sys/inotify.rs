use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::inotify::{self, CreateFlags, ReadFlags, WatchFlags};
use rustix::io::Errno;

/// Watches folders.
#[derive(Debug)]
pub(crate) struct FolderWatch(OwnedFd);

/// What the kernel tells of them.
#[derive(Debug)]
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
        Ok(Self(inotify::init(
            CreateFlags::CLOEXEC | CreateFlags::NONBLOCK,
        )?))
    }

    /// Watches what is written to the files in a folder. One that is watched already keeps its
    /// number.
    pub fn add_files(&self, folder: BorrowedFd<'_>) -> io::Result<i32> {
        self.add(
            &by_descriptor(folder),
            WatchFlags::MODIFY | WatchFlags::DELETE,
        )
    }

    /// Watches which folders come into being in a folder.
    pub fn add_folders(&self, folder: BorrowedFd<'_>) -> io::Result<i32> {
        self.add(
            &by_descriptor(folder),
            WatchFlags::CREATE | WatchFlags::MOVED_TO,
        )
    }

    /// Watches whatever happens to the entries of a folder.
    pub fn add_all(&self, folder: BorrowedFd<'_>) -> io::Result<i32> {
        self.add_all_at(&by_descriptor(folder))
    }

    /// As [`FolderWatch::add_all`], of the folder that lies at a path now.
    pub fn add_all_at(&self, folder: &Path) -> io::Result<i32> {
        let come = WatchFlags::CREATE | WatchFlags::MOVED_TO | WatchFlags::MODIFY;
        let gone = WatchFlags::DELETE | WatchFlags::MOVED_FROM;
        self.add(folder, come | gone)
    }

    fn add(&self, folder: &Path, changes: WatchFlags) -> io::Result<i32> {
        let itself = WatchFlags::DELETE_SELF | WatchFlags::MOVE_SELF;
        let flags = changes | itself | WatchFlags::ONLYDIR;
        Ok(inotify::add_watch(&self.0, folder, flags)?)
    }

    /// Returns what there is to tell; it does not wait.
    pub fn take(&mut self) -> io::Result<Vec<FolderChange>> {
        let mut buffer = [MaybeUninit::uninit(); 16 * 1024];
        let mut reader = inotify::Reader::new(&self.0, &mut buffer);
        let mut changes = Vec::new();
        loop {
            let event = match reader.next() {
                Ok(event) => event,
                Err(Errno::INTR) => continue,
                Err(Errno::AGAIN) => return Ok(changes),
                Err(error) => return Err(error.into()),
            };
            let (watch, flags) = (event.wd(), event.events());
            let ended = ReadFlags::DELETE_SELF | ReadFlags::MOVE_SELF | ReadFlags::IGNORED;
            changes.push(if flags.contains(ReadFlags::QUEUE_OVERFLOW) {
                FolderChange::Overflow
            } else if flags.intersects(ended) {
                FolderChange::Ended(watch)
            } else {
                let name = event.file_name().map(|name| name.to_string_lossy());
                let name = name.unwrap_or_default().into_owned();
                if flags.contains(ReadFlags::DELETE) {
                    FolderChange::Removed(watch, name)
                } else {
                    FolderChange::In(watch, name)
                }
            });
        }
    }
}

/// Returns a path that leads to the open folder, whatever lies at its own meanwhile.
fn by_descriptor(folder: BorrowedFd<'_>) -> PathBuf {
    format!("/proc/self/fd/{}", folder.as_raw_fd()).into()
}

impl AsFd for FolderWatch {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
