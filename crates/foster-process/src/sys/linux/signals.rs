#![expect(
    unsafe_code,
    reason = "signalfd and signal masks have no safe wrapper in rustix"
)]

use std::io;
use std::mem::MaybeUninit;
use std::ops::RangeInclusive;
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd, FromRawFd as _, OwnedFd};

use crate::signal::Signal;

/// Signals to this process that are read from a descriptor instead of interrupting it.
#[derive(Debug)]
pub struct SignalQueue {
    fd: OwnedFd,
    blocked: Vec<Signal>,
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

/// Returns the numbers of the real-time signals that the C library leaves to programs.
pub fn realtime_signals() -> RangeInclusive<i32> {
    libc::SIGRTMIN()..=libc::SIGRTMAX()
}

impl SignalQueue {
    /// Blocks these signals in the calling thread, and returns the queue that they go to. In a
    /// program with more threads the others must have them blocked too. They stay blocked when the
    /// queue is dropped.
    ///
    /// On systems other than Linux a handler takes them instead, in whichever thread they come.
    ///
    /// # Errors
    /// `EMFILE` or `ENFILE` if no descriptor is left. The signals are blocked all the same.
    pub fn new(signals: &[Signal]) -> io::Result<Self> {
        let mut set = MaybeUninit::<libc::sigset_t>::uninit();
        // SAFETY: the set is initialised first; the numbers are valid signals.
        let set = unsafe {
            libc::sigemptyset(set.as_mut_ptr());
            for signal in signals {
                libc::sigaddset(set.as_mut_ptr(), signal.number());
            }
            set.assume_init()
        };
        let flags = libc::SFD_CLOEXEC | libc::SFD_NONBLOCK;
        // SAFETY: the set is initialised, the old one zeroed and then written; -1 asks for a new
        // descriptor.
        let (fd, old) = unsafe {
            let mut old = MaybeUninit::<libc::sigset_t>::zeroed();
            libc::pthread_sigmask(libc::SIG_BLOCK, &raw const set, old.as_mut_ptr());
            (libc::signalfd(-1, &raw const set, flags), old.assume_init())
        };
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        let mut blocked = signals.to_vec();
        // SAFETY: the set is initialised, and only asked.
        blocked.retain(|signal| unsafe { libc::sigismember(&raw const old, signal.number()) } == 0);
        // SAFETY: just opened, and nobody else's.
        let fd = unsafe { OwnedFd::from_raw_fd(fd) };
        Ok(Self { fd, blocked })
    }

    /// Returns the signals that were not blocked before.
    pub fn blocked(&self) -> &[Signal] {
        &self.blocked
    }

    /// Returns the next signal that has come, if any.
    ///
    /// # Errors
    /// The kernel's. That none has come is `None`.
    pub fn read(&self) -> io::Result<Option<Received>> {
        let mut info = MaybeUninit::<libc::signalfd_siginfo>::zeroed();
        let size = size_of::<libc::signalfd_siginfo>();
        // SAFETY: the buffer is as large as the kernel's record.
        let n = unsafe { libc::read(self.fd.as_raw_fd(), info.as_mut_ptr().cast(), size) };
        if n < 0 {
            let error = io::Error::last_os_error();
            let nothing = [io::ErrorKind::WouldBlock, io::ErrorKind::Interrupted];
            return if nothing.contains(&error.kind()) {
                Ok(None)
            } else {
                Err(error)
            };
        }
        // SAFETY: all bytes were zeroed, then filled by the kernel; every pattern is valid.
        let info = unsafe { info.assume_init() };
        let signal = Signal::from_number(info.ssi_signo as i32);
        Ok(signal.ok().map(|signal| Received {
            signal,
            from_kernel: info.ssi_code > 0,
            pid: info.ssi_pid as i32,
            uid: info.ssi_uid,
        }))
    }
}

impl AsFd for SignalQueue {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}
