use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::OnceLock;

use crate::sys;
use crate::{Ended, ExitStatus, Signal};

/// What tells one process from every other, also from one that gets its number later. It can be
/// written to a file and looked up again on the same boot, in the same PID namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ProcessIdentity {
    /// Its number.
    pub pid: i32,
    /// When it started, in the kernel's unit: on Linux clock ticks since boot
    /// ([proc_pid_stat(5)](https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html)), on macOS
    /// microseconds since 1970; `None` where the system doesn't tell. Where there is a
    /// [`unique`](Self::unique) number it is read when it is first asked for, and is `None` too if the
    /// process was reaped before.
    pub start_time: Option<u64>,
    /// The inode of its pidfd, which is never used twice within a boot (Linux 6.9).
    pub unique: Option<u64>,
}

/// A process held for good: signals go to it or to nobody.
///
/// On Linux this is a pidfd. On other Unix systems it is a number that is checked against the
/// process's start time right before each signal; the moment between the two remains.
#[derive(Debug)]
pub struct ProcessRef {
    pid: i32,
    unique: Option<u64>,
    /// Read late where the inode says all: of most children nobody ever asks when they started, and a look
    /// into `/proc` costs as much as all else that a start does beside the kernel's own work.
    start_time: OnceLock<Option<u64>>,
    handle: sys::ProcessHandle,
    /// What a child of ours counts as its own peak of memory and was ours.
    rss_floor: Option<u64>,
}

impl ProcessRef {
    /// Returns the process that has this number now.
    ///
    /// # Errors
    /// `ESRCH` if there is none, `EINVAL` for 0 and negative numbers.
    pub fn open(pid: i32) -> io::Result<Self> {
        if pid <= 0 {
            return Err(io::Error::from_raw_os_error(libc::EINVAL));
        }
        let handle = sys::ProcessHandle::open(pid)?;
        Ok(Self::from_handle(pid, handle))
    }

    /// Returns that very process, or `ESRCH` if it is gone and reaped, whoever has its number now.
    ///
    /// An identity of which nothing but the number can be compared finds nothing.
    ///
    /// # Errors
    /// `ESRCH` if it is gone or another has its number; `EMFILE` if no descriptor is left.
    pub fn find(identity: &ProcessIdentity) -> io::Result<Self> {
        let found = Self::open(identity.pid)?;
        // Both must fit where both are known: a count that begins anew at each boot, as either does,
        // is no proof alone.
        let fits = |wanted: Option<u64>, seen: Option<u64>| {
            wanted.zip(seen).map(|(wanted, seen)| wanted == seen)
        };
        let seen = found.identity();
        let start = fits(identity.start_time, seen.start_time);
        let unique = fits(identity.unique, seen.unique);
        let same = start != Some(false) && unique != Some(false) && start.or(unique).is_some();
        if same {
            Ok(found)
        } else {
            Err(io::Error::from_raw_os_error(libc::ESRCH))
        }
    }

    pub(crate) fn from_handle(pid: i32, handle: sys::ProcessHandle) -> Self {
        let start_time = sys::process_stat(pid).ok().and_then(|stat| stat.start_time);
        Self::started_at(pid, handle, start_time)
    }

    /// The same, with what was read of its start time after the handle was opened.
    pub(crate) fn started_at(
        pid: i32,
        handle: sys::ProcessHandle,
        start_time: Option<u64>,
    ) -> Self {
        Self {
            pid,
            unique: handle.unique(),
            start_time: OnceLock::from(start_time),
            handle,
            rss_floor: None,
        }
    }

    /// Returns a child that was started just now by [`crate::spawn`], and is not reaped.
    pub(crate) fn from_child(pid: i32, handle: sys::ProcessHandle) -> Self {
        let unique = handle.unique();
        let child = Self {
            pid,
            unique,
            start_time: OnceLock::new(),
            handle,
            rss_floor: sys::own_max_rss(),
        };
        if unique.is_none() {
            child.start_time();
        }
        child
    }

    /// Returns when it started, if that is known or can be read now.
    fn start_time(&self) -> Option<u64> {
        *self.start_time.get_or_init(|| {
            let stat = sys::process_stat(self.pid).ok()?;
            // If it is there still, nobody else had its number as that was read.
            stat.start_time.filter(|_| self.handle.is_there())
        })
    }

    /// Returns whether it is not reaped.
    pub(crate) fn is_there(&self) -> bool {
        self.handle.is_there()
    }

    /// Returns its identity as far as it is known without reading anything.
    fn known_identity(&self) -> ProcessIdentity {
        ProcessIdentity {
            pid: self.pid,
            start_time: self.start_time.get().copied().flatten(),
            unique: self.unique,
        }
    }

    /// Returns another reference to the same process, also if it is gone by now.
    ///
    /// # Errors
    /// `EMFILE` if this process has no descriptor left.
    pub fn try_clone(&self) -> io::Result<Self> {
        Ok(Self {
            pid: self.pid,
            unique: self.unique,
            start_time: self.start_time.clone(),
            handle: self.handle.try_clone()?,
            rss_floor: self.rss_floor,
        })
    }

    /// Returns whether anybody, zombies counted, is in the group that it leads or led.
    ///
    /// # Errors
    /// `Unsupported` where the kernel can't tell that group from a later one of its number.
    pub(crate) fn group_is_there(&self) -> io::Result<bool> {
        sys::group_is_there(&self.handle)
    }

    /// Returns how many descriptors it may have open. No descriptor is needed to find that out.
    ///
    /// # Errors
    /// `ESRCH` if it is gone, `EPERM` if it belongs to somebody else, `Unsupported` where the system
    /// does not tell.
    pub fn open_files_limit(&self) -> io::Result<u64> {
        let limit = sys::open_files_limit(self.pid)?;
        // If it is there still, nobody else had its number as that was asked.
        if self.handle.is_there() {
            Ok(limit)
        } else {
            Err(io::Error::from_raw_os_error(libc::ESRCH))
        }
    }

