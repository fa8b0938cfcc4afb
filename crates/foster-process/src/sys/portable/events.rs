//! The descriptor that stands for the ends of all children: a pipe that the handler of SIGCHLD
//! writes to.
//!
//! One pipe for all, so readable means "a child has changed: look again", not "this one has ended".
//! Whoever waits drains it, and a counter keeps what was drained from being lost to another waiter
//! of the same thread: see `Poller`. Of several *threads* that wait, one may miss what another took.
#![expect(unsafe_code, reason = "signal handlers have no safe form")]

use std::io;
use std::os::fd::{AsRawFd as _, BorrowedFd, IntoRawFd as _, OwnedFd, RawFd};
use std::sync::atomic::{AtomicI32, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

static READER: AtomicI32 = AtomicI32::new(-1);
static WRITER: AtomicI32 = AtomicI32::new(-1);
static OWNER: AtomicI32 = AtomicI32::new(0);
static CHANGES: AtomicU64 = AtomicU64::new(0);

/// Makes the pipe and takes SIGCHLD, once per process: the copy that `fork` makes gets its own, on
/// the same numbers.
pub fn prepare() -> io::Result<()> {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _guard = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let own = std::process::id() as i32;
    if OWNER.load(Ordering::SeqCst) == own {
        return Ok(());
    }
    let (reader, writer) = std::io::pipe()?;
    let (reader, writer) = (OwnedFd::from(reader), OwnedFd::from(writer));
    for end in [&reader, &writer] {
        let flags = rustix::fs::fcntl_getfl(end)? | rustix::fs::OFlags::NONBLOCK;
        rustix::fs::fcntl_setfl(end, flags)?;
    }
    install(reader, &READER)?;
    install(writer, &WRITER)?;
    OWNER.store(own, Ordering::SeqCst);
    super::signals::catch(libc::SIGCHLD)
}

/// Puts a descriptor where the parent's was, so that who has that number in hand sees the new one.
fn install(fd: OwnedFd, place: &AtomicI32) -> io::Result<()> {
    let old = place.load(Ordering::SeqCst);
    if old < 0 {
        place.store(fd.into_raw_fd(), Ordering::SeqCst);
        return Ok(());
    }
    // SAFETY: plain numbers; the old one is this module's for the life of the process.
    if unsafe { libc::dup2(fd.as_raw_fd(), old) } < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: as above; marks the copy to be closed by exec, as its original was.
    unsafe { libc::fcntl(old, libc::F_SETFD, libc::FD_CLOEXEC) };
    Ok(())
}

/// Says that a child has changed. For a signal handler: only calls the system.
pub fn announce() {
    CHANGES.fetch_add(1, Ordering::SeqCst);
    let writer = WRITER.load(Ordering::SeqCst);
    if writer >= 0 {
        // SAFETY: a descriptor that is never closed, and one byte of static memory. If the pipe is
        // full it says already what is to be said.
        unsafe { libc::write(writer, b"c".as_ptr().cast(), 1) };
    }
}

/// Returns the descriptor. [`prepare`] came first: every handle is made after it.
pub fn descriptor() -> BorrowedFd<'static> {
    // SAFETY: never closed.
    unsafe { BorrowedFd::borrow_raw(READER.load(Ordering::SeqCst).max(0)) }
}

/// Returns whether this is that descriptor.
pub fn is_descriptor(fd: RawFd) -> bool {
    fd == READER.load(Ordering::SeqCst)
}

/// Returns how often a child has changed so far.
pub fn changes() -> u64 {
    CHANGES.load(Ordering::SeqCst)
}

/// Empties the pipe.
pub fn drain() {
    let mut buffer = [0; 256];
    while rustix::io::read(descriptor(), &mut buffer[..]).is_ok_and(|n| n == buffer.len()) {}
}

/// Returns the descriptors that this module needs.
pub fn descriptors() -> [RawFd; 2] {
    [READER.load(Ordering::SeqCst), WRITER.load(Ordering::SeqCst)]
}
