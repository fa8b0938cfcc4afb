//! What all Unix systems share.
#![expect(
    unsafe_code,
    reason = "fork, memory shared with children, and argv have no safe form"
)]

use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::ptr::NonNull;

use rustix::mm::{MapFlags, ProtFlags};

use super::ProcessHandle;
use crate::exit_status::ExitStatus;
use crate::identity::ProcessRef;
use crate::spawn::SpawnSlot;

/// The signals with a name, canonical names first.
pub const SIGNALS: &[(&str, i32)] = &[
    ("HUP", libc::SIGHUP),
    ("INT", libc::SIGINT),
    ("QUIT", libc::SIGQUIT),
    ("ILL", libc::SIGILL),
    ("TRAP", libc::SIGTRAP),
    ("ABRT", libc::SIGABRT),
    ("BUS", libc::SIGBUS),
    ("FPE", libc::SIGFPE),
    ("KILL", libc::SIGKILL),
    ("USR1", libc::SIGUSR1),
    ("SEGV", libc::SIGSEGV),
    ("USR2", libc::SIGUSR2),
    ("PIPE", libc::SIGPIPE),
    ("ALRM", libc::SIGALRM),
    ("TERM", libc::SIGTERM),
    ("CHLD", libc::SIGCHLD),
    ("CONT", libc::SIGCONT),
    ("STOP", libc::SIGSTOP),
    ("TSTP", libc::SIGTSTP),
    ("TTIN", libc::SIGTTIN),
    ("TTOU", libc::SIGTTOU),
    ("URG", libc::SIGURG),
    ("XCPU", libc::SIGXCPU),
    ("XFSZ", libc::SIGXFSZ),
    ("VTALRM", libc::SIGVTALRM),
    ("PROF", libc::SIGPROF),
    ("WINCH", libc::SIGWINCH),
    ("IO", libc::SIGIO),
    ("SYS", libc::SIGSYS),
    #[cfg(target_os = "linux")]
    ("STKFLT", libc::SIGSTKFLT),
    #[cfg(target_os = "linux")]
    ("PWR", libc::SIGPWR),
    #[cfg(target_vendor = "apple")]
    ("EMT", libc::SIGEMT),
    #[cfg(target_vendor = "apple")]
    ("INFO", libc::SIGINFO),
];

/// Other names for some of them.
pub const SIGNAL_ALIASES: &[(&str, i32)] = &[
    ("IOT", libc::SIGABRT),
    ("CLD", libc::SIGCHLD),
    ("POLL", libc::SIGIO),
];

/// What is known of a process at one moment.
#[derive(Debug, Clone)]
pub struct ProcessStat {
    /// Its number.
    pub pid: i32,
    /// Its name as the kernel has it.
    pub command: String,
    /// Its state, such as `R`, `S`, `D`, `T` or `Z`.
    pub state: u8,
    /// Its parent's number.
    pub parent: i32,
    /// Its process group.
    pub group: i32,
    /// Its session.
    pub session: i32,
    /// How many threads it has.
    pub threads: i64,
    /// When it started, in the kernel's unit.
    pub start_time: Option<u64>,
}

/// What people want to know of a process beside that.
#[derive(Clone)]
pub struct ProcessDetails {
    /// Its numbers.
    pub stat: ProcessStat,
    /// When it was started, from the start of the machine on.
    pub started: Option<std::time::Duration>,
    /// The processor time that it has used itself.
    pub cpu: Option<std::time::Duration>,
    /// How many bytes of memory it has resident.
    pub resident: Option<u64>,
    /// What it was started with, or shows in the place of that.
    pub arguments: Vec<std::ffi::OsString>,
}

impl ProcessStat {
    /// Returns whether nothing of it runs any more. A zombie whose first thread alone has ended
    /// still runs.
    pub fn is_dead(&self) -> bool {
        matches!(self.state, b'Z' | b'X' | b'x') && self.threads <= 1
    }
}

/// Returns whether something could not be opened because there is no descriptor or memory for it.
pub fn is_exhaustion(error: &io::Error) -> bool {
    let exhausted = [libc::EMFILE, libc::ENFILE, libc::ENOMEM];
    error
        .raw_os_error()
        .is_some_and(|errno| exhausted.contains(&errno))
}

/// Which side of a [`fork`] this is.
#[derive(Debug)]
pub enum Forked {
    /// The new process.
    Child,
    /// The old one, with the new one in hand.
    Parent(ProcessRef),
}

