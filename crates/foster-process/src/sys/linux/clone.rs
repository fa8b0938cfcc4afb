//! Starting a process without copying this one's memory.
//!
//! `posix_spawn` would do that too, but it knows neither control groups nor the parent's death, and
//! a `pre_exec` closure makes std leave it for a fork, twenty times slower in a parent of 1 GB. So
//! this is what glibc's `posix_spawn` does inside, with `clone3`: the child borrows the parent's
//! memory (`CLONE_VM`) on a stack of its own while the parent sleeps (`CLONE_VFORK`).
#![expect(
    unsafe_code,
    reason = "clone3, and what a child may do before exec, have no safe form"
)]

use std::ffi::{c_int, c_void};
use std::io;
use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd, RawFd};
use std::sync::atomic::{AtomicPtr, Ordering};

use rustix::mm::{MapFlags, ProtFlags};

use super::arch::{self, CloneArgs};
use super::dumpable::Dumpable;
use super::{Cgroup, ProcessHandle};
use crate::spawn::{Credentials, RawPlan, SpawnSlot};
use crate::sys::blocked::BlockedSignals;
use crate::sys::child::{Child, check};
use crate::sys::{Failure, Stage};

/// Enough for what a child does before exec.
pub const STACK: usize = 64 * 1024;

/// What the child reads. All of it was made before the clone: the child must not allocate.
pub struct Newborn<'a> {
    child: Child<'a>,
    parent_death: Option<c_int>,
    /// Who its parent is, as it sees that itself.
    parent: libc::pid_t,
    /// Where to write "0" to enter the control group, when clone itself could not do that.
    cgroup_procs: Option<RawFd>,
    /// Where it leaves why it failed.
    pub slot: &'a SpawnSlot,
}

/// Starts a process, in the leaf if there is one, and returns its number and a handle on it.
pub fn spawn_process(
    plan: &RawPlan<'_>,
    cgroup: Option<&Cgroup>,
    slot: &SpawnSlot,
) -> Result<(i32, ProcessHandle), Failure> {
    slot.clear();
    let clone_failed = |error: io::Error| Failure::of(Stage::Clone, &error);
    let stack = Stack::new().map_err(clone_failed)?;
    let blocked = BlockedSignals::all().map_err(clone_failed)?;
    let another = plan.credentials != Credentials::default();
    let dumpable = another.then(Dumpable::keep);
    let mut child = Newborn::new(plan, slot, &blocked, std::process::id() as libc::pid_t);
    let started = match clone3(&stack, &mut child, cgroup) {
        // Seccomp profiles from before 2021 forbid clone3, some with the wrong error.
        Err(error) if matches!(error.raw_os_error(), Some(libc::ENOSYS | libc::EPERM)) => {
            clone_as_before(&stack, &mut child, cgroup)
        }
        result => result,
    };
    drop(dumpable);
    drop(blocked);
    let (pid, handle) = started.map_err(clone_failed)?;
    let Some(failure) = slot.raw_failure() else {
        return Ok((pid, handle));
    };
    // It has only exited, at once; nobody else could want its status.
    let _ = rustix::process::waitpid(
        rustix::process::Pid::from_raw(pid),
        rustix::process::WaitOptions::empty(),
    );
    slot.pid.store(0, Ordering::SeqCst);
    Err(failure)
}

impl<'a> Newborn<'a> {
    /// Returns what the child of `parent` will need.
    pub fn new(
        plan: &'a RawPlan<'_>,
        slot: &'a SpawnSlot,
        blocked: &BlockedSignals,
        parent: libc::pid_t,
    ) -> Self {
        Self {
            child: Child::new(plan, blocked),
            parent_death: plan.parent_death.map(crate::Signal::number),
            parent,
            cgroup_procs: None,
            slot,
        }
    }
}

fn clone3(
    stack: &Stack,
    child: &mut Newborn<'_>,
    cgroup: Option<&Cgroup>,
) -> io::Result<(i32, ProcessHandle)> {
    const INTO_CGROUP: u64 = 0x2_0000_0000;
    let mut pidfd: c_int = -1;
    let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::CLONE_PIDFD | libc::CLONE_PARENT_SETTID;
    let mut args = CloneArgs {
        flags: flags as u64,
        pidfd: (&raw mut pidfd).expose_provenance() as u64,
        parent_tid: child.slot.pid.as_ptr().expose_provenance() as u64,
        exit_signal: libc::SIGCHLD as u64,
        stack: stack.base.expose_provenance() as u64,
        stack_size: STACK as u64,
        ..CloneArgs::default()
    };
    if let Some(cgroup) = cgroup {
        args.flags |= INTO_CGROUP;
        args.cgroup = cgroup.directory().as_raw_fd() as u64;
    }
    // SAFETY: the stack is mapped and unused, `args` has the kernel's layout, and the pointers in it
    // stay valid while this thread sleeps, which is until the child has executed or exited.
    let pid = unsafe { arch::clone3_call(&args, child_main, (&raw mut *child).cast()) };
    if pid < 0 {
        return Err(io::Error::from_raw_os_error(-pid as i32));
    }
    // SAFETY: the kernel has just opened it for us.
    let pidfd = unsafe { OwnedFd::from_raw_fd(pidfd) };
    Ok((pid as i32, ProcessHandle::from_fd(pidfd)))
}

