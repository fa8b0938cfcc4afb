//! Process groups by their numbers, and what a child may do to leave its parent's.
#![expect(unsafe_code, reason = "a negative number for kill has no safe wrapper")]

use std::io;

use crate::signal::Signal;

/// Returns the number of the caller's own group.
///
/// It is 0 if that was made outside of this PID namespace, as where a container's command was entered
/// from without: a number that rustix has no room for, and that nobody can name by mistake.
pub fn own_group() -> i32 {
    // SAFETY: takes no arguments.
    unsafe { libc::getpgrp() }
}

/// Returns the number of the group in which whoever has this number is now, also as a zombie.
pub fn group_of(pid: i32) -> Option<i32> {
    // SAFETY: a plain number. The group is 0 if it was made outside of this PID namespace.
    let group = unsafe { libc::getpgid(pid) };
    (pid > 0 && group >= 0).then_some(group)
}

/// Sends a signal to whoever is in the group of this number now.
///
/// # Errors
/// `EINVAL` for 0, 1 and negative numbers, which mean the caller's group or everybody.
pub fn signal_group_number(group: i32, signal: Signal) -> io::Result<()> {
    if group <= 1 {
        return Err(io::Error::from_raw_os_error(libc::EINVAL));
    }
    // SAFETY: plain numbers.
    if unsafe { libc::kill(-group, signal.number()) } == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

/// Makes the caller the leader of a group of its own. Only calls the system.
pub fn lead_group() -> io::Result<()> {
    Ok(rustix::process::setpgid(None, None)?)
}

/// Sends the caller a signal. Only calls the system.
pub fn signal_self(signal: Signal) -> io::Result<()> {
    // SAFETY: plain numbers, and the caller's own.
    if unsafe { libc::raise(signal.number()) } == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

/// Returns the number of the caller's parent; 0 if that is outside of its PID namespace.
pub fn parent_number() -> i32 {
    rustix::process::getppid().map_or(0, |parent| parent.as_raw_nonzero().get())
}
