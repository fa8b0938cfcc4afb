use std::io;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::time::{Duration, Instant};

use crate::escalation::{Escalation, FailedAttempt, Operation, Report, Step};
use crate::identity::ProcessRef;
use crate::signal::Signal;
use crate::sys;
use crate::tree::Tree;

/// How many members are watched at once: the tree is not empty before those have ended too, and
/// then others are watched.
const WATCHED: usize = 128;

/// Drives an escalation over a tree to its end, blocking, and returns what was done and what is
/// left. The leader, if it is a child of ours, stays a zombie: reap it afterwards.
///
/// It sleeps in the kernel until a member has ended, the control group is empty, or the next phase
/// is due.
///
/// # Errors
/// If the tree can't be looked at, or the kernel refuses to wait. What was signalled by then stays
/// so. That somebody survives is none: see [`Report::survivors`].
pub fn terminate(
    tree: &Tree,
    leader: Option<&ProcessRef>,
    escalation: Escalation,
) -> io::Result<Report> {
    let mut termination = Termination::new(escalation);
    loop {
        match termination.turn(tree, leader)? {
            Turn::Done(report) => return Ok(report),
            Turn::Wait(watch) => {
                let left = watch.until.saturating_duration_since(Instant::now());
                let cgroup = tree.scope().events_fd();
                let fds: Vec<_> = watch.descriptors(tree).collect();
                sys::wait_any(&fds, cgroup, left)?;
            }
        }
    }
}

/// An escalation that is carried out: all of [`terminate`] but the waiting, so that a loop of any
/// kind can do that in its own way.
#[derive(Debug)]
pub(crate) struct Termination {
    escalation: Escalation,
    /// Who was there when a signal was sent, where they are known by marks: who is on his way out bears
    /// none any more, and is not gone yet.
    signalled: Vec<ProcessRef>,
    /// Why it could not be told, before the first signal, whether anybody is there.
    unseen: Option<io::Error>,
}

/// What is to be done next.
#[derive(Debug)]
pub(crate) enum Turn {
    /// Wait for this, and take another turn.
    Wait(Watch),
    /// Nothing: it is over.
    Done(Report),
}

/// What a termination waits for: the first of the members to end, the control group to become
/// empty (`Scope::events_fd`), or the moment.
#[derive(Debug)]
pub(crate) struct Watch {
    pub until: Instant,
    members: Vec<ProcessRef>,
    /// Whether the end of the tree's namespace is waited for too.
    namespace: bool,
}

impl Watch {
    /// Returns what becomes readable.
    pub fn descriptors<'a>(&'a self, tree: &'a Tree) -> impl Iterator<Item = BorrowedFd<'a>> {
        let members = self.members.iter().map(ProcessRef::as_fd);
        let namespace = tree.scope().namespace().filter(|_| self.namespace);
        members.chain(namespace.map(sys::PidNamespace::as_fd))
    }
}

impl Termination {
    pub fn new(escalation: Escalation) -> Self {
        Self {
            escalation,
            signalled: Vec::new(),
            unseen: None,
        }
    }

    /// Does what is due now.
    pub fn turn(&mut self, tree: &Tree, leader: Option<&ProcessRef>) -> io::Result<Turn> {
        let mut killed = false;
        loop {
            tree.reap(leader.map(ProcessRef::pid))?;
            let empty = self.look(tree, leader)?;
            match self.escalation.poll(Instant::now(), empty) {
                Step::Send { signal, .. } => {
                    self.send(tree, leader, signal)?;
                    killed = signal == Signal::KILL && tree.is_killed_at_once();
                }
                Step::WaitUntil(until) => {
                    let kills = self.kills();
                    if kills && !std::mem::take(&mut killed) {
                        // What was forked while the last pass went by.
                        tree.kill()?;
                    }
                    if let Some((members, namespace)) = self.whom_to_watch(tree, leader)? {
                        for member in members.iter().filter(|_| kills) {
                            // Nobody is waited for that has not been killed. Who is gone is gone.
                            let _ = member.signal(Signal::KILL);
                        }
                        return Ok(Turn::Wait(Watch {
                            until,
                            members,
                            namespace,
                        }));
                    }
                }
                Step::Done { empty } => {
                    let survivors = if empty { Vec::new() } else { tree.survivors()? };
                    return Ok(Turn::Done(self.escalation.report(survivors)));
                }
            }
        }
    }

