use std::io;
use std::os::fd::AsFd as _;

use crate::containment::Scope;
use crate::escalation::{Escalation, Report};
use crate::exit_status::ExitStatus;
use crate::identity::ProcessRef;
use crate::signal::Signal;
use crate::spawn::{SpawnError, SpawnPlan, SpawnSlot, spawn_unblocking};
use crate::sys::{self, SignalQueue};
use crate::terminate::terminate;
use crate::tree::Tree;

/// What is forwarded to a foreground command. The signals of job control are not among them: they
/// stop and continue this process together with the command, which shares its process group.
const FORWARDED: [Signal; 4] = [Signal::INT, Signal::TERM, Signal::HUP, Signal::QUIT];

/// A command that runs in the foreground, with the caller's streams and in its process group, and
/// whose whole tree ends with it.
#[derive(Debug)]
pub struct Foreground {
    tree: Tree,
    leader: ProcessRef,
    signals: SignalQueue,
}

/// How a foreground command ended.
#[derive(Debug)]
pub struct ForegroundEnd {
    /// The command's own end.
    pub status: ExitStatus,
    /// What was done to what it left behind.
    pub report: Report,
}

/// Why a foreground command could not be run.
#[derive(Debug, thiserror::Error)]
pub enum ForegroundError {
    /// It could not be started.
    #[error(transparent)]
    Spawn(#[from] SpawnError),
    /// This process could not be made ready for it.
    #[error("the process could not be made ready to hold a tree")]
    Setup(#[source] io::Error),
    /// The command can't be watched.
    #[error("the command can't be watched")]
    Watch(#[source] io::Error),
}

impl Foreground {
    /// Starts the command. This process becomes a subreaper and blocks the signals that it
    /// forwards. The children that it has already (a shell that executed us may have left some) are
    /// not the command's and are left alone; from now on it must make no others.
    ///
    /// # Errors
    /// [`ForegroundError::Spawn`] or [`ForegroundError::Setup`]; the command does not run then.
    pub fn start(plan: &SpawnPlan<'_>, mut scope: Scope) -> Result<Self, ForegroundError> {
        let strangers = sys::own_children().map_err(ForegroundError::Setup)?;
        sys::set_subreaper().map_err(ForegroundError::Setup)?;
        let mut wanted = FORWARDED.to_vec();
        wanted.push(Signal::CHLD);
        wanted.extend(
            [libc::SIGUSR1, libc::SIGUSR2]
                .into_iter()
                .flat_map(Signal::from_number),
        );
        let signals = SignalQueue::new(&wanted).map_err(ForegroundError::Setup)?;
        let slot = SpawnSlot::default();
        // What is blocked for the queue's sake must not stay blocked in the command.
        let spawned = spawn_unblocking(plan, &mut scope, &slot, signals.blocked());
        let spawned = spawned.inspect_err(|_| drop(scope.remove()))?;
        let mut tree = Tree::of_descendants(scope);
        for pid in strangers {
            tree.exclude(pid);
        }
        Ok(Self {
            tree,
            leader: spawned.leader,
            signals,
        })
    }

    /// Waits for the command, forwarding signals, then ends what it left behind.
    ///
    /// # Errors
    /// [`ForegroundError::Watch`] if the kernel refuses to wait; the tree may then be alive.
    pub fn finish(self, escalation: Escalation) -> Result<ForegroundEnd, ForegroundError> {
        let status = self.attend().map_err(ForegroundError::Watch)?;
        let report = terminate(&self.tree, Some(&self.leader), escalation);
        let report = report.map_err(ForegroundError::Watch)?;
        self.leader.reap().map_err(ForegroundError::Watch)?;
        // A leaf that stays behind is empty and costs a directory entry; the status matters more.
        drop(self.tree.scope().remove());
        Ok(ForegroundEnd { status, report })
    }

    fn attend(&self) -> io::Result<ExitStatus> {
        loop {
            if let Some(status) = self.leader.peek_status()? {
                return Ok(status);
            }
            let fds = [self.leader.as_fd(), self.signals.as_fd()];
            sys::wait_any(&fds, None, std::time::Duration::MAX)?;
            self.tree.reap(Some(self.leader.pid()))?;
            while let Some(received) = self.signals.read()? {
                // The terminal has already sent its own to the whole group, the command included;
                // but of a hang-up only the session's leader hears, and that may be us alone.
                if !received.from_kernel || received.signal == Signal::HUP {
                    self.forward(received.signal)?;
                }
            }
        }
    }

    fn forward(&self, signal: Signal) -> io::Result<()> {
        let ends = [Signal::TERM, Signal::HUP].contains(&signal);
        // A command that is stopped dies of it only once it goes on.
        let also = ends.then_some(Signal::CONT);
        for signal in [Some(signal), also].into_iter().flatten() {
            match self.leader.signal(signal) {
                Err(error) if error.raw_os_error() != Some(libc::ESRCH) => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }
}
