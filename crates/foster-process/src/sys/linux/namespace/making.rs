#![expect(
    unsafe_code,
    reason = "clone3, and memory shared with another process, have no safe form"
)]

use std::ffi::{c_int, c_void};
use std::fs;
use std::io;
use std::os::fd::{AsRawFd as _, BorrowedFd, FromRawFd as _, OwnedFd};
use std::ptr::NonNull;

use rustix::mm::{MapFlags, ProtFlags};

use super::super::arch::{CloneArgs, clone3_call};
use super::super::clone::{Newborn, STACK};
use super::init::{Block, init_main};
use crate::spawn::SpawnSlot;

const PAGE: usize = 4096;

/// The block, init's stack, the leader's stack.
const MAPPED: usize = PAGE + STACK + STACK;

/// Makes init, and returns its number and its pidfd.
pub fn clone_init(block: NonNull<Block>, as_root: bool) -> io::Result<(i32, OwnedFd)> {
    let mut pidfd: c_int = -1;
    let mut flags = libc::CLONE_VM
        | libc::CLONE_FILES
        | libc::CLONE_NEWPID
        | libc::CLONE_NEWNS
        | libc::CLONE_PIDFD;
    if !as_root {
        flags |= libc::CLONE_NEWUSER;
    }
    let base = block.as_ptr().cast::<c_void>();
    let args = CloneArgs {
        flags: flags as u64,
        pidfd: (&raw mut pidfd).expose_provenance() as u64,
        exit_signal: libc::SIGCHLD as u64,
        stack: (base.addr() + PAGE) as u64,
        stack_size: STACK as u64,
        ..CloneArgs::default()
    };
    // SAFETY: the stack is mapped, init's own, and stays so until init has ended, as does the block.
    let pid = unsafe { clone3_call(&args, init_main, base) };
    if pid < 0 {
        return Err(io::Error::from_raw_os_error(-pid as i32));
    }
    // SAFETY: the kernel has just opened it for us.
    Ok((pid as i32, unsafe { OwnedFd::from_raw_fd(pidfd) }))
}

/// Returns the block, with room for both stacks behind it.
pub fn map_block(
    newborn: *const Newborn<'static>,
    slot: &SpawnSlot,
    owner: &OwnedFd,
    news: &OwnedFd,
) -> io::Result<NonNull<Block>> {
    let protection = ProtFlags::READ | ProtFlags::WRITE;
    // SAFETY: a new mapping at an address of the kernel's choice.
    let base = unsafe {
        rustix::mm::mmap_anonymous(std::ptr::null_mut(), MAPPED, protection, MapFlags::PRIVATE)
    }?;
    let block = NonNull::new(base.cast::<Block>()).ok_or(io::ErrorKind::OutOfMemory)?;
    // SAFETY: the mapping is large enough and aligned to a page, and nobody else knows of it yet.
    unsafe {
        let leader_stack = base.byte_add(PAGE + STACK);
        block.write(Block {
            newborn,
            slot,
            leader_stack,
            owner: owner.as_raw_fd(),
            news: news.as_raw_fd(),
            leader: (-1).into(),
            allowed: 0.into(),
            ended: 0.into(),
            left: 0.into(),
            code: 0.into(),
            status: 0.into(),
            usage: std::mem::MaybeUninit::zeroed().into(),
        });
    }
    Ok(block)
}

/// Gives the memory back.
///
/// # Safety
/// Nobody may use the block or the stacks any more.
pub unsafe fn unmap(block: NonNull<Block>) {
    // SAFETY: mapped by `map_block` with this length; the caller answers for the rest.
    let _ = unsafe { rustix::mm::munmap(block.as_ptr().cast(), MAPPED) };
}

/// Returns whether this process may make namespaces without a user namespace of theirs.
pub fn may_mount() -> bool {
    use rustix::thread::{CapabilitySet, capabilities};
    capabilities(None).is_ok_and(|sets| sets.effective.contains(CapabilitySet::SYS_ADMIN))
}

/// Lets those inside be who they are out here
/// ([user_namespaces(7)](https://man7.org/linux/man-pages/man7/user_namespaces.7.html)).
pub fn write_maps(pid: i32) -> io::Result<()> {
    let user = rustix::process::geteuid().as_raw();
    let group = rustix::process::getegid().as_raw();
    fs::write(format!("/proc/{pid}/setgroups"), "deny")?;
    fs::write(format!("/proc/{pid}/uid_map"), format!("{user} {user} 1"))?;
    fs::write(format!("/proc/{pid}/gid_map"), format!("{group} {group} 1"))
}

/// Returns the number of the process that a pidfd is of, as it is in this PID namespace.
///
/// # Errors
/// `ESRCH` if it is reaped.
pub fn pid_of(pidfd: BorrowedFd<'_>) -> io::Result<i32> {
    let fd = pidfd.as_raw_fd();
    let info = fs::read_to_string(format!("/proc/self/fdinfo/{fd}"))?;
    let line = info.lines().find_map(|line| line.strip_prefix("Pid:"));
    let pid = line.and_then(|pid| pid.trim().parse().ok());
    pid.filter(|pid| *pid > 0)
        .ok_or_else(|| io::Error::from_raw_os_error(libc::ESRCH))
}
