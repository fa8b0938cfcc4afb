//! Reaps leaders whose handles are gone and who live on.
//!
//! Nobody else could: a child is reaped by its parent's process, which is this one. The thread is
//! started when there is the first of them, and sleeps in the kernel.

use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crate::identity::ProcessRef;
use crate::sys::{self, BlockedSignals, Poller};
use crate::tree::Tree;

/// A leader that nobody holds any more, and its tree.
#[derive(Debug)]
pub(super) struct Left {
    pub leader: Arc<ProcessRef>,
    pub tree: Arc<Tree>,
}

struct Reaper {
    arrivals: Arc<Mutex<Vec<Left>>>,
    bell: OwnedFd,
}

/// Has a leader reaped, and its scope removed, when they are over.
pub(super) fn hand_over(left: Left) {
    static REAPER: OnceLock<io::Result<Reaper>> = OnceLock::new();
    let reaper = match REAPER.get_or_init(Reaper::start) {
        Ok(reaper) => reaper,
        Err(error) => {
            let pid = left.leader.pid();
            return tracing::error!(pid, %error, "no thread is to be had that would reap it");
        }
    };
    lock(&reaper.arrivals).push(left);
    // A pipe that is full is heard all the same.
    let _ = rustix::io::write(&reaper.bell, b"!");
}

impl Reaper {
    fn start() -> io::Result<Self> {
        let (heard, bell) = sys::pipe()?;
        let arrivals = Arc::default();
        let shared = Arc::clone(&arrivals);
        let thread = std::thread::Builder::new().name("foster-reaper".to_owned());
        thread.spawn(move || attend(&heard, &shared))?;
        Ok(Self { arrivals, bell })
    }
}

fn lock(arrivals: &Mutex<Vec<Left>>) -> std::sync::MutexGuard<'_, Vec<Left>> {
    arrivals.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The thread's life.
fn attend(bell: &OwnedFd, arrivals: &Mutex<Vec<Left>>) {
    // The host's signals are for its own threads.
    let blocked = BlockedSignals::all();
    let mut left = Vec::new();
    let error = loop {
        if let Err(error) = wait(bell, &left) {
            break error;
        }
        let mut buffer = [0; 64];
        while rustix::io::read(bell, &mut buffer).is_ok_and(|n| n == buffer.len()) {}
        left.append(&mut lock(arrivals));
        left.retain(|left| !is_over(left));
    };
    tracing::error!(%error, "those who are left can't be reaped any more");
    drop(blocked);
}

fn wait(bell: &OwnedFd, left: &[Left]) -> io::Result<()> {
    const ANY: u64 = 0;
    let poller = Poller::new()?;
    poller.add(bell, ANY)?;
    for Left { leader, tree } in left {
        if leader.peek_status().is_ok_and(|status| status.is_none()) {
            poller.add(leader.as_fd(), ANY)?;
        } else if let Some(cgroup) = tree.scope().events_fd() {
            poller.add_urgent(cgroup, ANY)?;
        }
    }
    poller.wait(None).map(drop)
}

fn is_over(Left { leader, tree }: &Left) -> bool {
    if leader.peek_status().is_ok_and(|status| status.is_none()) {
        return false;
    }
    // Its number is nobody's business any more: nobody is left who would signal its group. That it
    // was reaped already is fine.
    let _ = leader.reap();
    if tree.scope().events_fd().is_some() && !tree.is_empty(None).unwrap_or(true) {
        return false;
    }
    // A leaf that stays behind is empty and costs a directory entry.
    let _ = tree.scope().remove();
    true
}
