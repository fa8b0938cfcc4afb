//! What becomes of a tree whose handle is dropped.

use std::io;
use std::sync::Arc;

use super::super::on_drop::OnDrop;
use super::super::reaper::{self, Left};
use super::Running;
use crate::escalation::{Escalation, Report};
use crate::signal::Signal;
use crate::terminate::terminate;

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
}

#[expect(
    clippy::panic,
    reason = "asked for by `OnDrop::Panic`, in debug builds alone"
)]
fn blame_loudly(name: &str, pid: i32) {
    panic!("{name} (pid {pid}) was dropped without being waited for or ended");
}
