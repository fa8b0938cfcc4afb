//! A PID namespace: the kernel itself ends all who are inside when its first process ends.
//!
//! That first process is no program of its own: it is made by `clone3` with this process's memory, and
//! at first its descriptors (`CLONE_VM | CLONE_FILES`), so nothing is copied, nothing has to be
//! installed, and the leader's start is told through memory. What that costs: whoever looks for users of much memory
//! finds init with as much as its owner, and an out-of-memory kill of one is one of both.
#![expect(
    unsafe_code,
    reason = "memory and descriptors shared with another process have no safe form"
)]

mod init;
mod leader;
mod making;

use std::io;
use std::os::fd::{AsFd, BorrowedFd, FromRawFd as _, OwnedFd};
use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec};
use rustix::process::{Pid, PidfdFlags, WaitId, WaitIdOptions};

use self::init::{Block, MAY_BEGIN, MAY_REAP};
pub use self::leader::Leader;
use self::making::{clone_init, map_block, may_mount, pid_of, unmap, write_maps};
use super::ProcessHandle;
use super::clone::Newborn;
use crate::spawn::{RawPlan, SpawnSlot};
use crate::sys::blocked::BlockedSignals;
use crate::sys::{Failure, Stage};

const AT_ONCE: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 0,
};

/// The kernel takes some milliseconds to take a namespace down; more, and init was stopped.
const LAST_MOMENT: Timespec = Timespec {
    tv_sec: 1,
    tv_nsec: 0,
};

/// A PID namespace that was made by this process, and holds one tree.
#[derive(Debug)]
pub struct PidNamespace {
    block: NonNull<Block>,
    init: OwnedFd,
    pid: i32,
    news: OwnedFd,
}

// SAFETY: the block's fields are atomics, or are written once by init before `ended` is set and read
// only after that, or are not looked at by who holds this.
unsafe impl Send for PidNamespace {}
// SAFETY: the same.
unsafe impl Sync for PidNamespace {}

impl PidNamespace {
    /// Says whether one can be made here, by making one that nobody enters.
    pub fn probe() -> io::Result<()> {
        let slot = SpawnSlot::default();
        let blocked = BlockedSignals::all()?;
        let made = Self::make(std::ptr::null(), &slot);
        drop(blocked);
        made.map(|made| made.abandon())
            .map_err(|failure| failure.error())
    }

    /// Returns the number of its first process, as it is out here.
    pub fn init_pid(&self) -> i32 {
        self.pid
    }

