use std::time::Instant;

use super::{GroupEnd, GroupRef, GroupSignalError, Signalled, Signaller};
use crate::escalation::{Escalation, Step};
use crate::signal::Signal;
use crate::sys;
use crate::tree::Delivery;

/// Why a group is not known to have ended.
#[derive(Debug, thiserror::Error)]
pub enum GroupTerminateError {
    /// The last signal, or the question whether it is gone, failed.
    #[error("the group could not be ended")]
    Signal(#[from] GroupSignalError),
    /// It was killed, and somebody is left when the time for that is over.
    #[error("somebody is left in group {pid} after KILL")]
    Survived {
        /// Its leader's number.
        pid: i32,
    },
}

/// A group that is being ended, and what is known of its end.
#[derive(Debug)]
pub struct Asked {
    group: GroupRef,
    /// The last signal that it heard.
    heard: Option<Signal>,
    result: Option<Result<GroupEnd, GroupTerminateError>>,
    trouble: Option<GroupSignalError>,
    /// Whether looking for it failed in this phase: nothing is to be learnt by looking again.
    unseen: bool,
}

impl Asked {
    /// Returns a group that was asked nothing yet.
    pub fn new(group: GroupRef) -> Self {
        Self {
            group,
            heard: None,
            result: None,
            trouble: None,
            unseen: false,
        }
    }

    /// Returns what came of it.
    pub fn into_result(self) -> Result<GroupEnd, GroupTerminateError> {
        let survived = GroupTerminateError::Survived {
            pid: self.group.pid(),
        };
        let left = self.trouble.map_or(survived, GroupTerminateError::Signal);
        self.result.unwrap_or(Err(left))
    }

    fn send(&mut self, authority: &dyn Signaller, signal: Signal) -> Result<(), String> {
        self.unseen = false;
        let text = |error: &GroupSignalError| format!("group {}: {error}", self.group.pid());
        match authority.signal(&self.group, signal) {
            Ok(Signalled::Delivered) => {
                self.heard = Some(signal);
                self.trouble = None;
            }
            Ok(Signalled::Gone) => self.end(),
            Err(error) => {
                let text = text(&error);
                self.trouble = Some(error);
                return Err(text);
            }
        }
        if signal != Signal::KILL && self.result.is_none() {
            // So that what is stopped can die of it. Its failure tells nothing that is not known.
            drop(authority.signal(&self.group, Signal::CONT));
        }
        Ok(())
    }

    fn look(&mut self, authority: &dyn Signaller) {
        match authority.is_gone(&self.group) {
            Ok(true) => self.end(),
            Ok(false) => {}
            Err(error) => {
                self.trouble = Some(error);
                self.unseen = true;
            }
        }
    }

    fn end(&mut self) {
        self.result = Some(Ok(self.heard.map_or(GroupEnd::AlreadyGone, GroupEnd::By)));
    }
}

/// Drives one escalation over many groups at once, blocking: each phase is shared, so fifty that
/// don't listen take as long as one.
pub fn drive(groups: &mut [Asked], authority: &dyn Signaller, mut escalation: Escalation) {
    loop {
        let over = groups.iter().all(|group| group.result.is_some());
        match escalation.poll(Instant::now(), over) {
            Step::Send { signal, .. } => escalation.sent(send_all(groups, authority, signal)),
            Step::WaitUntil(due) => wait(groups, authority, due),
            Step::Done { .. } => return,
        }
    }
}

fn left(groups: &mut [Asked]) -> impl Iterator<Item = &mut Asked> {
    groups.iter_mut().filter(|group| group.result.is_none())
}

fn send_all(groups: &mut [Asked], authority: &dyn Signaller, signal: Signal) -> Delivery {
    let mut delivery = Delivery::default();
    for group in left(groups) {
        match group.send(authority, signal) {
            Ok(()) => delivery.sent += 1,
            Err(error) => delivery.errors.push(error),
        }
    }
    delivery
}

/// Waits until a group may have ended or the next phase is due. What can't be watched has its phases
/// all the same.
fn wait(groups: &mut [Asked], authority: &dyn Signaller, due: Instant) {
    let at_most = due.saturating_duration_since(Instant::now());
    let waiting = groups.iter().filter(|g| g.result.is_none() && !g.unseen);
    let waiting: Vec<&GroupRef> = waiting.map(|asked| &asked.group).collect();
    if waiting.is_empty() || authority.wait_for_change(&waiting, at_most).is_err() {
        let at_most = due.saturating_duration_since(Instant::now());
        // A refusal here means that no time passes; then the next phase comes the sooner.
        drop(sys::wait_any(&[], None, at_most));
    }
    for asked in left(groups).filter(|asked| !asked.unseen) {
        asked.look(authority);
    }
}
