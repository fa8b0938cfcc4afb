//! What a new process does between its birth and exec, on every Unix.
//!
//! It may share its parent's memory, or be the copy of one thread of many: everything here only
//! calls the system, and whatever it reads was made before.
#![expect(
    unsafe_code,
    reason = "what a child may do before exec has no safe form"
)]

use std::ffi::{CStr, CString, c_char, c_int};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd as _, RawFd};

use crate::spawn::{RawPlan, Session};

/// What the child reads.
pub struct Child<'a> {
    candidates: Vec<*const c_char>,
    argv: Vec<*const c_char>,
    env: Vec<*const c_char>,
    cwd: Option<&'a CStr>,
    stdio: [RawFd; 3],
    /// Whether what is not marked to be closed by exec is to be marked so.
    pub close_others: bool,
    umask: Option<u32>,
    session: Session,
    default_signals: bool,
    last_signal: c_int,
    mask: libc::sigset_t,
}

impl<'a> Child<'a> {
    /// Returns what the child will need, made of what the parent was told.
    pub fn new(plan: &'a RawPlan<'_>, blocked: &BlockedSignals) -> Self {
        let named = super::SIGNALS.iter().map(|(_, number)| *number);
        let last_signal = named
            .chain([*super::realtime_signals().end()])
            .max()
            .unwrap_or(0);
        let mut mask = blocked.0;
        // SAFETY: the set is initialised, and the numbers are valid signals.
        unsafe {
            if plan.default_signals {
                libc::sigemptyset(&raw mut mask);
            }
            for signal in &plan.unblock {
                libc::sigdelset(&raw mut mask, signal.number());
            }
        }
        Self {
            candidates: plan.candidates.iter().map(|path| path.as_ptr()).collect(),
            argv: null_terminated(&plan.argv),
            env: null_terminated(&plan.env),
            cwd: plan.cwd.as_deref(),
            stdio: [0, 1, 2].map(|i: usize| plan.stdio[i].as_raw_fd()),
            close_others: plan.close_others,
            umask: plan.umask,
            session: plan.session,
            default_signals: plan.default_signals,
            last_signal,
            mask,
        }
    }

    /// Makes a session, if one is wanted.
    pub fn make_session(&self) -> bool {
        // SAFETY: takes no arguments; a new process leads no group yet, so it can't fail for that.
        self.session == Session::Inherit || unsafe { libc::setsid() } != -1
    }

    /// Puts the three streams at 0, 1 and 2. Sources that lie in another's place are moved out of
    /// the way first.
    pub fn place_streams(&self) -> bool {
        let mut sources = self.stdio;
        for source in &mut sources {
            if *source < 3 {
                // SAFETY: duplicates a descriptor; marked to be closed by exec.
                *source = unsafe { libc::fcntl(*source, libc::F_DUPFD_CLOEXEC, 3) };
                if *source < 0 {
                    return false;
                }
            }
        }
        for (place, source) in sources.iter().enumerate() {
            // SAFETY: both are plain numbers, the source open.
            if unsafe { libc::dup2(*source, place as c_int) } < 0 {
                return false;
            }
        }
        true
    }

    /// Enters the working directory, with the mask that files made there are to have.
    pub fn change_directory(&self) -> bool {
        if let Some(mask) = self.umask {
            // SAFETY: a plain number; it can't fail.
            unsafe { libc::umask(mask as libc::mode_t) };
        }
        // SAFETY: a NUL-terminated path.
        self.cwd
            .is_none_or(|cwd| unsafe { libc::chdir(cwd.as_ptr()) } == 0)
    }