    /// Returns its number, for reports.
    pub fn pid(&self) -> i32 {
        self.pid
    }

    /// Returns what tells it from all others.
    pub fn identity(&self) -> ProcessIdentity {
        ProcessIdentity {
            start_time: self.start_time(),
            ..self.known_identity()
        }
    }

    /// Sends it a signal.
    ///
    /// # Errors
    /// `ESRCH` if it is gone, `EPERM` if it belongs to somebody else.
    pub fn signal(&self, signal: Signal) -> io::Result<()> {
        self.handle.signal(&self.known_identity(), signal)
    }

    /// Sends a signal to the process group that it leads: atomic against a fork within the group.
    ///
    /// # Errors
    /// `Unsupported` where the kernel can't do this without trusting a number (before Linux 6.9).
    pub fn signal_group(&self, signal: Signal) -> io::Result<()> {
        self.handle.signal_group(signal)
    }

    /// Returns how it ended, without reaping it; `None` while it runs. Only for a child of ours.
    ///
    /// # Errors
    /// `ECHILD` if it is not a child of this process.
    pub fn peek_status(&self) -> io::Result<Option<ExitStatus>> {
        Ok(self.peek_end()?.map(|ended| ended.status))
    }

    /// Reaps it, and returns how it ended; `None` while it runs. Only for a child of ours.
    ///
    /// # Errors
    /// `ECHILD` if it is not a child of this process, or was reaped.
    pub fn reap(&self) -> io::Result<Option<ExitStatus>> {
        Ok(self.reap_end()?.map(|ended| ended.status))
    }

    /// Returns how it ended and what it used, without reaping it; `None` while it runs. Only for a
    /// child of ours.
    ///
    /// # Errors
    /// `ECHILD` if it is not a child of this process.
    pub fn peek_end(&self) -> io::Result<Option<Ended>> {
        self.end(false)
    }

    /// Reaps it, and returns how it ended and what it used; `None` while it runs. Only for a child
    /// of ours.
    ///
    /// # Errors
    /// `ECHILD` if it is not a child of this process, or was reaped.
    pub fn reap_end(&self) -> io::Result<Option<Ended>> {
        // It can't be read later.
        self.start_time();
        self.end(true)
    }

    /// Reaps it if it has ended, when nobody is left who would ask who it was.
    pub(crate) fn reap_unasked(&self) -> io::Result<()> {
        self.end(true).map(drop)
    }

    fn end(&self, reap: bool) -> io::Result<Option<Ended>> {
        let ended = self.handle.wait(self.pid(), reap)?;
        Ok(ended.map(|ended| self.trusted(ended)))
    }

    /// Waits until it has ended, without reaping it, and returns how it ended and what it used. Only for
    /// a child of ours, which nobody else reaps meanwhile: `ECHILD` else.
    pub(crate) fn await_end(&self) -> io::Result<Ended> {
        let ended = self.handle.await_end(&self.known_identity())?;
        Ok(self.trusted(ended))
    }

    /// Returns a descriptor that is readable once it has ended, and not before.
    ///
    /// # Errors
    /// `Unsupported` where the ends of all children share one.
    #[cfg(feature = "tokio")]
    pub(crate) fn end_descriptor(&self) -> io::Result<BorrowedFd<'_>> {
        self.handle.end_descriptor()
    }

    fn trusted(&self, ended: Ended) -> Ended {
        let usage = ended.usage;
        Ended {
            usage: usage.map(|usage| usage.trusting_rss_above(self.rss_floor)),
            ..ended
        }
    }

    /// Returns how it ended, as far as somebody who is not its parent can know; `None` while it runs.
    ///
    /// A zombie shows it in `/proc`, to its own user and root
    /// ([proc_pid_stat(5)](https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html)); once it is
    /// reaped, the kernel tells it (Linux 6.15, `PIDFD_INFO_EXIT`) to whoever held it before. Elsewhere
    /// a process that was reaped has told nobody else.
    pub fn end_as_seen(&self) -> Option<ExitStatus> {
        if !self.wait_ended(Some(std::time::Duration::ZERO)).ok()? {
            return None;
        }
        // In this order: the kernel keeps the status for holders before it takes the zombie away.
        let zombie = || zombie_status(&self.identity());
        zombie().or_else(|| self.handle.end_after_reap())
    }

    /// Waits until it has ended, without reaping it, for at most that long (`None`: for ever).
    /// Returns whether it has. It need not be a child of ours.
    ///
    /// On systems other than Linux the end of a process that is no child of ours wakes nobody: it is
    /// seen when the time is over.
    ///
    /// # Errors
    /// The kernel's; `Unsupported` on systems other than Linux for no child of ours and no limit.
    pub fn wait_ended(&self, at_most: Option<std::time::Duration>) -> io::Result<bool> {
        self.handle.wait_ended(&self.known_identity(), at_most)
    }
}

/// Returns how a process ended that is a zombie still, whoever's child it is; `None` if it runs, is
/// reaped, or may not be looked at. For what a lost supervisor left behind.
pub fn zombie_status(identity: &ProcessIdentity) -> Option<ExitStatus> {
    let process = ProcessRef::find(identity).ok()?;
    let word = sys::zombie_wait_word(process.pid())?;
    // Still the same process, so it was the same when its status was read.
    ProcessRef::find(identity).ok()?;
    ExitStatus::from_wait_word(word)
}

impl AsFd for ProcessRef {
    /// Returns a descriptor that is readable once the process has ended.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.handle.as_fd()
    }
}
