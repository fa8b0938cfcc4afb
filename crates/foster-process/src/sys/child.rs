//! What a new process does between its birth and exec, on every Unix.
//!
//! It may share its parent's memory, or be the copy of one thread of many: everything here only
//! calls the system, and whatever it reads was made before.
#![expect(
    unsafe_code,
    reason = "what a child may do before exec has no safe form"
)]

use std::cell::Cell;
use std::ffi::{CStr, CString, c_char, c_int};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd as _, RawFd};

use super::blocked::BlockedSignals;
use super::credentials::set_credentials;
use super::rlimit::Rlimit;
use super::{Failure, Stage};
use crate::spawn::{Credentials, RawPlan, Session};

/// What the child reads.
pub struct Child<'a> {
    candidates: Vec<*const c_char>,
    argv: Vec<*const c_char>,
    env: Vec<*const c_char>,
    cwd: Option<&'a CStr>,
    places: Vec<Place>,
    /// Whether what is not marked to be closed by exec is to be marked so.
    pub close_others: bool,
    umask: Option<u32>,
    nice: Option<c_int>,
    io_priority: Option<c_int>,
    rlimits: Vec<Rlimit>,
    credentials: &'a Credentials,
    session: Session,
    default_signals: bool,
    last_signal: c_int,
    mask: libc::sigset_t,
}

/// A descriptor, and the number that it is to get. The source changes when it is moved.
struct Place {
    target: RawFd,
    source: Cell<RawFd>,
}

impl<'a> Child<'a> {
    /// Returns what the child will need, made of what the parent was told.
    pub fn new(plan: &'a RawPlan<'_>, blocked: &BlockedSignals) -> Self {
        let named = super::SIGNALS.iter().map(|(_, number)| *number);
        let last_signal = named
            .chain([*super::realtime_signals().end()])
            .max()
            .unwrap_or(0);
        let streams = (0..).zip(&plan.stdio).map(|(target, fd)| (target, *fd));
        let places = streams.chain(plan.extra_fds.iter().copied());
        let places: Vec<Place> = places.map(Place::new).collect();
        Self {
            candidates: plan.candidates.iter().map(|path| path.as_ptr()).collect(),
            argv: null_terminated(&plan.argv),
            env: null_terminated(&plan.env),
            cwd: plan.cwd.as_deref(),
            places,
            close_others: plan.close_others,
            umask: plan.umask,
            nice: plan.nice,
            io_priority: plan.io_priority.map(crate::spawn::IoPriority::kernel_value),
            rlimits: plan.rlimits.iter().map(Rlimit::new).collect(),
            credentials: &plan.credentials,
            session: plan.session,
            default_signals: plan.default_signals,
            last_signal,
            mask: mask_of(plan, blocked),
        }
    }

    /// Makes a session or a process group, if one is wanted.
    pub fn make_session(&self) -> Result<(), Failure> {
        // SAFETY: plain numbers; a new process leads no group yet, so it can't fail for that.
        let made = unsafe {
            match self.session {
                Session::New => libc::setsid() != -1,
                Session::Group => libc::setpgid(0, 0) == 0,
                Session::Inherit => true,
            }
        };
        check(made, Stage::Session)
    }

    /// Sets the nice value and the I/O priority.
    pub fn set_priorities(&self) -> Result<(), Failure> {
        const MYSELF: libc::id_t = 0;
        if let Some(nice) = self.nice {
            // SAFETY: plain numbers.
            let set = unsafe { libc::setpriority(libc::PRIO_PROCESS, MYSELF, nice) } == 0;
            check(set, Stage::Nice)?;
        }
        self.io_priority.map_or(Ok(()), |value| {
            check(set_io_priority(value), Stage::IoPriority)
        })
    }

    /// Moves the sources that lie in another's place out of the way.
    pub fn move_sources(&self) -> Result<(), Failure> {
        for place in &self.places {
            let moved = self.out_of_the_way(place.source.get());
            check_place(moved >= 0, place)?;
            place.source.set(moved);
        }
        Ok(())
    }

    /// Returns the descriptor itself if nothing is to be placed there, or else a copy at the least
    /// number where that is so; negative if there is none. Copies are marked to be closed by exec,
    /// also those that were tried on the way.
    pub fn out_of_the_way(&self, fd: RawFd) -> RawFd {
        let mut at = fd;
        while at >= 0 && self.places.iter().any(|place| place.target == at) {
            // SAFETY: duplicates a descriptor.
            at = unsafe { libc::fcntl(fd, libc::F_DUPFD_CLOEXEC, at.saturating_add(1).max(3)) };
        }
        at
    }

    /// Puts the streams and the further descriptors into their places.
    pub fn place_descriptors(&self) -> Result<(), Failure> {
        for place in &self.places {
            // SAFETY: both are plain numbers, the source open.
            let placed = unsafe { libc::dup2(place.source.get(), place.target) } >= 0;
            check_place(placed, place)?;
        }
        Ok(())
    }

