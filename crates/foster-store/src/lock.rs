use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::OFlags;

use crate::dir::Dir;
use crate::{DamageError, Problem, sys};

/// The right to write in a job's folder.
///
/// It belongs to the open file description, so that a fork passes it on, and it ends when the last
/// descriptor of that description is closed: no process can die without giving it back.
#[derive(Debug)]
pub struct Lock(OwnedFd);

pub(crate) const NAME: &str = "lock";

impl Lock {
    pub(crate) fn take(dir: &Dir) -> io::Result<Option<Self>> {
        let file = dir.open(NAME, OFlags::RDWR | OFlags::CREATE)?;
        Ok(sys::try_lock(file.as_fd())?.then(|| Self(file.into())))
    }

    pub(crate) fn is_held(dir: &Dir) -> io::Result<bool> {
        // Only asked, so that a job is known to run on a disk that may no longer be written to.
        match dir.open(NAME, OFlags::RDONLY) {
            Ok(file) => sys::lock_is_held(file.as_fd()),
            Err(DamageError {
                problem: Problem::Missing,
                ..
            }) => Ok(false),
            Err(damage) => Err(damage.into()),
        }
    }
}

/// The turn of one of several who come to a job from without: to start, recover, change, end or
/// delete one that nobody looks after.
///
/// Each of them holds the lock for a moment, and whoever finds it taken has to ask the supervisor
/// that must be there then. Among themselves they wait for each other here instead: this is never
/// held while a job runs, so that waiting for it ends.
#[derive(Debug)]
pub struct Turn {
    /// Gives the turn back when it is closed.
    _held: OwnedFd,
}

impl Turn {
    pub(crate) fn wait(dir: &Dir) -> io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let fd = rustix::fs::openat(dir, ".", flags, rustix::fs::Mode::empty())?;
        rustix::io::retry_on_intr(|| {
            rustix::fs::flock(&fd, rustix::fs::FlockOperation::LockExclusive)
        })?;
        Ok(Self { _held: fd })
    }
}

impl AsFd for Lock {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl From<OwnedFd> for Lock {
    /// Takes over a lock that another process handed on by its descriptor.
    fn from(fd: OwnedFd) -> Self {
        Self(fd)
    }
}

impl From<Lock> for OwnedFd {
    fn from(lock: Lock) -> Self {
        lock.0
    }
}
