#![expect(
    unsafe_code,
    reason = "pidfd_send_signal with flags, and waitid with usage, have no safe wrapper"
)]

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd, OwnedFd};
use std::sync::OnceLock;
use std::time::Duration;

use rustix::process::{Pid, PidfdFlags};

use super::namespace::Leader;
use super::poller::wait_any;
use crate::exit_status::ExitStatus;
use crate::identity::ProcessIdentity;
use crate::signal::Signal;
use crate::sys::usage_of;
use crate::usage::Ended;

/// `PIDFD_SIGNAL_PROCESS_GROUP` (Linux 6.9, include/uapi/linux/pidfd.h).
const TO_GROUP: libc::c_uint = 1 << 2;

/// A pidfd: one process, never its successor.
#[derive(Debug)]
pub struct ProcessHandle {
    fd: OwnedFd,
    /// What tells its end, if it leads a PID namespace: then it is no child of ours.
    leader: Option<Leader>,
}

impl ProcessHandle {
    /// Returns the handle of the process that has this number now.
    pub fn open(pid: i32) -> io::Result<Self> {
        let pid = Pid::from_raw(pid).ok_or_else(|| io::Error::from_raw_os_error(libc::ESRCH))?;
        Ok(Self::from_fd(rustix::process::pidfd_open(
            pid,
            PidfdFlags::empty(),
        )?))
    }

    /// Wraps a pidfd that clone gave.
    pub fn from_fd(fd: OwnedFd) -> Self {
        Self { fd, leader: None }
    }

    /// Wraps the pidfd of a PID namespace's leader.
    pub fn of_leader(fd: OwnedFd, leader: Leader) -> Self {
        Self {
            fd,
            leader: Some(leader),
        }
    }

    /// Returns another handle of the same process.
    pub fn try_clone(&self) -> io::Result<Self> {
        Ok(Self {
            fd: self.fd.try_clone()?,
            leader: self.leader.clone(),
        })
    }

    /// Returns the pidfd's inode if the kernel gives each process one for good (pidfs, Linux 6.9);
    /// before that all pidfds share one anonymous inode, which tells nothing.
    pub fn unique(&self) -> Option<u64> {
        const PIDFS_MAGIC: u64 = 0x5049_4446;
        // The kernel has it or not.
        static IS_PIDFS: OnceLock<bool> = OnceLock::new();
        let is_pidfs = if let Some(known) = IS_PIDFS.get() {
            *known
        } else {
            let filesystem = rustix::fs::fstatfs(&self.fd).ok()?;
            *IS_PIDFS.get_or_init(|| filesystem.f_type as u64 == PIDFS_MAGIC)
        };
        is_pidfs
            .then(|| rustix::fs::fstat(&self.fd).ok().map(|stat| stat.st_ino))
            .flatten()
    }

    /// Sends a signal to it.
    pub fn signal(&self, _: &ProcessIdentity, signal: Signal) -> io::Result<()> {
        self.send(signal.number(), 0)
    }

    /// Sends a signal to the group that it leads or led; `ESRCH` if that group is empty, whoever
    /// has its number now.
    pub fn signal_group(&self, signal: Signal) -> io::Result<()> {
        self.send(signal.number(), TO_GROUP)
            .map_err(|error| match error.raw_os_error() {
                Some(libc::EINVAL) => io::ErrorKind::Unsupported.into(),
                _ => error,
            })
    }

    /// Returns whether the kernel can signal a group through a pidfd, without signalling anybody.
    pub fn can_signal_groups(&self) -> bool {
        const NOTHING: i32 = 0;
        self.send(NOTHING, TO_GROUP)
            .map_or_else(|e| e.raw_os_error() == Some(libc::ESRCH), |()| true)
    }

    /// Returns whether it is there still, a zombie counted: then its number is nobody else's.
    pub fn is_there(&self) -> bool {
        const NOBODY: i32 = 0;
        self.send(NOBODY, 0)
            .map_or_else(|e| e.raw_os_error() == Some(libc::EPERM), |()| true)
    }

    fn send(&self, number: i32, flags: libc::c_uint) -> io::Result<()> {
        // SAFETY: the descriptor is open, and a null siginfo asks the kernel to fill in its own.
        let sent = unsafe {
            libc::syscall(
                libc::SYS_pidfd_send_signal,
                self.fd.as_raw_fd(),
                number,
                std::ptr::null::<libc::siginfo_t>(),
                flags,
            )
        };
        if sent == 0 {
            Ok(())
        } else {
            Err(io::Error::last_os_error())
        }
    }

