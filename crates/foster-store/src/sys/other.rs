use std::ffi::CStr;
use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, Mode, OFlags};
use rustix::io::Errno;

/// Takes the lock of the open file description; `false` if another has it.
pub(crate) fn try_lock(file: BorrowedFd<'_>) -> io::Result<bool> {
    match rustix::fs::flock(file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(true),
        Err(Errno::WOULDBLOCK) => Ok(false),
        Err(errno) => Err(errno.into()),
    }
}

/// Waits for the lock of the open file description, and takes it.
pub(crate) fn wait_for_lock(file: BorrowedFd<'_>) -> io::Result<()> {
    rustix::io::retry_on_intr(|| rustix::fs::flock(file, FlockOperation::LockExclusive))?;
    Ok(())
}

/// Asks whether another open file description has the lock, by taking it for a moment: `flock`
/// has no question. A shared lock, so that two who ask do not see each other.
pub(crate) fn lock_is_held(file: BorrowedFd<'_>) -> io::Result<bool> {
    match rustix::fs::flock(file, FlockOperation::NonBlockingLockShared) {
        Ok(()) => Ok(rustix::fs::flock(file, FlockOperation::Unlock).map(|()| false)?),
        Err(Errno::WOULDBLOCK) => Ok(true),
        Err(errno) => Err(errno.into()),
    }
}

/// Opens a folder in a directory: no link. What is mounted there is told by its device.
pub(crate) fn open_dir_within(dir: BorrowedFd<'_>, name: &CStr) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(rustix::fs::openat(dir, name, flags, Mode::empty())?)
}

/// Returns the paths under which a socket in that directory may be reached. There is no name for
/// a directory's descriptor here, so deep roots find their path too long, and say so.
pub(crate) fn socket_paths(_: BorrowedFd<'_>, path: &Path, name: &str) -> Vec<PathBuf> {
    vec![path.join(name)]
}

/// Sets no room aside: the systems differ too much in how.
pub(crate) fn reserve(_: &std::fs::File, _: u64, _: u64) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Exchanges nothing: some of these systems can't.
pub(crate) fn exchange(_: BorrowedFd<'_>, _: &str, _: &str) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
