use std::fmt;
use std::time::{Duration, Instant};

use crate::Signal;
use crate::tree::{Delivery, Survivor};

/// The time that a process is given to be seen as gone after a signal could not be sent to it,
/// before that counts as an error.
const JUST_EXITED: Duration = Duration::from_millis(100);

/// How long it may take until nobody is left after KILL; whoever is left then survives. The kernel
/// needs milliseconds, unless a process sleeps in it and can't be woken.
pub const AFTER_KILL: Duration = Duration::from_secs(3);

/// A grace too long for the clock ends in a century, which is as good as never.
const NEVER: Duration = Duration::from_hours(24 * 36_525);

/// One phase of an escalation: a signal, and the time that the tree has to be empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Phase {
    /// What is sent to every member.
    pub signal: Signal,
    /// How long to wait before the next phase. For KILL, how long before giving up.
    pub grace: Duration,
}

/// No escalation can be made of these phases.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidEscalation {
    /// There are none.
    #[error("an escalation needs at least one phase")]
    Empty,
    /// After KILL nothing can follow.
    #[error("no phase can follow KILL")]
    AfterKill,
}

/// What is to be done next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Send this signal to every member (then CONT), and tell by [`Escalation::sent`].
    Send {
        /// Which phase this is, counted from 0.
        phase: u32,
        /// What to send. For KILL the scope's own way of killing is to be used.
        signal: Signal,
    },
    /// Nothing before this moment, unless the tree becomes empty.
    WaitUntil(Instant),
    /// It is over: the tree is empty, or what is left survives.
    Done {
        /// Whether the tree is empty.
        empty: bool,
    },
}

/// What a phase did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhaseOutcome {
    /// What was sent.
    pub signal: Signal,
    /// How many processes it reached.
    pub sent: u32,
    /// How long the phase lasted.
    pub waited: Duration,
    /// What was tried in this phase and went wrong.
    pub errors: Vec<FailedAttempt>,
}

/// What was tried in order to end a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operation {
    /// To see whether the tree is empty.
    Check,
    /// To find the members that a signal is for.
    Find,
    /// To send the phase's signal to one of them.
    Signal,
}

/// Something that was tried in a phase, and went wrong. The phase goes on all the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedAttempt {
    /// What was tried.
    pub operation: Operation,
    /// Why it failed, for people; of a signal, with the process that it was for.
    pub error: String,
}

impl fmt::Display for FailedAttempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let about = match self.operation {
            Operation::Check => "the tree can't be looked at: ",
            Operation::Find => "its members can't be found: ",
            Operation::Signal => "",
        };
        write!(f, "{about}{}", self.error)
    }
}

/// What an escalation did, and what is left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Each phase that was entered.
    pub phases: Vec<PhaseOutcome>,
    /// Whether the kernel says that the tree is empty.
    pub empty: bool,
    /// What is left.
    pub survivors: Vec<Survivor>,
    /// From the first signal to the end.
    pub took: Duration,
}

/// Decides which signal is due. Pure: it is told the time and what has happened.
///
/// It ends when the tree is empty, never because the leader went. It can be asked for its
/// [`Escalation::standing`] while it runs, and dropping it leaves the tree as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Escalation {
    phases: Vec<Phase>,
    outcomes: Vec<PhaseOutcome>,
    entered: Option<Instant>,
    began: Option<Instant>,
    ended: Option<(Instant, bool)>,
}

impl Escalation {
    /// Returns an escalation through these phases. If the last of them is not KILL, KILL follows,
    /// with `after_kill` to wait for the tree to be empty; a KILL of the caller's keeps at least
    /// that time.
    ///
    /// # Errors
    /// [`InvalidEscalation`] if there are no phases, or if one follows KILL.
    pub fn new(mut phases: Vec<Phase>, after_kill: Duration) -> Result<Self, InvalidEscalation> {
        let last = phases.last_mut().ok_or(InvalidEscalation::Empty)?;
        if last.signal == Signal::KILL {
            last.grace = last.grace.max(after_kill);
        } else {
            phases.push(Phase {
                signal: Signal::KILL,
                grace: after_kill,
            });
        }
        if phases
            .iter()
            .rev()
            .skip(1)
            .any(|phase| phase.signal == Signal::KILL)
        {
            return Err(InvalidEscalation::AfterKill);
        }
        Ok(Self::through(phases))
    }

    /// Returns the escalation that kills at once, and waits [`AFTER_KILL`] for the end.
    pub fn kill() -> Self {
        Self::through(vec![Phase {
            signal: Signal::KILL,
            grace: AFTER_KILL,
        }])
    }

    /// The same for phases that [`Escalation::new`] has accepted before.
    pub(crate) fn of_checked(phases: Vec<Phase>) -> Self {
        Self::new(phases, AFTER_KILL).unwrap_or_else(|_| Self::kill())
    }

