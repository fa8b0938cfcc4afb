use std::collections::HashSet;
use std::io;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::time::Duration;

use super::group_ref::{Standing, live_members};
use super::{GroupRef, GroupSignalError, Signalled, Signaller};
use crate::identity::{ProcessIdentity, ProcessRef};
use crate::signal::Signal;
use crate::sys;

/// How many members of all groups are watched at once: far fewer than the descriptors that a process
/// may have. Once those have ended, others are watched.
const WATCHED: usize = 256;

/// How many passes are made at most over a group whose members are signalled one by one.
const PASSES: usize = 16;

/// The authority over the processes of this system.
///
/// It signals a group through its leader's pidfd (Linux 6.9). Where that can't be done it signals
/// the members one by one, each held and looked at again, as long as the leader is still there, if
/// only as a zombie, to prove whose group it is. It never trusts a number, and refuses the caller's
/// own group and process 1.
#[derive(Debug, Clone, Copy, Default)]
pub struct LocalSignaller;

impl Signaller for LocalSignaller {
    fn signal(&self, group: &GroupRef, signal: Signal) -> Result<Signalled, GroupSignalError> {
        let failed = |source| failed(group, source);
        refuse_unmeant(group.pid())?;
        match group.standing().map_err(failed)? {
            Standing::Its => {}
            Standing::Gone => return Ok(Signalled::Gone),
            Standing::NotALeader => return Err(GroupSignalError::NotALeader { pid: group.pid() }),
            Standing::Unverifiable => {
                return Err(GroupSignalError::Unverifiable { pid: group.pid() });
            }
        }
        // The kernel counts zombies among the members and delivers to them. Nobody else does.
        if !group.leader_runs() && group.members().map_err(failed)?.is_empty() {
            return Ok(Signalled::Gone);
        }
        match group.held().map(|leader| leader.signal_group(signal)) {
            Some(Ok(())) => Ok(Signalled::Delivered),
            Some(Err(error)) if error.raw_os_error() == Some(libc::ESRCH) => Ok(Signalled::Gone),
            Some(Err(error)) if error.kind() != io::ErrorKind::Unsupported => Err(failed(error)),
            Some(Err(_)) | None => one_by_one(group, signal).map_err(failed),
        }
    }

    fn hold(&self, leader: &ProcessIdentity) -> Option<ProcessRef> {
        ProcessRef::find(leader).ok()
    }

    fn is_gone(&self, group: &GroupRef) -> Result<bool, GroupSignalError> {
        let failed = |source| failed(group, source);
        match group.standing().map_err(failed)? {
            Standing::Its => {}
            Standing::Gone => return Ok(true),
            Standing::NotALeader => return Err(GroupSignalError::NotALeader { pid: group.pid() }),
            Standing::Unverifiable => {
                return Err(GroupSignalError::Unverifiable { pid: group.pid() });
            }
        }
        Ok(!group.leader_runs() && group.members().map_err(failed)?.is_empty())
    }

    fn wait_for_change(&self, groups: &[&GroupRef], at_most: Duration) -> io::Result<()> {
        watch(groups, at_most)
    }
}

/// Waits until a living member of one of these groups has ended, for at most that long.
pub fn watch(groups: &[&GroupRef], at_most: Duration) -> io::Result<()> {
    let numbers: Vec<i32> = groups.iter().map(|group| group.pid()).collect();
    let members = live_members(&numbers, WATCHED)?;
    let watched: HashSet<i32> = members.found.iter().map(|(group, _)| *group).collect();
    let unwatched = |group: &&&GroupRef| !watched.contains(&group.pid());
    // One of which nobody was found has ended as we looked, unless not all were looked at.
    if members.complete && groups.iter().filter(unwatched).any(|g| !g.leader_runs()) {
        return Ok(());
    }
    let fds: Vec<BorrowedFd<'_>> = members.found.iter().map(|(_, p)| p.as_fd()).collect();
    sys::wait_any(&fds, None, at_most)
}

/// Refuses a group that nobody can mean.
pub fn refuse_unmeant(pid: i32) -> Result<(), GroupSignalError> {
    let refuse = |reason| Err(GroupSignalError::Refused { pid, reason });
    if pid <= 1 {
        refuse("its number means everybody, oneself, or the first process")
    } else if pid == sys::own_group() {
        refuse("it is the caller's own")
    } else {
        Ok(())
    }
}

pub fn failed(group: &GroupRef, source: io::Error) -> GroupSignalError {
    let pid = group.pid();
    GroupSignalError::Failed { pid, source }
}

/// Signals the members through a hold on each, until a pass finds nobody new.
fn one_by_one(group: &GroupRef, signal: Signal) -> io::Result<Signalled> {
    let mut reached = HashSet::new();
    let mut refused = None;
    for _ in 0..PASSES {
        let mut fresh = group.members()?;
        fresh.retain(|member| reached.insert(member.identity()));
        if fresh.is_empty() {
            break;
        }
        for member in fresh {
            match member.signal(signal) {
                Err(error) if error.raw_os_error() != Some(libc::ESRCH) => refused = Some(error),
                _ => {}
            }
        }
    }
    match refused {
        Some(error) => Err(error),
        None if reached.is_empty() => Ok(Signalled::Gone),
        None => Ok(Signalled::Delivered),
    }
}