    /// Returns whether the tree is empty. That it can't be told before the first signal is recorded and
    /// stops nothing: whoever is there gets the signal.
    fn look(&mut self, tree: &Tree, leader: Option<&ProcessRef>) -> io::Result<bool> {
        let over = |process: &ProcessRef| process.wait_ended(Some(Duration::ZERO));
        self.signalled
            .retain(|process| !over(process).unwrap_or(true));
        match tree.is_empty(leader) {
            Ok(empty) => Ok(empty && self.signalled.is_empty()),
            Err(error) if self.escalation.standing(Instant::now()).is_none() => {
                self.unseen = Some(error);
                Ok(false)
            }
            error => error,
        }
    }

    /// Returns whom to wait for, with those who are on their way out if there is nobody else.
    fn whom_to_watch(
        &self,
        tree: &Tree,
        leader: Option<&ProcessRef>,
    ) -> io::Result<Option<(Vec<ProcessRef>, bool)>> {
        let members = whom_to_watch(tree, leader)?;
        if members.is_some() || self.signalled.is_empty() {
            return Ok(members);
        }
        let leaving = self.signalled.iter().map(ProcessRef::try_clone);
        Ok(Some((leaving.collect::<Result<_, _>>()?, false)))
    }

    fn send(&mut self, tree: &Tree, leader: Option<&ProcessRef>, signal: Signal) -> io::Result<()> {
        if tree.is_known_by_marks() {
            // Without a descriptor left they are taken for gone a moment early.
            let members = tree.some_members(WATCHED).unwrap_or_default();
            self.signalled
                .extend(members.into_iter().map(|member| member.process));
        }
        let sent = if signal == Signal::KILL {
            tree.kill()
        } else {
            tree.signal_and_continue(signal, leader)
        };
        if let Some(error) = self.unseen.take() {
            self.note(Operation::Check, &error);
        }
        match sent {
            Ok(delivery) => self.escalation.sent(delivery),
            // The next phase follows in any case; that of KILL is the last.
            Err(error) if signal != Signal::KILL => self.note(Operation::Find, &error),
            Err(error) => return Err(error),
        }
        Ok(())
    }

    fn note(&mut self, operation: Operation, error: &io::Error) {
        let error = error.to_string();
        self.escalation.failed(FailedAttempt { operation, error });
    }

    fn kills(&self) -> bool {
        let standing = self.escalation.standing(Instant::now());
        standing.is_some_and(|(phase, _)| phase.signal == Signal::KILL)
    }
}

/// Returns the members to wait for; `None` if there is nothing to wait for, and it has to be looked
/// again: the last may have ended, or been forked and left behind, as we looked, and with nobody to
/// watch the wait would last to its end. A control group tells when it is empty, and a namespace
/// when it is over: whether that is to be watched too is the second half.
fn whom_to_watch(
    tree: &Tree,
    leader: Option<&ProcessRef>,
) -> io::Result<Option<(Vec<ProcessRef>, bool)>> {
    if let Some(leader) = leader.filter(|leader| tree.stands_with(leader)) {
        return Ok(Some((vec![leader.try_clone()?], false)));
    }
    let members = tree.some_members(WATCHED)?.into_iter();
    let members: Vec<ProcessRef> = members.map(|member| member.process).collect();
    tree.reap(leader.map(ProcessRef::pid))?;
    let scope = tree.scope();
    let namespace = match scope.namespace() {
        // One that is over has nothing more to tell, and would end each wait at once.
        Some(namespace) => !namespace.is_over()?,
        None => false,
    };
    let told = namespace || (scope.events_fd().is_some() && !tree.is_empty(leader)?);
    Ok((told || !members.is_empty()).then_some((members, namespace)))
}
