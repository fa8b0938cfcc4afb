#![expect(unsafe_code, reason = "signal handlers have no safe form")]

use std::ffi::{c_int, c_void};
use std::io;
use std::mem::MaybeUninit;
use std::ops::RangeInclusive;
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd, OwnedFd, RawFd};
use std::sync::atomic::{AtomicI32, Ordering};

use super::events;
use crate::signal::Signal;

/// Where each signal's records go: the write end of a queue's pipe, or -1.
static QUEUES: [AtomicI32; 128] = [const { AtomicI32::new(-1) }; 128];

/// Signals to this process that are read from a descriptor instead of interrupting it.
#[derive(Debug)]
pub struct SignalQueue {
    reader: OwnedFd,
    writer: OwnedFd,
    signals: Vec<Signal>,
}

/// A signal that has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Received {
    /// Which.
    pub signal: Signal,
    /// Whether the kernel sent it (a terminal's Ctrl-C, a child's end) and not a process.
    pub from_kernel: bool,
    /// The process that sent it, if one did.
    pub pid: i32,
    /// Its user.
    pub uid: u32,
}

/// What the handler writes: small enough to be written at once or not at all.
const RECORD: usize = 16;

/// Returns the numbers of the real-time signals that the C library leaves to programs: none where
/// the system has none.
#[cfg(target_os = "linux")]
pub fn realtime_signals() -> RangeInclusive<i32> {
    libc::SIGRTMIN()..=libc::SIGRTMAX()
}

/// Returns the numbers of the real-time signals that the C library leaves to programs: none where
/// the system has none.
#[cfg(not(target_os = "linux"))]
pub fn realtime_signals() -> RangeInclusive<i32> {
    RangeInclusive::new(1, 0)
}

impl SignalQueue {
    /// Takes these signals by a handler that puts them into the queue. What is ignored when the queue
    /// is made stays ignored. A copy of this process made by `fork` needs a queue of its own.
    pub fn new(signals: &[Signal]) -> io::Result<Self> {
        let (reader, writer) = std::io::pipe()?;
        let (reader, writer) = (OwnedFd::from(reader), OwnedFd::from(writer));
        for end in [&reader, &writer] {
            let flags = rustix::fs::fcntl_getfl(end)? | rustix::fs::OFlags::NONBLOCK;
            rustix::fs::fcntl_setfl(end, flags)?;
        }
        for signal in signals {
            let queue = QUEUES
                .get(signal.number() as usize)
                .ok_or(io::ErrorKind::InvalidInput)?;
            queue.store(writer.as_raw_fd(), Ordering::SeqCst);
            catch(signal.number())?;
        }
        Ok(Self {
            reader,
            writer,
            signals: signals.to_vec(),
        })
    }

    /// Returns the signals that it has blocked: none.
    pub fn blocked(&self) -> &[Signal] {
        &[]
    }

    /// Returns the next signal that has come, if any.
    pub fn read(&self) -> io::Result<Option<Received>> {
        let mut record = [0; RECORD];
        match rustix::io::read(&self.reader, &mut record[..]) {
            Ok(RECORD) => {}
            Ok(_) | Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR) => return Ok(None),
            Err(error) => return Err(error.into()),
        }
        let word = |at: usize| {
            i32::from_ne_bytes([record[at], record[at + 1], record[at + 2], record[at + 3]])
        };
        Ok(Some(Received {
            signal: Signal::from_kernel(word(0)),
            from_kernel: word(4) != 0,
            pid: word(8),
            uid: word(12) as u32,
        }))
    }
}

impl Drop for SignalQueue {
    /// From now on these signals are swallowed, as they stay blocked on Linux.
    fn drop(&mut self) {
        for signal in &self.signals {
            if let Some(queue) = QUEUES.get(signal.number() as usize) {
                let own = self.writer.as_raw_fd();
                let _ = queue.compare_exchange(own, -1, Ordering::SeqCst, Ordering::SeqCst);
            }
        }
    }
}

impl AsFd for SignalQueue {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.reader.as_fd()
    }
}

