use std::collections::HashSet;
use std::io;
use std::time::{Duration, Instant};

use super::Tree;
use super::delivery::{Delivery, deliver, signal_alone};
use super::member::Seen;
use crate::identity::ProcessRef;
use crate::signal::Signal;
use crate::sys;

/// How long those are waited for that the kernel kills all at once: a thousand take it some 30 ms.
const TO_DIE: Duration = Duration::from_millis(200);

/// How many passes a kill makes at most over a tree that keeps forking. Each finds what the one
/// before could not see; more than a handful are needed only against a fork bomb.
const KILL_PASSES: usize = 256;

impl Tree {
    /// Sends a signal to every member: at once to the leader's whole group where the kernel can do
    /// that safely, then to each of the others.
    ///
    /// # Errors
    /// If the tree can't be looked at. What could not be signalled is in [`Delivery::errors`].
    pub fn signal(&self, signal: Signal, leader: Option<&ProcessRef>) -> io::Result<Delivery> {
        if signal == Signal::KILL {
            return self.kill();
        }
        if let Some(leader) = self.sole_member(leader)
            && signal_alone(leader, signal).is_ok()
        {
            return Ok(Delivery::to(1));
        }
        // Looked at before the group is signalled: what a signal handler starts is not its target.
        let members = self.look_well()?;
        Ok(deliver(&members, signal, leader))
    }

    /// The same, with CONT to the same members after it, so that what is stopped can act on the
    /// signal. Those that CONT does not reach are not told of: the signal has.
    pub(crate) fn signal_and_continue(
        &self,
        signal: Signal,
        leader: Option<&ProcessRef>,
    ) -> io::Result<Delivery> {
        if let Some(leader) = self.sole_member(leader)
            && signal_alone(leader, signal).is_ok()
        {
            // If it is gone by now, it has heard the signal.
            let _ = signal_alone(leader, Signal::CONT);
            return Ok(Delivery::to(1));
        }
        let members = self.look_well()?;
        let delivery = deliver(&members, signal, leader);
        deliver(&members, Signal::CONT, leader);
        Ok(delivery)
    }

    /// Returns the leader if the control group is the whole tree and names nobody else. It is held
    /// already, and has not to be found again.
    fn sole_member<'a>(&self, leader: Option<&'a ProcessRef>) -> Option<&'a ProcessRef> {
        let (leader, cgroup) = leader.zip(self.whole())?;
        let included = !self.excluded.contains(&leader.pid());
        (included && cgroup.members() == [leader.pid()]).then_some(leader)
    }

    /// Sends KILL until a pass over the tree finds nobody who was not sent it. What was killed may
    /// take a moment to be gone: see [`Tree::is_empty`].
    ///
    /// # Errors
    /// If the tree can't be looked at, or the control group not be killed.
    pub fn kill(&self) -> io::Result<Delivery> {
        if let Some(cgroup) = self.whole() {
            // The kernel kills also who is being forked into it, so there is nobody to sweep up.
            let count = cgroup.members().len();
            cgroup.kill()?;
            return Ok(Delivery::to(count as u32));
        }
        let at_once = self.kill_at_once()?;
        let mut killed = HashSet::new();
        let mut delivery = Delivery::to(at_once.len() as u32);
        for _ in 0..KILL_PASSES {
            let mut fresh = self.look_beside(&at_once)?;
            fresh.retain(|member| killed.insert(member.identity));
            if fresh.is_empty() {
                break;
            }
            for member in &fresh {
                delivery.add(member, member.signal(Signal::KILL));
            }
        }
        Ok(delivery)
    }

    /// Kills the whole control group or namespace in one step, so that no fork slips through, and returns
    /// the numbers of those who were in it, once they are dead. A sweep that follows reaches what was moved out of
    /// it, and what they leave behind, and need not look at them again.
    fn kill_at_once(&self) -> io::Result<HashSet<i32>> {
        // They can't be counted afterwards; that they can't be counted at all saves nobody.
        let inside = match (self.scope.cgroup(), self.scope.namespace()) {
            (Some(cgroup), _) => Ok(cgroup.members()),
            (None, Some(_)) => self.look().map(numbers),
            (None, None) => return Ok(HashSet::new()),
        };
        if let Some(namespace) = self.scope.namespace() {
            namespace.kill()?;
        }
        if let Some(cgroup) = self.scope.cgroup() {
            cgroup.kill()?;
            await_the_dead(cgroup)?;
        }
        let inside = inside?.into_iter();
        Ok(inside.filter(|pid| !self.excluded.contains(pid)).collect())
    }

    /// Returns whether a kill reaches all at once, also who is being forked.
    pub(crate) fn is_killed_at_once(&self) -> bool {
        self.whole().is_some()
    }
}

fn numbers(members: Vec<Seen>) -> Vec<i32> {
    let numbers = members.into_iter().map(|member| member.identity.pid);
    numbers.collect()
}

/// Waits until nobody lives in the control group: its orphans are with whoever adopts them then. Who can't die
/// yet is for the caller to wait for.
fn await_the_dead(cgroup: &sys::Cgroup) -> io::Result<()> {
    let until = Instant::now() + TO_DIE;
    while cgroup.populated()? {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            break;
        }
        sys::wait_any(&[], cgroup.events_fd(), left)?;
    }
    Ok(())
}
