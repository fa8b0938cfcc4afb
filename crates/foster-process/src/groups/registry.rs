use std::sync::Arc;

use super::{
    Asked, GroupEnd, GroupRef, GroupSignalError, GroupTerminateError, LocalSignaller, Signalled,
    Signaller, drive,
};
use crate::escalation::Escalation;
use crate::identity::ProcessIdentity;
use crate::signal::Signal;

/// A group that an owner knows of, for reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupEntry {
    /// What tells its leader from every other process. The number is the group's.
    pub leader: ProcessIdentity,
    /// What the owner calls it.
    pub label: String,
}

/// The process groups of one owner, and the authority that reaches them.
///
/// A group that turns out to be gone is told of once and then forgotten, so an owner need not hear
/// of every end. An entry belongs to the authority under which it was registered: after
/// [`ProcessGroups::set_signaller`] it answers with an error and is never signalled, until that
/// authority comes back. A number in a container is not the same number here.
#[derive(Debug)]
pub struct ProcessGroups {
    signaller: Arc<dyn Signaller>,
    entries: Vec<Registered>,
}

#[derive(Debug)]
struct Registered {
    group: GroupRef,
    label: String,
    authority: Arc<dyn Signaller>,
}

impl Registered {
    fn is_of(&self, authority: &Arc<dyn Signaller>) -> bool {
        // By address alone: one authority may have several tables of methods.
        std::ptr::addr_eq(Arc::as_ptr(&self.authority), Arc::as_ptr(authority))
    }

    fn entry(&self) -> GroupEntry {
        GroupEntry {
            leader: self.group.leader(),
            label: self.label.clone(),
        }
    }
}

impl Default for ProcessGroups {
    /// The groups of this system.
    fn default() -> Self {
        Self::new(Arc::new(LocalSignaller))
    }
}

impl ProcessGroups {
    /// Returns an owner without groups, with this authority over those to come.
    pub fn new(signaller: Arc<dyn Signaller>) -> Self {
        Self {
            signaller,
            entries: Vec::new(),
        }
    }

    /// Changes the authority from now on. Give an entry's own back, the same `Arc`, and that entry
    /// is reached again.
    pub fn set_signaller(&mut self, signaller: Arc<dyn Signaller>) {
        self.signaller = signaller;
    }

    /// Takes note of a group by its leader, a [`crate::ProcessRef`] or, if that can't be had, a
    /// [`ProcessIdentity`], which the authority holds if it can.
    ///
    /// The same leader again gets the new label; another leader of the same number takes the place
    /// of the one that must be gone.
    pub fn register(&mut self, leader: impl Into<GroupRef>, label: impl Into<String>) {
        let (mut group, label) = (leader.into(), label.into());
        let known = self
            .entries
            .iter_mut()
            .find(|known| known.is_of(&self.signaller) && known.group.pid() == group.pid());
        if let Some(known) = known {
            known.label = label;
            if known.group.leader() == group.leader() {
                return;
            }
            hold(&*self.signaller, &mut group);
            known.group = group;
            return;
        }
        hold(&*self.signaller, &mut group);
        let authority = Arc::clone(&self.signaller);
        self.entries.push(Registered {
            group,
            label,
            authority,
        });
    }

    /// Forgets the groups of this number, under whichever authority, and signals nobody. Returns
    /// whether there was one.
    pub fn forget(&mut self, pid: i32) -> bool {
        let before = self.entries.len();
        self.entries.retain(|known| known.group.pid() != pid);
        self.entries.len() != before
    }

    /// Returns what is registered, in the order in which it was. Some may be gone by now.
    pub fn entries(&self) -> Vec<GroupEntry> {
        self.entries.iter().map(Registered::entry).collect()
    }

    /// Sends a signal to every group, and returns what came of each. Those that are gone are
    /// forgotten with that; those that could not be signalled stay.
    pub fn signal_all(
        &mut self,
        signal: Signal,
    ) -> Vec<(GroupEntry, Result<Signalled, GroupSignalError>)> {
        let mut results = Vec::new();
        let authority = Arc::clone(&self.signaller);
        self.entries.retain(|known| {
            let result = if known.is_of(&authority) {
                authority.signal(&known.group, signal)
            } else {
                Err(other_authority(known))
            };
            let gone = matches!(result, Ok(Signalled::Gone));
            results.push((known.entry(), result));
            !gone
        });
        results
    }

    /// Ends every group, blocking, and returns what came of each. Those that have ended are
    /// forgotten with that; the others stay.
    ///
    /// All go through the phases together: fifty that don't listen take as long as one. The wait is
    /// the kernel's, until the last member of the last group is gone. Zombies are nobody, so a
    /// leader that its parent has not reaped yet holds nothing up.
    pub fn terminate_all(
        &mut self,
        escalation: impl Into<Escalation>,
    ) -> Vec<(GroupEntry, Result<GroupEnd, GroupTerminateError>)> {
        let authority = Arc::clone(&self.signaller);
        let reachable = self.entries.iter().filter(|known| known.is_of(&authority));
        let mut asked: Vec<Asked> = reachable.map(|k| Asked::new(k.group.clone())).collect();
        drive(&mut asked, &*authority, escalation.into());
        let mut ends = asked.into_iter().map(Asked::into_result);
        let mut results = Vec::new();
        self.entries.retain(|known| {
            let foreign = || Err(GroupTerminateError::Signal(other_authority(known)));
            let end = known.is_of(&authority).then(|| ends.next()).flatten();
            let result = end.unwrap_or_else(foreign);
            let ended = result.is_ok();
            results.push((known.entry(), result));
            !ended
        });
        results
    }
}

fn hold(authority: &dyn Signaller, group: &mut GroupRef) {
    if group.held().is_none()
        && let Some(leader) = authority.hold(&group.leader())
    {
        group.hold(leader);
    }
}

fn other_authority(known: &Registered) -> GroupSignalError {
    let pid = known.group.pid();
    GroupSignalError::OtherAuthority { pid }
}
