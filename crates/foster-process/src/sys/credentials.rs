//! Becoming another user, between birth and exec.
//!
//! By the system calls themselves: the C library's functions of these names change all threads of the
//! process ([nptl(7)](https://man7.org/linux/man-pages/man7/nptl.7.html)), and the child shares its
//! memory, in which they are listed, with its parent.
#![expect(unsafe_code, reason = "one thread's credentials have no safe form")]

use super::child::check_detail;
use super::{Failure, Stage};
use crate::spawn::Credentials;

/// Sets what is to be another's: first the groups, which only root may set, and last the user.
pub fn set_credentials(credentials: &Credentials) -> Result<(), Failure> {
    let check = |well, detail| check_detail(well, Stage::Credentials, detail);
    if let Some(groups) = &credentials.groups {
        check(set_groups(groups), 0)?;
    }
    if let Some(gid) = credentials.gid {
        check(set_gid(gid), 1)?;
    }
    if let Some(uid) = credentials.uid {
        check(set_uid(uid), 2)?;
    }
    Ok(())
}

#[cfg(target_os = "linux")]
mod call {
    // The calls of the plain names take 16 bits on these.
    #[cfg(not(any(target_arch = "x86", target_arch = "arm")))]
    pub use libc::{SYS_setgid as GID, SYS_setgroups as GROUPS, SYS_setuid as UID};
    #[cfg(any(target_arch = "x86", target_arch = "arm"))]
    pub use libc::{SYS_setgid32 as GID, SYS_setgroups32 as GROUPS, SYS_setuid32 as UID};
}

#[cfg(target_os = "linux")]
fn set_groups(groups: &[u32]) -> bool {
    // SAFETY: as many numbers as are told, which the kernel only reads.
    unsafe { libc::syscall(call::GROUPS, groups.len(), groups.as_ptr()) == 0 }
}

#[cfg(target_os = "linux")]
fn set_gid(gid: u32) -> bool {
    // SAFETY: a plain number.
    unsafe { libc::syscall(call::GID, gid) == 0 }
}

#[cfg(target_os = "linux")]
fn set_uid(uid: u32) -> bool {
    // SAFETY: a plain number.
    unsafe { libc::syscall(call::UID, uid) == 0 }
}

#[cfg(not(target_os = "linux"))]
fn set_groups(groups: &[u32]) -> bool {
    // The count is of another type on each system; one that it can't tell is refused as too many.
    let count = groups.len().try_into().unwrap_or(-1);
    // SAFETY: as many numbers as are told, which the kernel only reads.
    unsafe { libc::setgroups(count, groups.as_ptr().cast()) == 0 }
}

#[cfg(not(target_os = "linux"))]
fn set_gid(gid: u32) -> bool {
    // SAFETY: a plain number, in a forked child.
    unsafe { libc::setgid(gid) == 0 }
}

#[cfg(not(target_os = "linux"))]
fn set_uid(uid: u32) -> bool {
    // SAFETY: a plain number, in a forked child.
    unsafe { libc::setuid(uid) == 0 }
}