/// The same by `clone(2)`: the child enters the control group itself, before exec.
fn clone_as_before(
    stack: &Stack,
    child: &mut Newborn<'_>,
    cgroup: Option<&Cgroup>,
) -> io::Result<(i32, ProcessHandle)> {
    let procs = cgroup.map(|c| {
        std::fs::File::options()
            .write(true)
            .open(c.path().join("cgroup.procs"))
    });
    let procs = procs.transpose()?;
    child.cgroup_procs = procs.as_ref().map(std::fs::File::as_raw_fd);
    let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::CLONE_PARENT_SETTID | libc::SIGCHLD;
    // SAFETY: the stack grows down from the top that is passed, nobody else uses it, and `child`
    // outlives the child's use of it because this thread sleeps until exec or exit.
    let pid = unsafe {
        libc::clone(
            child_entry,
            stack.base.byte_add(STACK),
            flags,
            (&raw mut *child).cast(),
            child.slot.pid.as_ptr(),
        )
    };
    if pid < 0 {
        return Err(io::Error::last_os_error());
    }
    // It is a child that nobody has reaped, so the number is still its own.
    Ok((pid, crate::sys::open_child(pid)?))
}

extern "C" fn child_entry(child: *mut c_void) -> c_int {
    child_main(child)
}

/// The child's life between clone and exec. It shares the parent's memory: it may only call the
/// system, and leaves why it failed in the slot.
pub extern "C" fn child_main(child: *mut c_void) -> ! {
    // SAFETY: the parent passed its `Newborn`, and sleeps.
    let child = unsafe { &*child.cast::<Newborn<'_>>() };
    let failure = match prepare(child) {
        Ok(()) => child.child.execute(),
        Err(failure) => failure,
    };
    child.slot.fail(failure);
    // SAFETY: ends this process without running anything of its parent's.
    unsafe { libc::_exit(127) }
}

fn prepare(newborn: &Newborn<'_>) -> Result<(), Failure> {
    let child = &newborn.child;
    enter_cgroup(newborn)?;
    child.make_session()?;
    child.set_priorities()?;
    child.move_sources()?;
    if child.close_others {
        close_rest_on_exec();
    }
    child.place_descriptors()?;
    child.set_limits()?;
    child.change_user()?;
    // Who becomes another is untied by that.
    tie_to_parent(newborn)?;
    child.change_directory()?;
    child.reset_signals()
}

fn enter_cgroup(child: &Newborn<'_>) -> Result<(), Failure> {
    // SAFETY: an open descriptor and one byte of static memory.
    let enter = |fd| unsafe { libc::write(fd, b"0".as_ptr().cast(), 1) } == 1;
    check(child.cgroup_procs.is_none_or(enter), Stage::Containment)
}

fn tie_to_parent(child: &Newborn<'_>) -> Result<(), Failure> {
    let Some(signal) = child.parent_death else {
        return Ok(());
    };
    // SAFETY: plain numbers. The parent sleeps in clone, so it can have died only by SIGKILL; then
    // the wish came too late, and the child must see to it itself.
    let tied = unsafe {
        libc::prctl(libc::PR_SET_PDEATHSIG, signal, 0, 0, 0) == 0
            && (libc::getppid() == child.parent || libc::raise(signal) == 0)
    };
    check(tied, Stage::ParentDeath)
}

/// Marks all but the streams to be closed by exec. Before the further descriptors are put into their
/// places, which unmarks those. Where the call is missing (before Linux 5.11) those of Foster are
/// marked already, each at its opening.
fn close_rest_on_exec() {
    // SAFETY: only marks descriptors.
    unsafe {
        libc::syscall(
            libc::SYS_close_range,
            3,
            libc::c_uint::MAX,
            libc::CLOSE_RANGE_CLOEXEC,
        )
    };
}

/// Where a child lives until exec. The newest is kept for the next: to map, touch and unmap one costs as
/// much as ten system calls.
struct Stack {
    base: *mut c_void,
}

/// A stack that nobody uses, or null.
static SPARE: AtomicPtr<c_void> = AtomicPtr::new(std::ptr::null_mut());

impl Stack {
    fn new() -> io::Result<Self> {
        let spare = SPARE.swap(std::ptr::null_mut(), Ordering::AcqRel);
        if !spare.is_null() {
            return Ok(Self { base: spare });
        }
        let protection = ProtFlags::READ | ProtFlags::WRITE;
        // SAFETY: a new mapping at an address of the kernel's choice.
        let base = unsafe {
            rustix::mm::mmap_anonymous(std::ptr::null_mut(), STACK, protection, MapFlags::PRIVATE)
        }?;
        Ok(Self { base })
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        let none = std::ptr::null_mut();
        let kept = SPARE.compare_exchange(none, self.base, Ordering::AcqRel, Ordering::Relaxed);
        if kept.is_err() {
            // SAFETY: mapped by `new`; the child has executed or exited and needs it no more.
            let _ = unsafe { rustix::mm::munmap(self.base, STACK) };
        }
    }
}
