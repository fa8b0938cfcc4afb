use std::io;

use super::super::error::SignalError;
use super::Running;
use crate::signal::Signal;

/// Whom a signal is for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Target {
    /// The process that was started.
    Leader,
    /// Its process group, at once through its pidfd since Linux 6.9, member by member elsewhere.
    Group,
    /// It and everything that it started, as far as the level finds it.
    #[default]
    Tree,
}

impl Running {
    pub fn signal(&self, target: Target, signal: Signal) -> Result<(), SignalError> {
        let sent = match target {
            Target::Leader => self.leader.signal(signal),
            Target::Group if !self.grouped => {
                let (name, pid) = (self.name.clone(), self.pid());
                return Err(SignalError::NoGroup { name, pid });
            }
            Target::Group => self.signal_group(signal),
            Target::Tree => return self.signal_tree(signal),
        };
        match sent {
            // It has ended, which is no error; its status is kept.
            Err(error) if error.raw_os_error() == Some(libc::ESRCH) => Ok(()),
            result => result.map_err(|error| self.refused(signal, error)),
        }
    }

    /// KILL to the whole tree. Needs no runtime and waits for nothing.
    pub fn start_kill(&self) -> Result<(), SignalError> {
        self.signal_tree(Signal::KILL)?;
        self.settle();
        Ok(())
    }

    fn signal_tree(&self, signal: Signal) -> Result<(), SignalError> {
        let leader = self.grouped.then_some(&*self.leader);
        let delivery = self.tree.signal(signal, leader);
        let delivery = delivery.map_err(|error| self.refused(signal, error))?;
        if delivery.errors.is_empty() {
            return Ok(());
        }
        Err(SignalError::Partly {
            signal,
            name: self.name.clone(),
            sent: delivery.sent,
            errors: delivery.errors,
        })
    }

    /// To the group through the leader's pidfd; before Linux 6.9 to its members one by one.
    fn signal_group(&self, signal: Signal) -> io::Result<()> {
        match self.leader.signal_group(signal) {
            Err(error) if error.kind() == io::ErrorKind::Unsupported => {}
            result => return result,
        }
        let members = self.tree.members()?;
        let mut group = members.iter().filter(|m| m.group == self.pid());
        group.try_for_each(|member| member.process.signal(signal))
    }

    fn refused(&self, signal: Signal, source: io::Error) -> SignalError {
        SignalError::Refused {
            signal,
            name: self.name.clone(),
            pid: self.pid(),
            source,
        }
    }
}
