use std::collections::HashSet;
use std::io;

use super::look::still_there;
use super::member::Survivor;
use super::{Beside, Born, Tree};
use crate::identity::ProcessRef;
use crate::signal::Signal;
use crate::sys;

impl Tree {
    /// Reaps the children of this process that have ended, but for `leader` and the excluded:
    /// a leader is kept as a zombie while its group lives, so that the group's number stays ours.
    ///
    /// # Errors
    /// If the list of children can't be read.
    pub fn reap(&self, leader: Option<i32>) -> io::Result<()> {
        if !matches!(self.beside, Beside::Descendants) {
            return Ok(());
        }
        for pid in sys::own_children()? {
            if Some(pid) != leader && !self.excluded.contains(&pid) {
                sys::reap(pid)?;
            }
        }
        Ok(())
    }

    /// Returns whether nobody is left but `leader`, if it is a zombie. Call [`Tree::reap`] first.
    ///
    /// # Errors
    /// If it can't be found out; then nothing is known.
    pub fn is_empty(&self, leader: Option<&ProcessRef>) -> io::Result<bool> {
        if let Some(cgroup) = self.scope.cgroup()
            && cgroup.populated()?
        {
            return Ok(false);
        }
        if let Some(namespace) = self.scope.namespace() {
            // First the leader, which is told with whether it was the last.
            let leader_lives = match leader {
                Some(leader) => leader.peek_status().is_ok_and(|status| status.is_none()),
                None => false,
            };
            if leader_lives || !namespace.is_over()? {
                return Ok(false);
            }
        }
        match &self.beside {
            Beside::Descendants => {}
            Beside::DescendantsOf(parent) => return self.is_childless(parent),
            Beside::Born(born) if born.is_alone() => return Ok(true),
            Beside::Marked(_) | Beside::Born(_) => return Ok(self.look()?.is_empty()),
            // The control group, or the namespace, has said so.
            Beside::Nobody => return Ok(true),
        }
        // First the leader, then the others: what it leaves behind is handed to us before it is over.
        let over = match leader {
            // A namespace's leader is no child of ours, and may be asked for its end once only.
            _ if self.scope.namespace().is_some() => None,
            Some(leader) if leader.peek_status()?.is_some() => Some(leader.pid()),
            _ => None,
        };
        let left = sys::own_children()?;
        Ok(left
            .iter()
            .all(|pid| Some(*pid) == over || self.excluded.contains(pid)))
    }

    /// Returns whether the parent of this tree, if that is another process, has reaped all that has ended.
    ///
    /// # Errors
    /// If that process is gone, or can't be looked at.
    pub fn is_reaped(&self) -> io::Result<bool> {
        match &self.beside {
            Beside::DescendantsOf(parent) => Ok(self.children_of(parent)?.is_empty()),
            _ => Ok(true),
        }
    }

    /// Returns the children of another process, zombies among them, but for the excluded and this one.
    fn children_of(&self, parent: &ProcessRef) -> io::Result<Vec<i32>> {
        let own = std::process::id() as i32;
        let mut others = sys::children_of(parent.pid())?;
        others.retain(|pid| *pid != own && !self.excluded.contains(pid));
        still_there(parent)?;
        Ok(others)
    }

    /// Returns whether another process has no children left but zombies, the excluded and this one.
    fn is_childless(&self, parent: &ProcessRef) -> io::Result<bool> {
        let mut dead = HashSet::new();
        loop {
            let others = self.children_of(parent)?;
            // What a zombie leaves behind was handed to its parent before it became one: a list that
            // has nobody but those who were zombies before it was read names all that there are.
            if others.iter().all(|pid| dead.contains(pid)) {
                return Ok(true);
            }
            for pid in others {
                match sys::process_stat(pid) {
                    Ok(stat) if stat.is_dead() => dead.insert(pid),
                    Ok(_) => return Ok(false),
                    Err(error) if sys::is_exhaustion(&error) => return Err(error),
                    // Reaped meanwhile.
                    Err(_) => false,
                };
            }
        }
    }

    /// Returns whether members are known by marks, which they lose while they end.
    pub(crate) fn is_known_by_marks(&self) -> bool {
        matches!(self.beside, Beside::Marked(_) | Beside::Born(_))
    }

    /// Returns whether the tree can't be empty before this process, a child of ours, has ended, and it
    /// has not. Then that is all that has to be waited for before the next look; but a subreaper also
    /// has orphans to reap meanwhile.
    pub(crate) fn stands_with(&self, leader: &ProcessRef) -> bool {
        let is_member = match &self.beside {
            Beside::Descendants | Beside::DescendantsOf(_) => false,
            Beside::Born(born) => std::ptr::eq(&raw const *born.leader, leader),
            Beside::Marked(marks) => marks.leader == Some(leader.identity()),
            Beside::Nobody => self.scope.cgroup().is_some(),
        };
        // A namespace's leader may be asked for its end once only.
        is_member
            && self.scope.namespace().is_none()
            && leader.peek_status().is_ok_and(|status| status.is_none())
    }

    /// Returns who is left, each with the likeliest reason.
    ///
    /// # Errors
    /// If the tree can't be looked at.
    pub fn survivors(&self) -> io::Result<Vec<Survivor>> {
        let survivors = self.look()?.into_iter().map(|member| {
            let pid = member.identity.pid;
            let reason = match member.signal(Signal::CONT) {
                Err(error) => format!("it can't be signalled: {error}"),
                Ok(()) => sys::why_alive(pid),
            };
            Survivor {
                pid,
                command: member.command,
                reason,
            }
        });
        Ok(survivors.collect())
    }
}

impl Born {
    /// Returns whether the leader has ended, and nobody at all was born since it was: then it has left
    /// nobody behind, and not every process of the machine has to be looked at. As long as it is a
    /// zombie its number is taken, so the newest process has that number for no other reason.
    fn is_alone(&self) -> bool {
        let end = self.leader.peek_status();
        end.is_ok_and(|end| end.is_some()) && sys::newest_process() == Some(self.leader.pid())
    }
}
