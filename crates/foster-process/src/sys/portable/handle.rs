#![expect(
    unsafe_code,
    reason = "kill of a group, and wait4, have no safe wrapper"
)]

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use rustix::process::{Pid, WaitId, WaitIdOptions};

use super::tree::is_own_child;
use super::{events, poller, system};
use crate::exit_status::ExitStatus;
use crate::identity::ProcessIdentity;
use crate::signal::Signal;
use crate::sys::usage_of;
use crate::usage::Ended;

/// A number, trusted only while it is an unreaped child's or its start time fits.
#[derive(Debug)]
pub struct ProcessHandle {
    pid: i32,
}

fn gone() -> io::Error {
    io::Error::from_raw_os_error(libc::ESRCH)
}

impl ProcessHandle {
    /// Returns the handle of the process that has this number now.
    pub fn open(pid: i32) -> io::Result<Self> {
        events::prepare()?;
        let known = Pid::from_raw(pid).ok_or_else(gone)?;
        match rustix::process::test_kill_process(known) {
            // A zombie of another's is there and can't be asked; it counts as there.
            Ok(()) | Err(rustix::io::Errno::PERM) => Ok(Self { pid }),
            Err(error) => Err(error.into()),
        }
    }

    /// Returns another handle of the same process.
    #[expect(
        clippy::unnecessary_wraps,
        reason = "on Linux a descriptor may be wanting"
    )]
    pub fn try_clone(&self) -> io::Result<Self> {
        Ok(Self { pid: self.pid })
    }

    /// Returns nothing: no number here is used only once.
    #[expect(clippy::unused_self, reason = "other systems look at it")]
    pub fn unique(&self) -> Option<u64> {
        None
    }

    /// Returns nothing: who was reaped has told nobody else.
    #[expect(clippy::unused_self, reason = "Linux looks at it")]
    pub fn end_after_reap(&self) -> Option<ExitStatus> {
        None
    }

    /// Sends a signal to it.
    pub fn signal(&self, identity: &ProcessIdentity, signal: Signal) -> io::Result<()> {
        if !is_own_child(self.pid) {
            let wanted = identity.start_time.ok_or(io::ErrorKind::Unsupported)?;
            let seen = system::process_stat(self.pid).map_err(|_| gone())?;
            if seen.start_time != Some(wanted) {
                return Err(gone());
            }
        }
        kill(self.pid, signal)
    }

    /// Returns whether its number is taken. It is asked right after the number was read.
    pub fn is_there(&self) -> bool {
        Self::open(self.pid).is_ok()
    }

    /// Sends a signal to the group that it leads.
    ///
    /// # Errors
    /// `Unsupported` unless it is a child of ours that is not reaped: only then is the group's number
    /// certain to be its own.
    pub fn signal_group(&self, signal: Signal) -> io::Result<()> {
        if !is_own_child(self.pid) {
            return Err(io::ErrorKind::Unsupported.into());
        }
        kill(-self.pid, signal)
    }

    /// Returns how it ended, and reaps it if told to; `None` while it runs. What it used is told only
    /// to who reaps it.
    pub fn wait(&self, _: i32, reap: bool) -> io::Result<Option<Ended>> {
        if reap {
            return self.reap();
        }
        let pid = Pid::from_raw(self.pid).ok_or_else(gone)?;
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        let Some(status) = rustix::process::waitid(WaitId::Pid(pid), options)? else {
            return Ok(None);
        };
        let ended = match (status.exit_status(), status.terminating_signal()) {
            (Some(code), _) => Some(ExitStatus::Code(code)),
            (None, Some(number)) => {
                let signal = Signal::from_kernel(number);
                Some(ExitStatus::Signal {
                    signal,
                    core_dumped: status.dumped(),
                })
            }
            (None, None) => None,
        };
        Ok(ended.map(|status| Ended {
            status,
            usage: None,
        }))
    }

    /// Waits until this child has ended, without reaping it. The kernel wakes each of several threads that
    /// wait so, which the one pipe for all children doesn't.
    pub fn await_end(&self, identity: &ProcessIdentity) -> io::Result<Ended> {
        let pid = Pid::from_raw(self.pid).ok_or_else(gone)?;
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        loop {
            rustix::io::retry_on_intr(|| rustix::process::waitid(WaitId::Pid(pid), options))?;
            if let Some(ended) = self.wait(identity.pid, false)? {
                return Ok(ended);
            }
        }
    }

    /// Fails: one pipe stands for all children, and is emptied by whoever looks first.
    #[cfg(feature = "tokio")]
    #[expect(clippy::unused_self, reason = "on Linux each has its own")]
    pub fn end_descriptor(&self) -> io::Result<BorrowedFd<'_>> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn reap(&self) -> io::Result<Option<Ended>> {
        let mut word = 0;
        let mut usage = MaybeUninit::<libc::rusage>::zeroed();
        // SAFETY: plain numbers, and both structures are the kernel's to write.
        let reaped =
            unsafe { libc::wait4(self.pid, &raw mut word, libc::WNOHANG, usage.as_mut_ptr()) };
        match reaped {
            -1 => Err(io::Error::last_os_error()),
            0 => Ok(None),
            _ => {
                // SAFETY: it was zeroed, which is valid, and the kernel has written it.
                let usage = usage_of(&unsafe { usage.assume_init() });
                let status = ExitStatus::from_wait_word(word);
                Ok(status.map(|status| Ended {
                    status,
                    usage: Some(usage),
                }))
            }
        }
    }

    /// Waits until this child has ended, and reaps it.
    pub fn wait_ended_and_reap(&self) -> io::Result<()> {
        let pid = Pid::from_raw(self.pid).ok_or_else(gone)?;
        rustix::io::retry_on_intr(|| {
            rustix::process::waitid(WaitId::Pid(pid), WaitIdOptions::EXITED)
        })?;
        Ok(())
    }

    /// Waits until it has ended. Another's end than a child's wakes nobody: it is seen when the time
    /// is over, and waiting for it without a limit is refused.
    pub fn wait_ended(
        &self,
        identity: &ProcessIdentity,
        at_most: Option<Duration>,
    ) -> io::Result<bool> {
        let due = at_most.and_then(|limit| Instant::now().checked_add(limit));
        loop {
            let is_child = is_own_child(self.pid);
            let over = if is_child {
                self.wait(self.pid, false)?.is_some()
            } else {
                let stat = system::process_stat(self.pid);
                stat.map_or(true, |stat| {
                    stat.is_dead() || stat.start_time != identity.start_time
                })
            };
            let left = due.map(|due| due.saturating_duration_since(Instant::now()));
            if over || left == Some(Duration::ZERO) {
                return Ok(over);
            }
            if !is_child && left.is_none() {
                return Err(io::ErrorKind::Unsupported.into());
            }
            poller::wait_any(&[self.as_fd()], None, left.unwrap_or(Duration::MAX))?;
        }
    }
}

fn kill(target: i32, signal: Signal) -> io::Result<()> {
    // SAFETY: plain numbers, checked by the callers a moment ago.
    let failed = unsafe { libc::kill(target, signal.number()) } != 0;
    if failed {
        Err(io::Error::last_os_error())
    } else {
        Ok(())
    }
}

impl AsFd for ProcessHandle {
    /// Returns a descriptor that is readable when some child of ours has changed: look again.
    fn as_fd(&self) -> BorrowedFd<'_> {
        events::descriptor()
    }
}
