//! The first process of a PID namespace: it reaps whoever ends, keeps how the leader ended, and
//! exits when nobody is left.
//!
//! It shares the memory, the descriptors and even the thread-local storage of the thread that made
//! it, and goes on when that thread does. So once the leader runs it may do nothing but call the
//! system, without the C library, which would write its error numbers into that thread's `errno`; and
//! touch nothing but its [`Block`]. All signals are blocked in it, so that no handler of that process
//! ever runs here: only KILL from outside ends it, and with it the kernel ends all who are inside
//! ([pid_namespaces(7)](https://man7.org/linux/man-pages/man7/pid_namespaces.7.html)).
#![expect(unsafe_code, reason = "there is no safe form of any of this")]

use std::cell::UnsafeCell;
use std::ffi::{CStr, c_int, c_void};
use std::mem::MaybeUninit;
use std::os::fd::RawFd;
use std::sync::atomic::{AtomicI32, Ordering};

use super::super::arch::{CloneArgs, clone3_call, system_call};
use super::super::clone::{Newborn, STACK, child_main};
use crate::spawn::SpawnSlot;
use crate::sys::{Failure, Stage};

/// How far the maker of init lets it go ([`Block::allowed`]).
pub const MAY_BEGIN: i32 = 1;
/// The leader has been looked at, and may be reaped.
pub const MAY_REAP: i32 = 2;

/// What init and its maker share. It outlives both the spawning and init.
#[repr(C)]
pub struct Block {
    /// What the leader is to become; null where init is only tried out. Not looked at again once
    /// `news` was given.
    pub newborn: *const Newborn<'static>,
    /// Where init says why it could not; not looked at again either.
    pub slot: *const SpawnSlot,
    /// The leader's stack.
    pub leader_stack: *mut c_void,
    /// The process that init is not to outlive.
    pub owner: RawFd,
    /// An eventfd: written when the leader runs or has failed, and when it has ended.
    pub news: RawFd,
    /// The leader's pidfd, in the table that both share.
    pub leader: AtomicI32,
    /// How far init may go.
    pub allowed: AtomicI32,
    /// Whether the leader's end is there to be read.
    pub ended: AtomicI32,
    /// Whether nobody is left but init, which is about to exit.
    pub left: AtomicI32,
    /// `si_code` and `si_status` of the leader's end.
    pub code: AtomicI32,
    /// See `code`.
    pub status: AtomicI32,
    /// What the leader used. Written once, before `ended`.
    pub usage: UnsafeCell<MaybeUninit<libc::rusage>>,
}

/// Init's life.
pub extern "C" fn init_main(block: *mut c_void) -> ! {
    // SAFETY: its maker passed a block that outlives it.
    let block = unsafe { &*block.cast::<Block>() };
    let begun = begin(block)
        .and_then(|()| start_leader(block))
        .and_then(|leader| leave_descriptors(block).map(|()| leader));
    if let Err(failure) = begun {
        // SAFETY: its maker waits for news with this slot in hand.
        unsafe { &*block.slot }.fail(failure);
    }
    give_news(block);
    if let Ok(Some(leader)) = begun {
        wait_until_allowed(block, MAY_REAP);
        reap_all(block, leader);
    }
    loop {
        call(libc::SYS_exit_group, [0; 5]);
    }
}

/// Ties init to its owner's life and gives the namespace its own view of itself.
fn begin(block: &Block) -> Result<(), Failure> {
    let kill = libc::SIGKILL as usize;
    tried(call(
        libc::SYS_prctl,
        [libc::PR_SET_PDEATHSIG as usize, kill, 0, 0, 0],
    ))?;
    call(
        libc::SYS_prctl,
        [
            libc::PR_SET_NAME as usize,
            c"pidns-init".as_ptr().expose_provenance(),
            0,
            0,
            0,
        ],
    );
    // Its parent's number is 0 from here, so whether it still lives has to be asked of its pidfd.
    let mut owner = libc::pollfd {
        fd: block.owner,
        events: libc::POLLIN,
        revents: 0,
    };
    let at_once = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    let gone = call(
        libc::SYS_ppoll,
        [
            (&raw mut owner).expose_provenance(),
            1,
            (&raw const at_once).expose_provenance(),
            0,
            0,
        ],
    );
    if gone != 0 {
        return Err(failed(Stage::ParentDeath, libc::ESRCH));
    }
    set_signals()?;
    wait_until_allowed(block, MAY_BEGIN);
    mount_proc()
}

/// Blocks what is not blocked yet, and sees to it that children leave a status.
fn set_signals() -> Result<(), Failure> {
    // The C library leaves its own two signals unblocked.
    let all = u64::MAX;
    let set = libc::SIG_SETMASK as usize;
    tried(call(
        libc::SYS_rt_sigprocmask,
        [
            set,
            (&raw const all).expose_provenance(),
            0,
            size_of::<u64>(),
            0,
        ],
    ))?;
    // Children of who ignores CHLD leave no status.
    let default = [0_u64; 8];
    let chld = libc::SIGCHLD as usize;
    tried(call(
        libc::SYS_rt_sigaction,
        [
            chld,
            default.as_ptr().expose_provenance(),
            0,
            size_of::<u64>(),
            0,
        ],
    ))
}

/// Mounts a `/proc` that shows this namespace and nothing else, for nobody outside to see.
fn mount_proc() -> Result<(), Failure> {
    let private = libc::MS_REC | libc::MS_PRIVATE;
    tried(mount(c"none", c"/", private))?;
    let plain = libc::MS_NOSUID | libc::MS_NODEV | libc::MS_NOEXEC;
    tried(mount(c"proc", c"/proc", plain))
}

