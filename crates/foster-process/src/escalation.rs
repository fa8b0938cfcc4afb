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
    /// What went wrong, process by process.
    pub errors: Vec<String>,
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
            outcome.errors.extend(delivery.errors);
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
            last.errors.clear();
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
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn term_kill(grace: Duration) -> Escalation {
        Escalation::new(
            vec![Phase {
                signal: Signal::TERM,
                grace,
            }],
            3000 * MS,
        )
        .unwrap()
    }

    #[test]
    fn kill_follows_only_after_the_grace() {
        let start = Instant::now();
        let mut machine = term_kill(100 * MS);
        assert_eq!(
            machine.poll(start, false),
            Step::Send {
                phase: 0,
                signal: Signal::TERM
            }
        );
        machine.sent(Delivery {
            sent: 2,
            errors: vec![],
        });
        assert_eq!(
            machine.poll(start + 99 * MS, false),
            Step::WaitUntil(start + 100 * MS)
        );
        let kill = machine.poll(start + 100 * MS, false);
        assert_eq!(
            kill,
            Step::Send {
                phase: 1,
                signal: Signal::KILL
            }
        );
        machine.sent(Delivery {
            sent: 1,
            errors: vec![],
        });
        assert_eq!(
            machine.poll(start + 101 * MS, true),
            Step::Done { empty: true }
        );
        let report = machine.report(vec![]);
        assert_eq!(report.took, 101 * MS);
        assert_eq!(
            report.phases.iter().map(|p| p.sent).collect::<Vec<_>>(),
            [2, 1]
        );
        assert!(report.empty);
    }

    #[test]
    fn an_empty_tree_gets_no_signal() {
        let mut machine = term_kill(MS);
        assert_eq!(
            machine.poll(Instant::now(), true),
            Step::Done { empty: true }
        );
        assert_eq!(machine.report(vec![]).phases, []);
    }

    #[test]
    fn after_kill_the_wait_is_bounded() {
        let start = Instant::now();
        let mut machine = term_kill(Duration::ZERO);
        assert!(matches!(
            machine.poll(start, false),
            Step::Send { phase: 0, .. }
        ));
        assert!(matches!(
            machine.poll(start, false),
            Step::Send { phase: 1, .. }
        ));
        assert_eq!(
            machine.poll(start, false),
            Step::WaitUntil(start + 3000 * MS)
        );
        assert_eq!(
            machine.poll(start + 3000 * MS, false),
            Step::Done { empty: false }
        );
        assert_eq!(
            machine.poll(start + 9000 * MS, true),
            Step::Done { empty: false }
        );
    }

    #[test]
    fn a_process_that_was_on_its_way_out_is_no_error() {
        let start = Instant::now();
        let mut machine = term_kill(1000 * MS);
        machine.poll(start, false);
        machine.sent(Delivery {
            sent: 0,
            errors: vec!["pid 7: not permitted".to_owned()],
        });
        machine.poll(start + 50 * MS, true);
        assert_eq!(
            machine.report(vec![]).phases[0].errors,
            Vec::<String>::new()
        );
    }

    #[test]
    fn the_sooner_of_two_wins() {
        let start = Instant::now();
        let mut machine = term_kill(3_600_000 * MS);
        machine.poll(start, false);
        let phase = |signal, grace| Phase { signal, grace };
        assert!(!machine.hasten(start, &[phase(Signal::TERM, 7_200_000 * MS)]));
        assert!(machine.hasten(start + 5 * MS, &[phase(Signal::KILL, MS)]));
        let kill = Step::Send {
            phase: 1,
            signal: Signal::KILL,
        };
        assert_eq!(machine.poll(start + 6 * MS, false), kill);
        assert!(!machine.hasten(start + 7 * MS, &[phase(Signal::KILL, MS)]));
        machine.poll(start + 8 * MS, true);
        let report = machine.report(vec![]);
        let waited: Vec<_> = report.phases.iter().map(|phase| phase.waited).collect();
        assert_eq!(waited, [5 * MS, 2 * MS]);
    }

    #[test]
    fn phases_after_kill_are_refused() {
        let kill = Phase {
            signal: Signal::KILL,
            grace: MS,
        };
        let term = Phase {
            signal: Signal::TERM,
            grace: MS,
        };
        assert!(matches!(
            Escalation::new(vec![], MS),
            Err(InvalidEscalation::Empty)
        ));
        assert!(matches!(
            Escalation::new(vec![kill, term], MS),
            Err(InvalidEscalation::AfterKill)
        ));
        assert!(Escalation::new(vec![term, kill], MS).is_ok());
    }

    proptest! {
        #[test]
        fn it_always_ends_and_kill_comes_last(
            graces in prop::collection::vec(0u64..500, 1..5),
            step in 1u64..200,
            empty_at in 0u64..5000,
        ) {
            let start = Instant::now();
            let phases = graces
                .iter()
                .map(|ms| Phase { signal: Signal::TERM, grace: Duration::from_millis(*ms) })
                .collect();
            let mut machine = Escalation::new(phases, 1000 * MS).unwrap();
            let mut sent = Vec::new();
            let mut now = 0;
            loop {
                prop_assert!(now < 20_000);
                match machine.poll(start + Duration::from_millis(now), now >= empty_at) {
                    Step::Send { signal, .. } => sent.push(signal),
                    Step::WaitUntil(due) => {
                        prop_assert!(due > start + Duration::from_millis(now));
                        now += step;
                    }
                    Step::Done { empty } => {
                        prop_assert!(empty == (now >= empty_at));
                        break;
                    }
                }
            }
            let kills = sent.iter().filter(|s| **s == Signal::KILL).count();
            prop_assert!(kills <= 1 && sent.iter().rposition(|s| *s == Signal::KILL)
                .is_none_or(|at| at == sent.len() - 1));
        }
    }
}
