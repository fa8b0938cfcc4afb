use std::io;
use std::os::fd::{AsFd as _, BorrowedFd};

use foster_process::{ProcessRef, Scope, Signal, SignalQueue, SpawnSlot, Tree};

/// The tree whose parent a keeper is, since it was the supervisor before: what only a parent can do for
/// it, and the new supervisor can't.
pub struct Adopted {
    ends: SignalQueue,
    leader: ProcessRef,
    children: Tree,
}

impl Adopted {
    /// Begins to hear of what ends. `supervisor` is a child too, and none of the tree.
    pub fn new(leader: ProcessRef, supervisor: &ProcessRef) -> io::Result<Self> {
        let mut children = Tree::of_descendants(Scope::own());
        children.exclude(supervisor.pid());
        Ok(Self {
            ends: SignalQueue::new(&[Signal::CHLD])?,
            leader,
            children,
        })
    }

    /// Returns what is readable once something has ended.
    pub fn ear(&self) -> BorrowedFd<'_> {
        self.ends.as_fd()
    }

    /// Reaps what has ended but for the leader, whose number keeps its group's from others; leaves word
    /// of how that one ended; and passes on to the supervisor that something has.
    pub fn heed(&self, supervisor: &ProcessRef, slot: &SpawnSlot) -> io::Result<()> {
        while self.ends.read()?.is_some() {}
        self.children.reap(Some(self.leader.pid()))?;
        // It may be a stranger's child by now, whose end the supervisor sees as well as we do.
        let end = self.leader.peek_status().ok().flatten();
        if let Some(end) = end.or_else(|| self.leader.end_as_seen()) {
            slot.tell_end(end);
        }
        // One that has ended needs no word.
        let _ = supervisor.signal(Signal::CHLD);
        Ok(())
    }

    /// Lets go of the tree, for a supervisor that this process becomes again.
    pub fn into_leader(self) -> ProcessRef {
        self.leader
    }
}
