use std::time::Duration;

use super::kill::{ByNumber, held, number_alone};
use crate::escalation::{Escalation, Phase};
use crate::groups::{
    Asked, GroupEnd, GroupRef, GroupTerminateError, LocalSignaller, Signaller, drive,
    refuse_unmeant,
};
use crate::identity::ProcessRef;
use crate::signal::Signal;
use crate::sys;

/// The time between the first signal and KILL for whoever has no opinion.
pub const DEFAULT_GRACE: Duration = Duration::from_millis(500);

/// How a group ended that was asked to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// All of it within the grace.
    Exited,
    /// Somebody in it had to be killed.
    Killed,
    /// Before the first signal.
    AlreadyExited,
}

/// Ends the group of this number: outside of the promise that no stranger is hit. If its leader is
/// still there it is held, and then no stranger is hit once the call has begun.
///
/// See [`graceful_kill_process_group_of`] for what it does, and what it returns.
///
/// # Errors
/// [`super::GroupSignalError::Refused`] for 0, 1, negative numbers and the caller's own group.
pub fn graceful_kill_process_group(
    group: i32,
    initial: Signal,
    grace: Duration,
) -> Result<Outcome, GroupTerminateError> {
    refuse_unmeant(group)?;
    let leader = ProcessRef::open(group).ok();
    let leads = sys::process_stat(group).is_ok_and(|stat| stat.group == group);
    match leader.filter(|_| leads) {
        Some(leader) => end(leader.into(), &LocalSignaller, initial, grace),
        None => end(number_alone(group), &ByNumber, initial, grace),
    }
}

/// Ends the group that this process leads or led: sends `initial`, and KILL after `grace` to whoever
/// is left. Blocks until nobody is left, the leader's end is not enough; zombies are nobody. A grace
/// of zero sends `initial` and KILL at once, and an `initial` of KILL becomes TERM: a graceful call
/// always asks first.
///
/// # Errors
/// If it can't be signalled, or if somebody is left [`crate::AFTER_KILL`] after KILL.
pub fn graceful_kill_process_group_of(
    leader: &ProcessRef,
    initial: Signal,
    grace: Duration,
) -> Result<Outcome, GroupTerminateError> {
    end(held(leader)?, &LocalSignaller, initial, grace)
}

fn end(
    group: GroupRef,
    authority: &dyn Signaller,
    initial: Signal,
    grace: Duration,
) -> Result<Outcome, GroupTerminateError> {
    let signal = if initial == Signal::KILL {
        Signal::TERM
    } else {
        initial
    };
    let mut asked = [Asked::new(group)];
    let phases = vec![Phase { signal, grace }];
    drive(&mut asked, authority, Escalation::of_checked(phases));
    let [asked] = asked;
    match asked.into_result()? {
        GroupEnd::AlreadyGone => Ok(Outcome::AlreadyExited),
        GroupEnd::By(Signal::KILL) => Ok(Outcome::Killed),
        GroupEnd::By(_) => Ok(Outcome::Exited),
    }
}