/// Copies this process, without exec. Only a process with a single thread may do that: another
/// thread might hold a lock, of the allocator for one, that nobody would ever release in the copy.
///
/// # Errors
/// `Unsupported` if this process has more threads than one; otherwise the system's reason.
pub fn fork() -> io::Result<Forked> {
    if super::thread_count()? != 1 {
        let message = "a process with several threads can't be forked without exec";
        return Err(io::Error::new(io::ErrorKind::Unsupported, message));
    }
    // SAFETY: there is no other thread (checked above, and only this one could make one), so the
    // child's memory is a consistent copy and all of it may be used.
    let pid = unsafe { libc::fork() };
    match pid {
        -1 => Err(io::Error::last_os_error()),
        0 => Ok(Forked::Child),
        pid => Ok(Forked::Parent(ProcessRef::from_handle(
            pid,
            open_child(pid)?,
        ))),
    }
}

/// Copies this process, as [`fork`] does, into one that is not this one's child: whoever adopts orphans
/// here becomes its parent. Returns whether this is the copy.
///
/// The copy is in another session when this returns in either: what ends this process's own, by a hang-up
/// of its terminal right after it, does not reach the copy.
///
/// # Errors
/// As for [`fork`]. That the copy's copy could not be made shows in nothing.
pub fn fork_orphan() -> io::Result<bool> {
    match fork()? {
        Forked::Child => {
            // Who was made just now leads no group, so nothing refuses it.
            let _ = start_session();
            Ok(stay_if_copied())
        }
        Forked::Parent(between) => {
            between.wait_ended(None)?;
            between.reap()?;
            Ok(false)
        }
    }
}

/// In a copy: makes another and ends. Returns in that one.
pub fn stay_if_copied() -> bool {
    // SAFETY: a copy of a process with a single thread has a single thread itself, so its memory is
    // consistent.
    match unsafe { libc::fork() } {
        0 => true,
        _ => exit_now(0),
    }
}

/// Opens a child that was just made. One that can't be held (no descriptor is left) is ended again:
/// a failure must not leave a process behind that nobody knows.
pub fn open_child(pid: i32) -> io::Result<ProcessHandle> {
    ProcessHandle::open(pid).inspect_err(|_| {
        // SAFETY: plain numbers, and nobody has reaped this child, so the number is still its own.
        unsafe {
            libc::kill(pid, libc::SIGKILL);
            libc::waitpid(pid, std::ptr::null_mut(), 0);
        }
    })
}

/// Ends this process at once: no destructor runs, no buffer is flushed. A forked copy must end so,
/// since both would be its original's.
pub fn exit_now(status: i32) -> ! {
    // SAFETY: ends the process.
    unsafe { libc::_exit(status) }
}

/// Starts a session of its own: no terminal, and no hang-up from one.
///
/// # Errors
/// `EPERM` if this process leads a process group already.
pub fn start_session() -> io::Result<()> {
    rustix::process::setsid()?;
    Ok(())
}

/// Returns a pipe: the end to read from, non-blocking, and the write-only end for a child.
pub fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    let (reader, writer) = std::io::pipe()?;
    let (reader, writer) = (OwnedFd::from(reader), OwnedFd::from(writer));
    let flags = rustix::fs::fcntl_getfl(&reader)? | rustix::fs::OFlags::NONBLOCK;
    rustix::fs::fcntl_setfl(reader.as_fd(), flags)?;
    Ok((reader, writer))
}

/// Reaps a child if it has ended.
pub fn reap(pid: i32) -> io::Result<Option<ExitStatus>> {
    let Some(pid) = rustix::process::Pid::from_raw(pid) else {
        return Ok(None);
    };
    match rustix::process::waitpid(Some(pid), rustix::process::WaitOptions::NOHANG) {
        Ok(Some((_, status))) => Ok(ExitStatus::from_wait_word(status.as_raw())),
        Ok(None) | Err(rustix::io::Errno::CHILD) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// A page of memory that forked children share.
#[derive(Debug)]
pub struct SharedMemory(NonNull<SpawnSlot>);

const PAGE: usize = 4096;

impl SharedMemory {
    /// Returns a new page with an empty slot.
    pub fn new() -> io::Result<Self> {
        let protection = ProtFlags::READ | ProtFlags::WRITE;
        // SAFETY: a new anonymous mapping at an address of the kernel's choice touches nobody's
        // memory.
        let page = unsafe {
            rustix::mm::mmap_anonymous(std::ptr::null_mut(), PAGE, protection, MapFlags::SHARED)
        }?;
        NonNull::new(page.cast())
            .map(Self)
            .ok_or_else(|| io::ErrorKind::OutOfMemory.into())
    }

    /// Returns the slot in it.
    pub fn slot(&self) -> &SpawnSlot {
        // SAFETY: the page is mapped until drop, zeroed (a valid `SpawnSlot`), aligned, large
        // enough, and only ever accessed through the slot's atomics.
        unsafe { self.0.as_ref() }
    }
}

impl Drop for SharedMemory {
    fn drop(&mut self) {
        // SAFETY: mapped by `new` with this length, and no reference outlives `self`. An error
        // would leave the page mapped, which harms nobody.
        let _ = unsafe { rustix::mm::munmap(self.0.as_ptr().cast(), PAGE) };
    }
}
