use std::io;
use std::time::Duration;

use crate::groups::{
    GroupRef, GroupSignalError, LocalSignaller, Signalled, Signaller, failed, living_members,
    refuse_unmeant, watch,
};
use crate::identity::{ProcessIdentity, ProcessRef};
use crate::signal::Signal;
use crate::sys;

/// Sends a signal to whoever is in the group of this number now: outside of the promise that no
/// stranger is hit. A group in which nobody lives any more, zombies aside, is [`Signalled::Gone`].
///
/// # Errors
/// [`GroupSignalError::Refused`] for 0, 1, negative numbers and the caller's own group.
pub fn kill_process_group(group: i32, signal: Signal) -> Result<Signalled, GroupSignalError> {
    ByNumber.signal(&number_alone(group), signal)
}

/// Sends a signal to the group that this process leads or led, and to no other: see
/// [`LocalSignaller`].
///
/// # Errors
/// As for [`Signaller::signal`]; [`GroupSignalError::NotALeader`] if it lives in another's group.
pub fn kill_process_group_of(
    leader: &ProcessRef,
    signal: Signal,
) -> Result<Signalled, GroupSignalError> {
    LocalSignaller.signal(&held(leader)?, signal)
}

/// Returns the group that a process leads, with a hold of its own on it.
pub fn held(leader: &ProcessRef) -> Result<GroupRef, GroupSignalError> {
    let pid = leader.pid();
    let again = leader.try_clone();
    again
        .map(GroupRef::from)
        .map_err(|source| GroupSignalError::Failed { pid, source })
}

/// Returns a group of which nothing is known but its number.
pub fn number_alone(group: i32) -> GroupRef {
    GroupRef::from(ProcessIdentity {
        pid: group,
        start_time: None,
        unique: None,
    })
}

/// The authority that believes numbers.
#[derive(Debug)]
pub struct ByNumber;

impl Signaller for ByNumber {
    fn signal(&self, group: &GroupRef, signal: Signal) -> Result<Signalled, GroupSignalError> {
        refuse_unmeant(group.pid())?;
        if self.is_gone(group)? {
            return Ok(Signalled::Gone);
        }
        match sys::signal_group_number(group.pid(), signal) {
            Ok(()) => Ok(Signalled::Delivered),
            Err(error) if error.raw_os_error() == Some(libc::ESRCH) => Ok(Signalled::Gone),
            Err(error) => Err(failed(group, error)),
        }
    }

    fn is_gone(&self, group: &GroupRef) -> Result<bool, GroupSignalError> {
        match living_members(group.pid()) {
            Ok(members) => Ok(members.is_empty()),
            // Where the list of processes can't be read, the signal itself tells.
            Err(error) if error.kind() == io::ErrorKind::Unsupported => Ok(false),
            Err(error) => Err(failed(group, error)),
        }
    }

    fn wait_for_change(&self, groups: &[&GroupRef], at_most: Duration) -> io::Result<()> {
        watch(groups, at_most)
    }
}
