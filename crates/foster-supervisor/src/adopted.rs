use std::io;
use std::os::fd::{AsFd as _, BorrowedFd};

use foster_process::{ProcessRef, Scope, Signal, SignalQueue, SpawnSlot, Tree};

/// The tree whose parent a keeper is, since it was the supervisor before: what only a parent can do for
/// it, and the new supervisor can't.
pub struct Adopted {
    ends: SignalQueue,
    children: Tree,
}

impl Adopted {
    /// Begins to hear of what ends. `supervisor` is a child too, and none of the tree.
    pub fn new(supervisor: &ProcessRef) -> io::Result<Self> {
        let mut children = Tree::of_descendants(Scope::own());
        children.exclude(supervisor.pid());
        Ok(Self {
            ends: SignalQueue::new(&[Signal::CHLD])?,
            children,
        })
    }

    /// Returns what is readable once something has ended.
    pub fn ear(&self) -> BorrowedFd<'_> {
        self.ends.as_fd()
    }

    /// Reaps what has ended but for the leader, whose number keeps its group's from others; leaves word
    /// of how that one ended; and passes on to the supervisor that something has.
    pub fn heed(
        &self,
        leader: &ProcessRef,
        supervisor: &ProcessRef,
        slot: &SpawnSlot,
    ) -> io::Result<()> {
        while self.ends.read()?.is_some() {}
        self.children.reap(Some(leader.pid()))?;
        match leader.peek_status() {
            Ok(Some(end)) => {
                slot.tell_end(end);
                if self.children.is_empty(Some(leader))? {
                    // Nobody is left whose group its number would keep from others.
                    leader.reap()?;
                }
            }
            Ok(None) => {}
            // It is reaped, or a stranger's child, whose end is seen here as well as there.
            Err(_) => {
                if let Some(end) = leader.end_as_seen() {
                    slot.tell_end(end);
                }
            }
        }
        // One that has ended needs no word.
        let _ = supervisor.signal(Signal::CHLD);
        Ok(())
    }
}