    /// Sets the resource limits. After the descriptors are in their places: a limit of open files
    /// may be below them.
    pub fn set_limits(&self) -> Result<(), Failure> {
        for limit in &self.rlimits {
            if !limit.set() {
                let detail = limit.resource as c_int;
                return Err(failure(Stage::Limits, detail));
            }
        }
        Ok(())
    }

    /// Becomes another user. After all that takes privilege, and before the working directory, which is
    /// entered with that user's rights.
    pub fn change_user(&self) -> Result<(), Failure> {
        set_credentials(self.credentials)
    }

    /// Enters the working directory, with the mask that files made there are to have.
    pub fn change_directory(&self) -> Result<(), Failure> {
        if let Some(mask) = self.umask {
            // SAFETY: a plain number; it can't fail.
            unsafe { libc::umask(mask as libc::mode_t) };
        }
        // SAFETY: a NUL-terminated path.
        let enter = |cwd: &CStr| unsafe { libc::chdir(cwd.as_ptr()) } == 0;
        check(self.cwd.is_none_or(enter), Stage::Chdir)
    }

    /// Gives the signals the dispositions and the mask that the program is to start with.
    pub fn reset_signals(&self) -> Result<(), Failure> {
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
        let set = unsafe {
            libc::sigprocmask(
                libc::SIG_SETMASK,
                &raw const self.mask,
                std::ptr::null_mut(),
            )
        };
        check(set == 0, Stage::Signals)
    }

    /// Executes the program, or returns why it can't be. Tries each place in turn, as `execvp` does,
    /// but for its habit of giving what is no program to a shell: no shell unless asked.
    pub fn execute(&self) -> Failure {
        let mut worst = libc::ENOENT;
        for path in &self.candidates {
            // SAFETY: NUL-terminated strings in NULL-terminated arrays.
            unsafe { libc::execve(*path, self.argv.as_ptr(), self.env.as_ptr()) };
            match errno() {
                libc::ENOENT | libc::ENOTDIR | libc::ESTALE | libc::ENODEV => {}
                libc::EACCES => worst = libc::EACCES,
                other => return failed_exec(other),
            }
        }
        failed_exec(worst)
    }
}

impl Place {
    fn new((target, source): (RawFd, std::os::fd::BorrowedFd<'_>)) -> Self {
        Self {
            target,
            source: Cell::new(source.as_raw_fd()),
        }
    }
}

fn failed_exec(errno: c_int) -> Failure {
    Failure {
        stage: Stage::Exec,
        errno,
        detail: 0,
    }
}

/// Returns the failure that this thread's error number tells of.
pub fn failure(stage: Stage, detail: c_int) -> Failure {
    Failure {
        stage,
        errno: errno(),
        detail,
    }
}

/// Returns that failure unless it went well.
pub fn check(well: bool, stage: Stage) -> Result<(), Failure> {
    check_detail(well, stage, 0)
}

/// The same, of one of several things that the step does.
pub fn check_detail(well: bool, stage: Stage, detail: c_int) -> Result<(), Failure> {
    if well {
        Ok(())
    } else {
        Err(failure(stage, detail))
    }
}

fn check_place(well: bool, place: &Place) -> Result<(), Failure> {
    match place.target {
        _ if well => Ok(()),
        0..=2 => Err(failure(Stage::Stdio, place.target)),
        target => Err(failure(Stage::Descriptors, target)),
    }
}

fn mask_of(plan: &RawPlan<'_>, blocked: &BlockedSignals) -> libc::sigset_t {
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
    mask
}

/// Sets the I/O priority of this process. The C library has no wrapper.
#[cfg(target_os = "linux")]
fn set_io_priority(value: c_int) -> bool {
    const WHO_PROCESS: c_int = 1;
    const MYSELF: c_int = 0;
    // SAFETY: plain numbers.
    unsafe { libc::syscall(libc::SYS_ioprio_set, WHO_PROCESS, MYSELF, value) == 0 }
}

/// Fails: only Linux has I/O priorities of this kind.
#[cfg(not(target_os = "linux"))]
fn set_io_priority(_: c_int) -> bool {
    // SAFETY: no process has this number, so it fails; it is done for the error number alone, which
    // has no portable way to be set.
    unsafe { libc::fcntl(-1, libc::F_GETFD) >= 0 }
}

fn null_terminated(strings: &[CString]) -> Vec<*const c_char> {
    strings
        .iter()
        .map(|s| s.as_ptr())
        .chain([std::ptr::null()])
        .collect()
}

/// Returns whether this process ignores CHLD.
pub fn is_child_ignored() -> bool {
    is_ignored(libc::SIGCHLD)
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
