mod dropping;
mod signalling;

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::error::{CompletionError, TerminateError, Terminated};
use super::guard::Guard;
use super::holding::{Dedicated, Holding};
use super::on_drop::OnDrop;
use super::start::Told;
use crate::containment::Level;
use crate::escalation::Report;
use crate::identity::ProcessRef;
use crate::limits::LimitApplied;
use crate::tree::Tree;
use crate::usage::{Ended, TreeUsage};
pub use signalling::Target;

/// A process that was started, and its tree: all that does not depend on how one waits.
#[derive(Debug)]
pub(crate) struct Running {
    pub name: String,
    pub tree: Arc<Tree>,
    pub leader: Arc<ProcessRef>,
    pub level: Level,
    /// Whether the leader leads a process group.
    pub grouped: bool,
    pub limits: Vec<LimitApplied>,
    /// Whether what the tree used is to be known after its end.
    accounted: bool,
    state: Mutex<State>,
    /// Held as long as this is.
    _dedicated: Option<Dedicated>,
}

#[derive(Debug)]
struct State {
    guard: Guard,
    ended: Option<Ended>,
    /// What the whole tree used, once that is final.
    used: Option<TreeUsage>,
    reaped: bool,
    settled: bool,
    on_drop: OnDrop,
}

impl Running {
    pub(super) fn new(held: Holding, leader: Arc<ProcessRef>, told: Told) -> Self {
        let Holding {
            tree,
            level,
            dedicated,
        } = held;
        Self {
            name: told.name,
            tree: Arc::new(tree),
            leader,
            level,
            grouped: told.grouped,
            limits: told.limits,
            accounted: told.accounted,
            state: Mutex::new(State {
                guard: Guard::default(),
                ended: None,
                used: None,
                reaped: false,
                settled: false,
                on_drop: told.on_drop,
            }),
            _dedicated: dedicated,
        }
    }

    /// Has the guard lifted once the tree is empty.
    pub(super) fn guarded(self, guard: Guard) -> Self {
        self.state().guard = guard;
        self
    }

    pub fn pid(&self) -> i32 {
        self.leader.pid()
    }

    /// Returns how the leader ended; `None` while it runs. It stays a zombie while anybody else of
    /// its tree is alive, so that the number of its group stays ours.
    pub fn peek(&self) -> io::Result<Option<Ended>> {
        let mut state = self.state();
        if state.ended.is_none() {
            state.ended = self.leader.peek_end()?;
        }
        Ok(state.ended)
    }

    /// Returns how the leader ended, if that was seen.
    pub fn known_end(&self) -> Option<Ended> {
        self.state().ended
    }

    /// Returns how the leader ended, once it has: for a thread that waits for nothing else.
    pub fn await_end(&self) -> io::Result<Ended> {
        if let Some(ended) = self.known_end() {
            return Ok(ended);
        }
        let awaited = self.leader.await_end();
        let mut state = self.state();
        match awaited {
            Ok(ended) => Ok(*state.ended.get_or_insert(ended)),
            // Another who waited was faster and has reaped it, after noting how it ended.
            Err(error) => state.ended.ok_or(error),
        }
    }

    /// Notes that the leader's end was seen: nobody is to be blamed, and what it held is given back if
    /// nobody else lives in it.
    pub fn conclude(&self) {
        self.settle();
        self.try_release();
    }

    /// Does what [`Self::release`] does, if it can be done now: else the handle does it when it is
    /// dropped. Nobody loses what came of a wait because there was no descriptor to look around with.
    pub fn try_release(&self) {
        if let Err(error) = self.release() {
            tracing::debug!(name = self.name, pid = self.pid(), %error, "not looked after yet");
        }
    }

    /// Reaps the leader and removes the scope, if the tree is empty. Returns whether it is.
    pub fn release(&self) -> io::Result<bool> {
        if self.state().reaped {
            return Ok(true);
        }
        if self.peek()?.is_none() || !self.is_empty()? {
            return Ok(false);
        }
        let mut state = self.state();
        if !state.reaped {
            state.reaped = true;
            std::mem::take(&mut state.guard).lift();
            self.leader.reap_unasked()?;
            if self.accounted {
                state.used = Some(self.tree.scope().usage());
            }
            // A leaf that stays behind is empty and costs a directory entry.
            let _ = self.tree.scope().remove();
        }
        Ok(true)
    }

    pub fn is_empty(&self) -> io::Result<bool> {
        self.tree.reap(Some(self.pid()))?;
        self.tree.is_empty(Some(&self.leader))
    }

    /// Returns what the tree used: so far, or in all.
    pub fn used(&self) -> TreeUsage {
        let used = self.state().used;
        used.unwrap_or_else(|| self.tree.scope().usage())
    }

    /// Nobody is to be blamed any more when the handle is dropped.
    pub fn settle(&self) {
        self.state().settled = true;
    }

    pub fn set_on_drop(&self, on_drop: OnDrop) {
        self.state().on_drop = on_drop;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn watch_error(&self, source: io::Error) -> CompletionError {
        CompletionError::Watch {
            name: self.name.clone(),
            pid: self.pid(),
            source,
        }
    }

    /// Returns what a termination came to, once it is over.
    pub fn terminated(&self, report: Option<Report>) -> Result<Terminated, TerminateError> {
        let watch = |source| TerminateError::Watch(self.watch_error(source));
        let ended = self.peek().map_err(watch)?;
        self.try_release();
        let report = report.ok_or_else(|| watch(io::ErrorKind::Interrupted.into()))?;
        let empty = report.empty;
        let terminated = Terminated { ended, report };
        if !empty {
            return Err(TerminateError::Survived {
                name: self.name.clone(),
                terminated: Box::new(terminated),
            });
        }
        self.settle();
        Ok(terminated)
    }
}

/// Returns the moment that is `after` from now; `None` for one too far away to be told.
pub(crate) fn moment(after: Duration) -> Option<Instant> {
    Instant::now().checked_add(after)
}