    /// Returns a descriptor that is readable once nobody is left in it.
    pub fn as_fd(&self) -> BorrowedFd<'_> {
        self.init.as_fd()
    }

    /// Returns whether its first process has not ended: then its number is nobody else's.
    pub fn runs(&self) -> bool {
        matches!(is_readable_within(self.as_fd(), &AT_ONCE), Ok(false))
    }

    /// Returns whether nobody is left in it. Its first process is reaped then.
    ///
    /// Once the others are gone that one is about to be: it is waited for, some milliseconds, since who
    /// ends a tree would otherwise find it alive and nobody to signal.
    pub fn is_over(&self) -> io::Result<bool> {
        let is_left = self.block().left.load(Ordering::Acquire) != 0;
        let at_most = if is_left { LAST_MOMENT } else { AT_ONCE };
        let over = is_readable_within(self.init.as_fd(), &at_most)?;
        if over {
            // It fails if it was reaped already, which is as good.
            let reap = WaitIdOptions::EXITED | WaitIdOptions::NOHANG;
            let _ = rustix::process::waitid(WaitId::PidFd(self.init.as_fd()), reap);
        }
        Ok(over)
    }

    /// Ends all who are in it: KILL goes to its first process, and the kernel sends it to the others.
    pub fn kill(&self) -> io::Result<()> {
        match rustix::process::pidfd_send_signal(&self.init, rustix::process::Signal::KILL) {
            Ok(()) | Err(rustix::io::Errno::SRCH) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn block(&self) -> &Block {
        // SAFETY: it is mapped until drop, and was written before anybody could have `self`.
        unsafe { self.block.as_ref() }
    }

    /// Makes the namespace, and returns once init has started its leader, if it has one. What the
    /// arguments point to is not looked at afterwards. All signals must be blocked: init inherits that.
    fn make(newborn: *const Newborn<'static>, slot: &SpawnSlot) -> Result<Self, Failure> {
        let failed = |error: io::Error| Failure::of(Stage::Containment, &error);
        let own = Pid::from_raw(std::process::id() as i32);
        let owner = own.ok_or(rustix::io::Errno::SRCH);
        let owner = owner.and_then(|own| rustix::process::pidfd_open(own, PidfdFlags::empty()));
        let owner = owner.map_err(|error| failed(error.into()))?;
        let news = rustix::event::eventfd(0, EventfdFlags::CLOEXEC);
        let news = news.map_err(|error| failed(error.into()))?;
        let block = map_block(newborn, slot, &owner, &news).map_err(failed)?;
        let as_root = may_mount();
        let (pid, init) = clone_init(block, as_root).map_err(|error| {
            // SAFETY: mapped a moment ago, and nobody was made to use it.
            unsafe { unmap(block) };
            failed(error)
        })?;
        let made = Self {
            block,
            init,
            pid,
            news,
        };
        match made.begin(as_root, slot) {
            Ok(()) => Ok(made),
            Err(failure) => {
                made.abandon();
                Err(failure)
            }
        }
    }

    /// Lets init begin, and waits until its leader runs.
    fn begin(&self, as_root: bool, slot: &SpawnSlot) -> Result<(), Failure> {
        let failed = |error: io::Error| Failure::of(Stage::Containment, &error);
        if !as_root {
            write_maps(self.pid).map_err(failed)?;
        }
        self.allow(MAY_BEGIN);
        let told = poll_any([self.news.as_fd(), self.init.as_fd()]).map_err(failed)?;
        if let Some(failure) = slot.raw_failure() {
            return Err(failure);
        }
        if !told[0] {
            return Err(failed(io::Error::from_raw_os_error(libc::ESRCH)));
        }
        let mut count = [0; 8];
        rustix::io::read(&self.news, &mut count).map_err(|error| failed(error.into()))?;
        Ok(())
    }

    /// Ends what has no leader, and reaps its init.
    fn abandon(&self) {
        // Neither can fail for a child of ours that nobody else knows of.
        let _ = self.kill();
        let init = WaitId::PidFd(self.init.as_fd());
        let _ = rustix::io::retry_on_intr(|| {
            rustix::process::waitid(init.clone(), WaitIdOptions::EXITED)
        });
        drop(self.take_leader());
    }

    /// Returns the leader's pidfd, once.
    fn take_leader(&self) -> Option<OwnedFd> {
        let fd = self.block().leader.swap(-1, Ordering::SeqCst);
        // SAFETY: the kernel has opened it in the table that is ours too, and only this takes it.
        (fd >= 0).then(|| unsafe { OwnedFd::from_raw_fd(fd) })
    }

    fn allow(&self, step: i32) {
        let allowed = &self.block().allowed;
        allowed.store(step, Ordering::Release);
        let wake = libc::FUTEX_WAKE | libc::FUTEX_PRIVATE_FLAG;
        // SAFETY: the word is mapped; waking nobody is fine.
        unsafe { libc::syscall(libc::SYS_futex, allowed.as_ptr(), wake, 1) };
    }
}

impl Drop for PidNamespace {
    /// Leaves the tree alone, and so its memory as long as its init is there.
    fn drop(&mut self) {
        if self.is_over().unwrap_or(false) {
            // SAFETY: init has ended, nobody else has the block's address, and this is the last use.
            unsafe { unmap(self.block) };
        }
    }
}

/// Starts a process as the leader of a PID namespace of its own, and returns its number out here.
///
/// Init dies with the *thread* that calls this, not only with the process: so the kernel has it
/// ([PR_SET_PDEATHSIG](https://man7.org/linux/man-pages/man2/PR_SET_PDEATHSIG.2const.html)). The
/// slot's pid is written when the leader runs, not before.
pub fn spawn_in_namespace(
    plan: &RawPlan<'_>,
    slot: &SpawnSlot,
) -> Result<(i32, ProcessHandle, Arc<PidNamespace>), Failure> {
    const INIT: libc::pid_t = 1;
    slot.clear();
    let failed = |error: io::Error| Failure::of(Stage::Containment, &error);
    let blocked = BlockedSignals::all().map_err(failed)?;
    let newborn = Newborn::new(plan, slot, &blocked, INIT);
    let made = PidNamespace::make((&raw const newborn).cast(), slot);
    drop(blocked);
    let namespace = made?;
    let found = namespace
        .take_leader()
        .ok_or_else(|| io::ErrorKind::NotFound.into())
        .and_then(|leader| Ok((pid_of(leader.as_fd())?, leader)));
    let (pid, leader) = found.map_err(|error: io::Error| {
        namespace.abandon();
        failed(error)
    })?;
    slot.pid.store(pid, Ordering::SeqCst);
    let namespace = Arc::new(namespace);
    let handle = ProcessHandle::of_leader(leader, Leader::new(Arc::clone(&namespace)));
    Ok((pid, handle, namespace))
}

impl PidNamespace {
    /// Lets init reap: the leader's number and start time have been looked at.
    pub fn let_reap(&self) {
        self.allow(MAY_REAP);
    }
}

/// Waits until one of these is readable, and returns which are.
fn poll_any(fds: [BorrowedFd<'_>; 2]) -> io::Result<[bool; 2]> {
    let mut polled = fds.each_ref().map(|fd| PollFd::new(fd, PollFlags::IN));
    rustix::io::retry_on_intr(|| rustix::event::poll(&mut polled, None))?;
    Ok(polled.each_ref().map(|fd| !fd.revents().is_empty()))
}

fn is_readable(fd: BorrowedFd<'_>) -> io::Result<bool> {
    is_readable_within(fd, &AT_ONCE)
}

fn is_readable_within(fd: BorrowedFd<'_>, at_most: &Timespec) -> io::Result<bool> {
    let mut polled = [PollFd::new(&fd, PollFlags::IN)];
    let ready = rustix::io::retry_on_intr(|| rustix::event::poll(&mut polled, Some(at_most)))?;
    Ok(ready > 0)
}
