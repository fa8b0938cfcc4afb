#![expect(
    unsafe_code,
    reason = "locks of open file descriptions are in no safe wrapper"
)]

use std::ffi::CStr;
use std::io;
use std::os::fd::{AsRawFd as _, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags, ResolveFlags};
use rustix::io::Errno;

/// A lock for writing on the whole file.
fn whole_file() -> libc::flock {
    libc::flock {
        l_type: libc::F_WRLCK as libc::c_short,
        l_whence: libc::SEEK_SET as libc::c_short,
        l_start: 0,
        l_len: 0,
        // It must be zero for locks of an open file description.
        l_pid: 0,
    }
}

/// Takes the lock of the open file description; `false` if another has it.
pub(crate) fn try_lock(file: BorrowedFd<'_>) -> io::Result<bool> {
    let lock = whole_file();
    // SAFETY: the descriptor is open while it is borrowed, and the kernel only reads the struct,
    // which lives until the call returns.
    let result = unsafe { libc::fcntl(file.as_raw_fd(), libc::F_OFD_SETLK, &raw const lock) };
    if result == 0 {
        return Ok(true);
    }
    let error = io::Error::last_os_error();
    match error.raw_os_error() {
        Some(libc::EAGAIN | libc::EACCES) => Ok(false),
        _ => Err(error),
    }
}

/// Waits for the lock of the open file description, and takes it.
pub(crate) fn wait_for_lock(file: BorrowedFd<'_>) -> io::Result<()> {
    let lock = whole_file();
    loop {
        // SAFETY: as in `try_lock`.
        let result = unsafe { libc::fcntl(file.as_raw_fd(), libc::F_OFD_SETLKW, &raw const lock) };
        if result == 0 {
            return Ok(());
        }
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
}

/// Asks whether another open file description has the lock.
pub(crate) fn lock_is_held(file: BorrowedFd<'_>) -> io::Result<bool> {
    let mut lock = whole_file();
    // SAFETY: the descriptor is open while it is borrowed, and the struct that the kernel writes
    // to lives until the call returns.
    let result = unsafe { libc::fcntl(file.as_raw_fd(), libc::F_OFD_GETLK, &raw mut lock) };
    if result == 0 {
        Ok(lock.l_type != libc::F_UNLCK as libc::c_short)
    } else {
        Err(io::Error::last_os_error())
    }
}

/// Sets room aside on the disk for the `length` bytes from `offset` on, without making the file
/// longer.
pub(crate) fn reserve(file: &std::fs::File, offset: u64, length: u64) -> io::Result<()> {
    // Not every file system holds what is set aside against the limit of file sizes.
    let limit = rustix::process::getrlimit(rustix::process::Resource::Fsize).current;
    if limit.is_some_and(|limit| limit < offset + length) {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    let keep_size = rustix::fs::FallocateFlags::KEEP_SIZE;
    Ok(rustix::fs::fallocate(file, keep_size, offset, length)?)
}

/// Has two names in a directory change places at once. Both must be there.
pub(crate) fn exchange(dir: BorrowedFd<'_>, one: &str, other: &str) -> io::Result<()> {
    let exchange = rustix::fs::RenameFlags::EXCHANGE;
    Ok(rustix::fs::renameat_with(dir, one, dir, other, exchange)?)
}

/// Opens a folder in a directory: no link, and nothing that is mounted there.
pub(crate) fn open_dir_within(dir: BorrowedFd<'_>, name: &CStr) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_XDEV;
    match rustix::fs::openat2(dir, name, flags, Mode::empty(), resolve) {
        // Before Linux 5.6, or where a filter doesn't know the call: mounts of other file systems
        // are still told by their device.
        Err(Errno::NOSYS | Errno::PERM) => Ok(rustix::fs::openat(dir, name, flags, Mode::empty())?),
        opened => Ok(opened?),
    }
}

/// Returns the paths under which a socket in that directory may be reached, best first.
///
/// A socket's address holds 107 bytes; through the descriptor a folder at any depth fits. The plain
/// path is for systems where `/proc` is not mounted.
pub(crate) fn socket_paths(dir: BorrowedFd<'_>, path: &Path, name: &str) -> Vec<PathBuf> {
    vec![
        PathBuf::from(format!("/proc/self/fd/{}/{name}", dir.as_raw_fd())),
        path.join(name),
    ]
}
