use std::ffi::{CStr, CString};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{AtFlags, FileType, Stat};
use rustix::io::Errno;

use crate::sys;

/// How many folders within each other are open at once. What lies deeper is moved up first, so that
/// neither descriptors nor the stack are used up by a folder that somebody made deep on purpose.
const DEEPEST: usize = 16;
/// How often a folder is read anew into which somebody goes on putting things.
const ATTEMPTS: u32 = 8;
/// What `st_blocks` counts in.
const BLOCK: u64 = 512;

/// Takes everything out of a folder, entry by entry, each a step of its own.
///
/// All names are looked up relative to descriptors, links are removed and never followed, and a
/// folder on another file system, or a mount of the same one, is refused: nothing outside can be hit.
#[derive(Debug)]
pub(crate) struct TreeRemoval {
    levels: Vec<Level>,
    device: rustix::fs::Dev,
    freed: u64,
    moved_up: u32,
}

#[derive(Debug)]
struct Level {
    dir: OwnedFd,
    /// Its name in the folder above; empty for the top.
    name: CString,
    left: Vec<CString>,
    attempts: u32,
    bytes: u64,
}

impl TreeRemoval {
    /// Begins with the folder `top`. The entry `last` is kept until all others are gone.
    pub fn new(top: BorrowedFd<'_>, last: &str) -> io::Result<Self> {
        let stat = rustix::fs::fstat(top)?;
        let mut left = names(top)?;
        if let Some(at) = left
            .iter()
            .position(|name| name.to_bytes() == last.as_bytes())
        {
            left.swap(0, at);
        }
        let level = Level {
            dir: top.try_clone_to_owned()?,
            name: CString::default(),
            left,
            attempts: 0,
            bytes: 0,
        };
        Ok(Self {
            levels: vec![level],
            device: stat.st_dev,
            freed: 0,
            moved_up: 0,
        })
    }

    /// Returns how many bytes of disk were given back.
    pub fn freed(&self) -> u64 {
        self.freed
    }

    /// Removes one entry. Returns whether something may be left.
    pub fn step(&mut self) -> io::Result<bool> {
        let Some(level) = self.levels.last_mut() else {
            return Ok(false);
        };
        match level.left.pop() {
            Some(name) => self.remove(&name)?,
            None => self.leave()?,
        }
        Ok(!self.levels.is_empty())
    }

    fn remove(&mut self, name: &CStr) -> io::Result<()> {
        let Some(level) = self.levels.last() else {
            return Ok(());
        };
        let stat = match rustix::fs::statat(&level.dir, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => stat,
            Err(Errno::NOENT) => return Ok(()),
            Err(errno) => return Err(errno.into()),
        };
        if FileType::from_raw_mode(stat.st_mode) == FileType::Directory {
            return self.enter(name, &stat);
        }
        match rustix::fs::unlinkat(&level.dir, name, AtFlags::empty()) {
            Ok(()) => self.freed += given_back(&stat),
            Err(Errno::NOENT) => {}
            Err(errno) => return Err(errno.into()),
        }
        Ok(())
    }

    fn enter(&mut self, name: &CStr, stat: &Stat) -> io::Result<()> {
        if self.levels.len() >= DEEPEST {
            return self.move_up(name);
        }
        let Some(level) = self.levels.last() else {
            return Ok(());
        };
        let dir = sys::open_dir_within(level.dir.as_fd(), name)?;
        let opened = rustix::fs::fstat(&dir)?;
        if opened.st_dev != self.device || opened.st_ino != stat.st_ino {
            return Err(Errno::XDEV.into());
        }
        let left = names(dir.as_fd())?;
        self.levels.push(Level {
            dir,
            name: name.to_owned(),
            left,
            attempts: 0,
            bytes: blocks(stat),
        });
        Ok(())
    }

    /// Moves a folder to the top, where it is as any other.
    fn move_up(&mut self, name: &CStr) -> io::Result<()> {
        let (Some(top), Some(level)) = (self.levels.first(), self.levels.last()) else {
            return Ok(());
        };
        loop {
            self.moved_up += 1;
            let higher = CString::new(format!("moved-up-{}", self.moved_up))?;
            match rustix::fs::renameat(&level.dir, name, &top.dir, &higher) {
                Ok(()) => {
                    self.levels[0].left.push(higher);
                    return Ok(());
                }
                Err(Errno::EXIST | Errno::NOTEMPTY | Errno::NOTDIR) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
    }

    /// Leaves a folder that was read to its end, and removes it unless it is the top.
    fn leave(&mut self) -> io::Result<()> {
        let Some(mut level) = self.levels.pop() else {
            return Ok(());
        };
        let removed = match self.levels.last() {
            None => Ok(()),
            Some(above) => rustix::fs::unlinkat(&above.dir, &level.name, AtFlags::REMOVEDIR),
        };
        match removed {
            Ok(()) => self.freed += level.bytes,
            Err(Errno::NOENT) => {}
            Err(Errno::NOTEMPTY | Errno::EXIST) if level.attempts < ATTEMPTS => {
                level.attempts += 1;
                level.left = names(level.dir.as_fd())?;
                self.levels.push(level);
            }
            Err(errno) => return Err(errno.into()),
        }
        Ok(())
    }
}

/// Returns the bytes of disk that a folder and all below it take, as [`TreeRemoval`] would give
/// them back. What can't be looked at counts as nothing.
pub(crate) fn disk_use(top: BorrowedFd<'_>) -> io::Result<u64> {
    let mut total = blocks(&rustix::fs::fstat(top)?);
    let mut folders = vec![(top.try_clone_to_owned()?, 1)];
    while let Some((dir, depth)) = folders.pop() {
        for name in names(dir.as_fd())? {
            let Ok(stat) = rustix::fs::statat(&dir, &name, AtFlags::SYMLINK_NOFOLLOW) else {
                continue;
            };
            if FileType::from_raw_mode(stat.st_mode) != FileType::Directory {
                total += given_back(&stat);
                continue;
            }
            total += blocks(&stat);
            if let Ok(dir) = sys::open_dir_within(dir.as_fd(), &name)
                && depth < DEEPEST
            {
                folders.push((dir, depth + 1));
            }
        }
    }
    Ok(total)
}

/// Returns what removing one of a file's names gives back: nothing, if it has others.
pub(crate) fn given_back(stat: &Stat) -> u64 {
    if stat.st_nlink <= 1 { blocks(stat) } else { 0 }
}

pub(crate) fn blocks(stat: &Stat) -> u64 {
    u64::try_from(stat.st_blocks).unwrap_or(0) * BLOCK
}

/// Returns all names in a directory, text or not.
fn names(dir: BorrowedFd<'_>) -> io::Result<Vec<CString>> {
    let mut names = Vec::new();
    for entry in rustix::fs::Dir::read_from(dir)? {
        let entry = entry?;
        if !matches!(entry.file_name().to_bytes(), b"." | b"..") {
            names.push(entry.file_name().to_owned());
        }
    }
    Ok(names)
}