fn mount(kind: &CStr, at: &CStr, flags: libc::c_ulong) -> isize {
    call(
        libc::SYS_mount,
        [
            kind.as_ptr().expose_provenance(),
            at.as_ptr().expose_provenance(),
            kind.as_ptr().expose_provenance(),
            flags as usize,
            0,
        ],
    )
}

/// Starts the leader, which borrows the memory until it executes, and returns its number in here.
fn start_leader(block: &Block) -> Result<Option<c_int>, Failure> {
    if block.newborn.is_null() {
        return Ok(None);
    }
    let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::CLONE_PIDFD;
    let args = CloneArgs {
        flags: flags as u64,
        pidfd: block.leader.as_ptr().expose_provenance() as u64,
        exit_signal: libc::SIGCHLD as u64,
        stack: block.leader_stack.expose_provenance() as u64,
        stack_size: STACK as u64,
        ..CloneArgs::default()
    };
    // SAFETY: the stack is the leader's own, and what it reads outlives its reading: its maker waits
    // for news, and it has executed or exited when this returns.
    let pid = unsafe { clone3_call(&args, child_main, block.newborn.cast_mut().cast()) };
    if pid < 0 {
        return Err(failed(Stage::Clone, -pid as c_int));
    }
    // SAFETY: as in `init_main`.
    match unsafe { &*block.slot }.raw_failure() {
        Some(failure) => Err(failure),
        None => Ok(Some(pid as c_int)),
    }
}

/// Leaves the table that was shared until now, and keeps nothing but the way to give news: else every
/// pipe of the owner's would be held open by init (Linux 5.9).
fn leave_descriptors(block: &Block) -> Result<(), Failure> {
    let unshare = libc::CLOSE_RANGE_UNSHARE as usize;
    let last = c_int::MAX as usize;
    let news = block.news as usize;
    let above = news.saturating_add(1);
    tried(call(libc::SYS_close_range, [above, last, unshare, 0, 0]))?;
    if news > 0 {
        let below = news.saturating_sub(1);
        tried(call(libc::SYS_close_range, [0, below, 0, 0, 0]))?;
    }
    Ok(())
}

/// Reaps until nobody is left. Nobody can hide: whose parent ends becomes a child of init.
fn reap_all(block: &Block, leader: c_int) {
    while let Ok(end) = reap_one(0) {
        // The number stays the leader's own until `ended`: nobody has reaped it before.
        if end.pid != leader || block.ended.load(Ordering::Relaxed) != 0 {
            continue;
        }
        // SAFETY: nobody reads it before `ended`, and nobody writes it afterwards.
        unsafe { block.usage.get().write(end.usage) };
        block.code.store(end.code, Ordering::Relaxed);
        block.status.store(end.status, Ordering::Relaxed);
        // Who learns that the leader has ended can learn at once whether it was the last.
        let is_last = loop {
            match reap_one(libc::WNOHANG) {
                Ok(End { pid: 0, .. }) => break false,
                Ok(_) => {}
                Err(()) => break true,
            }
        };
        if is_last {
            block.left.store(1, Ordering::Release);
        }
        block.ended.store(1, Ordering::Release);
        give_news(block);
    }
    block.left.store(1, Ordering::Release);
}

/// A child's end, as waitid tells it; number 0 for nobody's.
struct End {
    pid: c_int,
    code: c_int,
    status: c_int,
    usage: MaybeUninit<libc::rusage>,
}

/// Reaps a child; fails if there is none.
fn reap_one(options: c_int) -> Result<End, ()> {
    let mut info = MaybeUninit::<libc::siginfo_t>::zeroed();
    let mut usage = MaybeUninit::<libc::rusage>::zeroed();
    loop {
        let result = call(
            libc::SYS_waitid,
            [
                libc::P_ALL as usize,
                0,
                info.as_mut_ptr().expose_provenance(),
                (libc::WEXITED | options) as usize,
                usage.as_mut_ptr().expose_provenance(),
            ],
        );
        if result == -(libc::EINTR as isize) {
            continue;
        }
        if result != 0 {
            return Err(());
        }
        // SAFETY: it was zeroed, which is valid, and the kernel has written a child's end there.
        let (info, pid, status) = unsafe {
            let info = info.assume_init();
            (info, info.si_pid(), info.si_status())
        };
        return Ok(End {
            pid,
            code: info.si_code,
            status,
            usage,
        });
    }
}

fn give_news(block: &Block) {
    let one = 1_u64;
    call(
        libc::SYS_write,
        [
            block.news as usize,
            (&raw const one).expose_provenance(),
            size_of::<u64>(),
            0,
            0,
        ],
    );
}

fn wait_until_allowed(block: &Block, step: i32) {
    loop {
        let allowed = block.allowed.load(Ordering::Acquire);
        if allowed >= step {
            return;
        }
        let wait = libc::FUTEX_WAIT | libc::FUTEX_PRIVATE_FLAG;
        call(
            libc::SYS_futex,
            [
                block.allowed.as_ptr().expose_provenance(),
                wait as usize,
                allowed as usize,
                0,
                0,
            ],
        );
    }
}

fn call(number: libc::c_long, arguments: [usize; 5]) -> isize {
    // SAFETY: every caller here passes numbers, or addresses of what lives as long as the call.
    unsafe { system_call(number as isize, arguments) }
}

fn tried(result: isize) -> Result<(), Failure> {
    if result < 0 {
        Err(failed(Stage::Containment, -result as c_int))
    } else {
        Ok(())
    }
}

fn failed(stage: Stage, errno: c_int) -> Failure {
    Failure {
        stage,
        errno,
        detail: 0,
    }
}