/// Installs the handler for a signal, unless the signal is ignored. SIGCHLD is taken in any case:
/// ignoring it would make the system reap our children itself.
pub fn catch(number: c_int) -> io::Result<()> {
    let mut old = MaybeUninit::<libc::sigaction>::zeroed();
    let mut action = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: both actions are zeroed, which is valid, and the handler only calls what a handler may.
    let failed = unsafe {
        let failed = libc::sigaction(number, std::ptr::null(), old.as_mut_ptr());
        if failed == 0
            && number != libc::SIGCHLD
            && old.assume_init_ref().sa_sigaction == libc::SIG_IGN
        {
            return Ok(());
        }
        let new = action.assume_init_mut();
        let handler: extern "C" fn(c_int, *mut libc::siginfo_t, *mut c_void) = handle;
        new.sa_sigaction = handler as usize;
        new.sa_flags = libc::SA_SIGINFO | libc::SA_RESTART;
        libc::sigemptyset(&raw mut new.sa_mask);
        libc::sigaction(number, new, std::ptr::null_mut())
    };
    if failed == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

/// Returns the write ends in use.
pub fn descriptors() -> Vec<RawFd> {
    QUEUES
        .iter()
        .map(|queue| queue.load(Ordering::SeqCst))
        .filter(|fd| *fd >= 0)
        .collect()
}

extern "C" fn handle(number: c_int, info: *mut libc::siginfo_t, _: *mut c_void) {
    let saved = super::super::child::errno();
    if number == libc::SIGCHLD {
        events::announce();
    }
    let queue = QUEUES
        .get(number as usize)
        .map_or(-1, |queue| queue.load(Ordering::SeqCst));
    if queue >= 0 {
        // SAFETY: the kernel passes a record that is valid during the call.
        let (from_kernel, pid, uid) = unsafe { sender(&*info) };
        let mut record = [0; RECORD];
        for (word, at) in [number, i32::from(from_kernel), pid, uid as i32]
            .into_iter()
            .zip([0, 4, 8, 12])
        {
            record[at..at + 4].copy_from_slice(&word.to_ne_bytes());
        }
        // SAFETY: the queue keeps its write end open while it stands in the table. A full pipe drops
        // the record, as a pending signal takes in the next of its kind.
        unsafe { libc::write(queue, record.as_ptr().cast(), RECORD) };
    }
    restore_errno(saved);
}

/// `SI_USER`, `SI_QUEUE` and, on Linux, `SI_TKILL`.
#[cfg(target_os = "linux")]
const SENT_BY_PROCESS: [c_int; 3] = [0, -1, -6];

/// `SI_USER` and `SI_QUEUE` of macOS and FreeBSD (sys/signal.h).
#[cfg(not(target_os = "linux"))]
const SENT_BY_PROCESS: [c_int; 2] = [0x10001, 0x10002];

/// Returns whether the kernel sent it, and who did otherwise.
///
/// # Safety
/// The record must be of a signal that was just delivered.
unsafe fn sender(info: &libc::siginfo_t) -> (bool, i32, u32) {
    // SAFETY: every signal that a process sends, and SIGCHLD, fills these two in; of others they are
    // some number, which is reported as what it is: the kernel's.
    let (pid, uid) = unsafe { (info.si_pid(), info.si_uid()) };
    // macOS says `SI_USER` (0x10001 there) also of a terminal's Ctrl-C, then from pid 0.
    (
        !SENT_BY_PROCESS.contains(&info.si_code) || pid == 0,
        pid,
        uid,
    )
}

#[cfg(target_vendor = "apple")]
fn restore_errno(value: c_int) {
    // SAFETY: always points at this thread's errno.
    unsafe { *libc::__error() = value };
}

#[cfg(target_os = "linux")]
fn restore_errno(value: c_int) {
    // SAFETY: always points at this thread's errno.
    unsafe { *libc::__errno_location() = value };
}

#[cfg(not(any(target_vendor = "apple", target_os = "linux")))]
fn restore_errno(_: c_int) {
    // Each system calls it otherwise; the calls above are repeated by their callers on EINTR.
}
