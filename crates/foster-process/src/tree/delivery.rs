use std::io;

use super::member::Seen;
use crate::identity::ProcessRef;
use crate::signal::Signal;
use crate::sys;

/// What came of sending a signal to a tree.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Delivery {
    /// How many processes it reached.
    pub sent: u32,
    /// What went wrong, process by process. A process that is already gone is no error.
    pub errors: Vec<String>,
}

impl Delivery {
    pub(super) fn to(sent: u32) -> Self {
        let errors = Vec::new();
        Self { sent, errors }
    }

    pub(super) fn add(&mut self, member: &Seen, result: io::Result<()>) {
        match result {
            Ok(()) => self.sent += 1,
            Err(error) if error.raw_os_error() == Some(libc::ESRCH) => {}
            Err(error) => {
                let pid = member.identity.pid;
                self.errors
                    .push(format!("pid {pid} ({}): {error}", member.command));
            }
        }
    }
}

/// Sends a signal to the leader's group, and to the leader itself if that is not in it. The group too,
/// since the leader may fork between the look and the signal.
///
/// A group that could be signalled keeps its number from everybody else, and a leader that is reaped
/// can't be signalled: so whoever has that number is the one that gets the signal, or it is an error.
pub(super) fn signal_alone(leader: &ProcessRef, signal: Signal) -> io::Result<()> {
    let pid = leader.pid();
    if leader.signal_group(signal).is_ok() && sys::group_of(pid) == Some(pid) {
        return Ok(());
    }
    leader.signal(signal)
}

/// Sends a signal to these members, those of the leader's group at once.
pub(super) fn deliver(members: &[Seen], signal: Signal, leader: Option<&ProcessRef>) -> Delivery {
    let grouped = leader.filter(|leader| leader.signal_group(signal).is_ok());
    let mut delivery = Delivery::default();
    for member in members {
        if grouped.is_some_and(|leader| leader.pid() == member.group) {
            delivery.sent += 1;
        } else {
            delivery.add(member, member.signal(signal));
        }
    }
    delivery
}