    /// Returns how it ended, and reaps it if told to; `None` while it runs.
    ///
    /// The system call itself, not its wrapper: it has a fifth argument, what the process used, which
    /// is told also to who does not reap it ([waitid(2)](https://man7.org/linux/man-pages/man2/waitid.2.html)).
    pub fn wait(&self, _: i32, reap: bool) -> io::Result<Option<Ended>> {
        let keep = if reap { 0 } else { libc::WNOWAIT };
        match &self.leader {
            Some(leader) => leader.wait(self.fd.as_fd(), reap),
            None => self.waitid(libc::WNOHANG | keep),
        }
    }

    /// Waits until it has ended, without reaping it. Of a child of ours one call both waits and tells,
    /// and needs nothing to be registered.
    pub fn await_end(&self, identity: &ProcessIdentity) -> io::Result<Ended> {
        loop {
            let ended = if self.leader.is_some() {
                self.wait_ended(identity, None)?;
                self.wait(identity.pid, false)
            } else {
                self.waitid(libc::WNOWAIT)
            };
            match ended {
                Ok(Some(ended)) => return Ok(ended),
                Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(error),
                _ => {}
            }
        }
    }

    /// Returns a descriptor that is readable once it has ended, and not before.
    #[cfg(feature = "tokio")]
    #[expect(
        clippy::unnecessary_wraps,
        reason = "other systems have no descriptor for one process"
    )]
    pub fn end_descriptor(&self) -> io::Result<BorrowedFd<'_>> {
        Ok(self.as_fd())
    }

    /// Returns how it ended, if it was reaped and the kernel keeps that for who holds it (Linux 6.15,
    /// `PIDFD_INFO_EXIT` of [ioctl_pidfd](https://docs.kernel.org/filesystems/pidfs.html)).
    pub fn end_after_reap(&self) -> Option<ExitStatus> {
        let mut info = MaybeUninit::<libc::pidfd_info>::zeroed();
        let wanted = u64::from(libc::PIDFD_INFO_EXIT);
        // SAFETY: the descriptor is open; the structure is zeroed, which is valid, and of the size
        // that the request's number holds.
        let info = unsafe {
            (*info.as_mut_ptr()).mask = wanted;
            let fd = self.fd.as_raw_fd();
            if libc::ioctl(fd, libc::PIDFD_GET_INFO, info.as_mut_ptr()) != 0 {
                return None;
            }
            info.assume_init()
        };
        // The kernel leaves a bit set for each field that it has filled in.
        (info.mask & wanted != 0)
            .then(|| ExitStatus::from_wait_word(info.exit_code))
            .flatten()
    }

    fn waitid(&self, options: libc::c_int) -> io::Result<Option<Ended>> {
        let mut info = MaybeUninit::<libc::siginfo_t>::zeroed();
        let mut usage = MaybeUninit::<libc::rusage>::zeroed();
        // SAFETY: the descriptor is open, and both structures are the kernel's to write.
        let failed = unsafe {
            libc::syscall(
                libc::SYS_waitid,
                libc::P_PIDFD,
                self.fd.as_raw_fd(),
                info.as_mut_ptr(),
                libc::WEXITED | options,
                usage.as_mut_ptr(),
            )
        } != 0;
        if failed {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: both were zeroed, which is valid, and the kernel has written what it knows; a
        // `siginfo_t` of waitid holds a pid and a status.
        let (info, pid, status, usage) = unsafe {
            let info = info.assume_init();
            (info, info.si_pid(), info.si_status(), usage.assume_init())
        };
        let ended = ExitStatus::from_child_info(info.si_code, status).map(|status| Ended {
            status,
            usage: Some(usage_of(&usage)),
        });
        Ok(ended.filter(|_| pid != 0))
    }

    /// Waits until it has ended.
    pub fn wait_ended(&self, _: &ProcessIdentity, at_most: Option<Duration>) -> io::Result<bool> {
        wait_any(&[self.fd.as_fd()], None, at_most.unwrap_or(Duration::MAX))?;
        let mut fds = [rustix::event::PollFd::new(
            &self.fd,
            rustix::event::PollFlags::IN,
        )];
        let now = rustix::event::Timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        Ok(rustix::event::poll(&mut fds, Some(&now))? > 0)
    }
}

impl AsFd for ProcessHandle {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}