    /// Gives the signals the dispositions and the mask that the program is to start with.
    pub fn reset_signals(&self) -> bool {
        for number in 1..=self.last_signal {
            if self.default_signals || number == libc::SIGPIPE || !is_ignored(number) {
                // A handler of the parent's must not run here once signals are unblocked: exec would
                // remove it too, but only later.
                // SAFETY: sets a disposition; for KILL and STOP it fails and changes nothing.
                let refused = unsafe { libc::signal(number, libc::SIG_DFL) } == libc::SIG_ERR;
                if refused && self.default_signals {
                    reset_reserved(number);
                }
            }
        }
        // SAFETY: the set was initialised by `new`.
        unsafe {
            libc::sigprocmask(
                libc::SIG_SETMASK,
                &raw const self.mask,
                std::ptr::null_mut(),
            ) == 0
        }
    }

    /// Executes the program, or returns why it can't be. Tries each place in turn, as `execvp` does,
    /// but for its habit of giving what is no program to a shell: no shell unless asked.
    pub fn execute(&self) -> c_int {
        let mut worst = libc::ENOENT;
        for path in &self.candidates {
            // SAFETY: NUL-terminated strings in NULL-terminated arrays.
            unsafe { libc::execve(*path, self.argv.as_ptr(), self.env.as_ptr()) };
            match errno() {
                libc::ENOENT | libc::ENOTDIR | libc::ESTALE | libc::ENODEV => {}
                libc::EACCES => worst = libc::EACCES,
                other => return other,
            }
        }
        worst
    }
}

fn null_terminated(strings: &[CString]) -> Vec<*const c_char> {
    strings
        .iter()
        .map(|s| s.as_ptr())
        .chain([std::ptr::null()])
        .collect()
}

fn is_ignored(number: c_int) -> bool {
    let mut action = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: a null new action only asks; all bytes of the old one were zeroed, which is valid.
    unsafe {
        libc::sigaction(number, std::ptr::null(), action.as_mut_ptr()) == 0
            && action.assume_init().sa_sigaction == libc::SIG_IGN
    }
}

/// Resets a signal that the C library keeps for itself and won't touch (32 and 33 on Linux): a job may
/// be started by somebody who ignores them, and inherit that for ever.
#[cfg(target_os = "linux")]
fn reset_reserved(number: c_int) {
    // `struct sigaction` of the kernel, whatever its order: no handler, no flags, an empty mask.
    const DEFAULT: [u64; 8] = [0; 8];
    const MASK_SIZE: usize = 8;
    // SAFETY: the kernel reads its structure, which is smaller than this one, and writes nothing.
    unsafe {
        let none = std::ptr::null_mut::<u64>();
        libc::syscall(
            libc::SYS_rt_sigaction,
            number,
            DEFAULT.as_ptr(),
            none,
            MASK_SIZE,
        );
    }
}

/// Leaves it: no other system's C library refuses a signal.
#[cfg(not(target_os = "linux"))]
fn reset_reserved(_: c_int) {}

/// Returns this thread's error number. Allocates nothing.
pub fn errno() -> c_int {
    io::Error::last_os_error().raw_os_error().unwrap_or(0)
}

/// All signals blocked in this thread, so that no handler of ours runs in a child.
pub struct BlockedSignals(libc::sigset_t);

impl BlockedSignals {
    /// Blocks them until this is dropped.
    pub fn all() -> io::Result<Self> {
        let mut all = MaybeUninit::<libc::sigset_t>::uninit();
        let mut old = MaybeUninit::<libc::sigset_t>::zeroed();
        // SAFETY: `all` is written before it is read, and `old` was zeroed, which is a valid set.
        let (failed, old) = unsafe {
            libc::sigfillset(all.as_mut_ptr());
            let failed = libc::pthread_sigmask(libc::SIG_SETMASK, all.as_ptr(), old.as_mut_ptr());
            (failed, old.assume_init())
        };
        if failed == 0 {
            Ok(Self(old))
        } else {
            Err(io::Error::from_raw_os_error(failed))
        }
    }
}

impl Drop for BlockedSignals {
    fn drop(&mut self) {
        // SAFETY: restores the set that was in force.
        unsafe {
            libc::pthread_sigmask(libc::SIG_SETMASK, &raw const self.0, std::ptr::null_mut())
        };
    }
}
