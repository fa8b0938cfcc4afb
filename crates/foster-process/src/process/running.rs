use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::error::{CompletionError, SignalError, TerminateError, Terminated};
use super::guard::Guard;
use super::holding::{Dedicated, Holding};
use super::on_drop::OnDrop;
use super::reaper::{self, Left};
use super::start::Told;
use crate::containment::Level;
use crate::escalation::{Escalation, Report};
use crate::identity::ProcessRef;
use crate::limits::LimitApplied;
use crate::signal::Signal;
use crate::terminate::terminate;
use crate::tree::Tree;
use crate::usage::{Ended, TreeUsage};

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

    /// Ends the tree, blocking, whoever else does so at the same time.
    fn end(&self, escalation: Escalation) -> io::Result<Report> {
        terminate(&self.tree, Some(&self.leader), escalation)
    }

    /// Kills all that can be reached without a descriptor more: the namespace or the control group,
    /// and the leader with its group. What fails here was told before.
    fn strike(&self) {
        let _ = self.tree.kill();
        if self.grouped {
            let _ = self.leader.signal_group(Signal::KILL);
        }
        let _ = self.leader.signal(Signal::KILL);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.release().is_ok_and(|released| released) {
            return self.blame();
        }
        let on_drop = self.state().on_drop.clone();
        let report = match on_drop {
            OnDrop::Detach => None,
            OnDrop::Terminate(graceful) => Some(self.end(graceful.into())),
            OnDrop::Kill | OnDrop::Panic => Some(self.end(Escalation::kill())),
        };
        if let Some(Err(error)) = report {
            tracing::error!(name = self.name, pid = self.pid(), %error, "a dropped process could not be ended");
            self.strike();
        }
        if !self.release().is_ok_and(|released| released) {
            reaper::hand_over(Left {
                leader: Arc::clone(&self.leader),
                tree: Arc::clone(&self.tree),
            });
        }
        self.blame();
    }
}

impl Running {
    /// Tells of a handle that was dropped without having been waited for.
    fn blame(&self) {
        let state = self.state();
        if state.settled || state.on_drop != OnDrop::Panic {
            return;
        }
        drop(state);
        let (name, pid) = (&self.name, self.pid());
        tracing::error!(name, pid, "dropped without being waited for or ended");
        if cfg!(debug_assertions) && !std::thread::panicking() {
            blame_loudly(name, pid);
        }
    }
}

#[expect(
    clippy::panic,
    reason = "asked for by `OnDrop::Panic`, in debug builds alone"
)]
fn blame_loudly(name: &str, pid: i32) {
    panic!("{name} (pid {pid}) was dropped without being waited for or ended");
}

impl Running {
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