    fn through(phases: Vec<Phase>) -> Self {
        Self {
            phases,
            outcomes: Vec::new(),
            entered: None,
            began: None,
            ended: None,
        }
    }

    /// Returns what is to be done now, given whether the tree is empty.
    pub fn poll(&mut self, now: Instant, empty: bool) -> Step {
        if let Some((_, empty)) = self.ended {
            return Step::Done { empty };
        }
        if empty {
            return self.end(now, true);
        }
        let Some(entered) = self.entered else {
            return self.enter(now);
        };
        let due = end_of(entered, self.phases[self.current()].grace);
        if now < due {
            return Step::WaitUntil(due);
        }
        self.leave(now);
        if self.outcomes.len() == self.phases.len() {
            return self.end(now, false);
        }
        self.enter(now)
    }

    /// Takes in what came of the signal that [`Step::Send`] demanded.
    pub fn sent(&mut self, delivery: Delivery) {
        if let Some(outcome) = self.outcomes.last_mut() {
            outcome.sent += delivery.sent;
            let refused = |error| FailedAttempt {
                operation: Operation::Signal,
                error,
            };
            outcome
                .errors
                .extend(delivery.errors.into_iter().map(refused));
        }
    }

    /// Takes note of something else that went wrong in the present phase; before the first and after
    /// the last there is none.
    pub fn failed(&mut self, attempt: FailedAttempt) {
        if let Some(outcome) = self.outcomes.last_mut().filter(|_| self.ended.is_none()) {
            outcome.errors.push(attempt);
        }
    }

    /// Goes over to these phases if they come to KILL sooner than what is left of the present ones.
    /// Returns whether they do. What was done already stays in the report.
    pub fn hasten(&mut self, now: Instant, phases: &[Phase]) -> bool {
        let Some(after_kill) = self.phases.last().map(|kill| kill.grace) else {
            return false;
        };
        let Ok(other) = Self::new(phases.to_vec(), after_kill) else {
            return false;
        };
        if self.ended.is_some() || other.time_to_kill(now) >= self.time_to_kill(now) {
            return false;
        }
        self.leave(now);
        self.phases.truncate(self.outcomes.len());
        self.phases.extend(other.phases);
        true
    }

    /// The time that is left until KILL is sent.
    fn time_to_kill(&self, now: Instant) -> Duration {
        if self.phases.len() == self.outcomes.len() {
            return Duration::ZERO;
        }
        let left = self.standing(now).map_or(Duration::ZERO, |(_, left)| left);
        let later = &self.phases[self.outcomes.len()..self.phases.len() - 1];
        later
            .iter()
            .fold(left, |sum, phase| sum.saturating_add(phase.grace))
    }

    /// Returns the phases, the closing KILL among them.
    pub fn phases(&self) -> &[Phase] {
        &self.phases
    }

    /// Returns the phase under way and the time left in it; `None` before the first and after the
    /// last.
    pub fn standing(&self, now: Instant) -> Option<(Phase, Duration)> {
        let entered = self.entered?;
        let phase = self.phases[self.current()];
        Some((
            phase,
            end_of(entered, phase.grace).saturating_duration_since(now),
        ))
    }

    /// Returns what was done, with `survivors` as what is left.
    pub fn report(&self, survivors: Vec<Survivor>) -> Report {
        let took = match (self.began, self.ended) {
            (Some(began), Some((ended, _))) => ended - began,
            _ => Duration::ZERO,
        };
        let empty = matches!(self.ended, Some((_, true)));
        Report {
            phases: self.outcomes.clone(),
            empty,
            survivors,
            took,
        }
    }

    fn current(&self) -> usize {
        self.outcomes.len().saturating_sub(1)
    }

    fn enter(&mut self, now: Instant) -> Step {
        let signal = self.phases[self.outcomes.len()].signal;
        let phase = self.outcomes.len() as u32;
        self.began.get_or_insert(now);
        self.entered = Some(now);
        let waited = Duration::ZERO;
        self.outcomes.push(PhaseOutcome {
            signal,
            sent: 0,
            waited,
            errors: Vec::new(),
        });
        Step::Send { phase, signal }
    }

    fn leave(&mut self, now: Instant) {
        if let (Some(entered), Some(outcome)) = (self.entered.take(), self.outcomes.last_mut()) {
            outcome.waited = now - entered;
        }
    }

    fn end(&mut self, now: Instant, empty: bool) -> Step {
        self.leave(now);
        if let Some(last) = self.outcomes.last_mut().filter(|_| empty)
            && last.waited <= JUST_EXITED
        {
            // The process that could not be signalled was on its way out; that is no error.
            last.errors
                .retain(|attempt| attempt.operation != Operation::Signal);
        }
        self.began.get_or_insert(now);
        self.ended = Some((now, empty));
        Step::Done { empty }
    }
}

fn end_of(entered: Instant, grace: Duration) -> Instant {
    let never = || entered + NEVER;
    entered.checked_add(grace).unwrap_or_else(never)
}

#[cfg(test)]
mod tests;
