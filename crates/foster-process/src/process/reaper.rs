//! Reaps leaders whose handles are gone and who live on.
//!
//! Nobody else could: a child is reaped by its parent's process, which is this one. The thread is
//! started when there is the first of them, and sleeps in the kernel. What it waits with it has from
//! the start: a process that is out of descriptors for a moment must not collect zombies for good.

use std::io;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::identity::ProcessRef;
use crate::sys::{self, BlockedSignals, Poller};
use crate::tree::Tree;

/// A leader that nobody holds any more, and its tree.
#[derive(Debug)]
pub(super) struct Left {
    pub leader: Arc<ProcessRef>,
    pub tree: Arc<Tree>,
}

/// The way to the thread.
struct Reaper {
    arrivals: Vec<Left>,
    /// `None` while there is no thread.
    bell: Option<OwnedFd>,
}

static REAPER: Mutex<Reaper> = Mutex::new(Reaper {
    arrivals: Vec::new(),
    bell: None,
});

/// Has a leader reaped, and its scope removed, when they are over.
pub(super) fn hand_over(left: Left) {
    let pid = left.leader.pid();
    let mut reaper = lock();
    reaper.arrivals.push(left);
    if reaper.bell.is_none() {
        match start() {
            Ok(bell) => reaper.bell = Some(bell),
            Err(error) => {
                tracing::error!(pid, %error, "no thread is to be had yet that would reap it");
            }
        }
    }
    if let Some(bell) = &reaper.bell {
        // A pipe that is full is heard all the same.
        let _ = rustix::io::write(bell, b"!");
    }
}

fn lock() -> MutexGuard<'static, Reaper> {
    REAPER.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Starts the thread, and returns what wakes it.
fn start() -> io::Result<OwnedFd> {
    let (heard, bell) = sys::pipe()?;
    let poller = Poller::new()?;
    poller.add(&heard, ANY)?;
    let thread = std::thread::Builder::new().name("foster-reaper".to_owned());
    thread.spawn(move || attend(&heard, &poller))?;
    Ok(bell)
}

/// The token of all that is watched: nothing is read off it, all is looked at after each wait.
const ANY: u64 = 0;

/// The thread's life.
fn attend(heard: &OwnedFd, poller: &Poller) {
    // The host's signals are for its own threads.
    let blocked = BlockedSignals::all();
    let mut watched: Vec<Watched> = Vec::new();
    let error = loop {
        if let Err(error) = poller.wait(None) {
            break error;
        }
        let mut buffer = [0; 64];
        while rustix::io::read(heard, &mut buffer).is_ok_and(|n| n == buffer.len()) {}
        let arrivals = std::mem::take(&mut lock().arrivals);
        watched.extend(arrivals.into_iter().map(Watched::Unseen));
        watched = { watched.into_iter() }
            .filter_map(|one| one.look(poller))
            .collect();
    };
    // Whoever is handed over next starts another.
    lock().bell = None;
    tracing::error!(%error, "those who are left can't be reaped any more");
    drop(blocked);
}

/// One who is left, by what is waited for.
enum Watched {
    /// Nothing is yet.
    Unseen(Left),
    /// The leader's end.
    Leader(Left),
    /// The end of the others. The leader is reaped.
    Rest(Left),
}

impl Watched {
    /// Goes on as far as it can. Returns what is waited for then; `None` if it is over.
    fn look(self, poller: &Poller) -> Option<Self> {
        let watched = match self {
            Self::Unseen(left) if left.leader_runs() => {
                let added = poller.add(left.leader.as_fd(), ANY);
                added.map(|()| Some(Self::Leader(left)))
            }
            Self::Leader(left) if left.leader_runs() => return Some(Self::Leader(left)),
            Self::Leader(left) => {
                let removed = poller.remove(left.leader.as_fd());
                removed.and_then(|()| left.await_the_rest(poller))
            }
            Self::Unseen(left) => left.await_the_rest(poller),
            Self::Rest(left) if left.is_over() => left.finish(poller),
            Self::Rest(left) => return Some(Self::Rest(left)),
        };
        watched.unwrap_or_else(|error| {
            tracing::error!(%error, "one who is left can't be watched");
            None
        })
    }
}

impl Left {
    fn leader_runs(&self) -> bool {
        let status = self.leader.peek_status();
        status.is_ok_and(|status| status.is_none())
    }

    /// Reaps the leader, and watches for the end of those who can tell it: a control group, and the
    /// first process of a namespace, which is our child too.
    fn await_the_rest(self, poller: &Poller) -> io::Result<Option<Watched>> {
        // Its number is nobody's business any more: nobody is left who would signal its group. That
        // it was reaped already is fine.
        let _ = self.leader.reap();
        if let Some(cgroup) = self.tree.scope().events_fd() {
            poller.add_urgent(cgroup, ANY)?;
        }
        if let Some(namespace) = self.namespace() {
            poller.add(namespace, ANY)?;
        }
        Ok(Watched::Rest(self).look(poller))
    }

    fn is_over(&self) -> bool {
        let scope = self.tree.scope();
        let told = scope.events_fd().is_some() || scope.namespace().is_some();
        !told || self.tree.is_empty(None).unwrap_or(true)
    }

    fn finish(self, poller: &Poller) -> io::Result<Option<Watched>> {
        let scope = self.tree.scope();
        for fd in scope.events_fd().into_iter().chain(self.namespace()) {
            poller.remove(fd)?;
        }
        // A leaf that stays behind is empty and costs a directory entry.
        let _ = scope.remove();
        Ok(None)
    }

    fn namespace(&self) -> Option<BorrowedFd<'_>> {
        let namespace = self.tree.scope().namespace();
        namespace.map(sys::PidNamespace::as_fd)
    }
}
