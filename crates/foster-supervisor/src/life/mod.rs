//! When a job is to be stopped, closed and over.

mod effect;
mod facts;
mod plan;
#[cfg(test)]
mod properties;
mod steps;
#[cfg(test)]
mod tests;

use std::time::Instant;

use foster_model::{Cause, OutputEnd, Stragglers, TimeoutKind};
use foster_process::{Escalation, ExitStatus, Phase, Signal};

use crate::phases::from_specs;
pub use effect::Effect;
pub use facts::Facts;
pub use plan::Plan;

/// The life of a job from its start to its end: which step is due, given what is true.
///
/// Pure: [`Life::next`] is asked again after each effect was carried out, until it says
/// [`Effect::Wait`]. It does no input or output and reads no clock, so a successor that took over
/// rebuilds it from the journal and goes on.
#[derive(Debug)]
pub struct Life {
    plan: Plan,
    deadline: Option<Instant>,
    progress_due: Option<Instant>,
    stop: Option<Stop>,
    /// The cause that the end will have because of something Foster sent before the leader's exit.
    claimed: Option<Cause>,
    timeout_kind: Option<TimeoutKind>,
    exited: Option<(Instant, ExitStatus)>,
    drain_from: Option<Instant>,
    closed: Option<OutputEnd>,
    stragglers_listed: bool,
    /// An escalation ended and left somebody alive.
    gave_up: bool,
    empty_recorded: bool,
    finished: bool,
}

#[derive(Debug)]
struct Stop {
    cause: Option<Cause>,
    escalation: Escalation,
    announced: bool,
}

impl Life {
    /// Returns the life of a job that started at `started`.
    pub fn new(plan: Plan, started: Instant) -> Self {
        let deadline = plan
            .timeout
            .and_then(|timeout| started.checked_add(timeout));
        let progress_due = plan
            .progress_every
            .and_then(|every| started.checked_add(every));
        Self {
            plan,
            deadline,
            progress_due,
            stop: None,
            claimed: None,
            timeout_kind: None,
            exited: None,
            drain_from: None,
            closed: None,
            stragglers_listed: false,
            gave_up: false,
            empty_recorded: false,
            finished: false,
        }
    }

    /// Takes in what the journal says had happened before this process took over.
    pub fn resume(&mut self, now: Instant, record: &foster_model::JobRecord) {
        self.claimed = record.stopping;
        self.timeout_kind = record.timeout_kind;
        self.finished = record.state.is_final();
        self.stragglers_listed = !record.stragglers.is_empty();
        self.empty_recorded = record.tree_empty == Some(true);
        if record.output != OutputEnd::Open {
            self.closed = Some(record.output);
        }
        if let Some(cause) = record.stopping {
            let phases = from_specs(&record.stop_phases).ok();
            self.stop(now, phases, Some(cause));
        }
    }

    /// Tells why the time of the end can't be changed any more; `None` if it can.
    pub fn refuses_deadline(&self) -> Option<&'static str> {
        if self.finished {
            Some("it is over")
        } else if self.stop.is_some() {
            Some("it is being ended")
        } else if self.exited.is_some() && self.plan.stragglers != Stragglers::Wait {
            Some("its command has ended")
        } else {
            None
        }
    }

    /// Has the job ended at another time; `None` for never.
    pub fn set_deadline(&mut self, deadline: Option<Instant>) {
        self.deadline = deadline;
    }

    /// Returns whether a job would count as silent for too long, if these are the facts. Whoever can
    /// then should look once more for what was printed meanwhile: it may lie in the pipe.
    pub fn seems_idle(&self, now: Instant, facts: &Facts) -> bool {
        let running = self.exited.is_none() && facts.leader.is_none() && self.stop.is_none();
        running && self.idle_due(facts).is_some_and(|due| now >= due)
    }

    /// Begins to end the tree, through these phases or the job's own. One that is under way goes
    /// on, and both who asked get one answer; but the sooner way to KILL wins.
    pub fn stop(&mut self, now: Instant, phases: Option<Vec<Phase>>, cause: Option<Cause>) {
        if cause == Some(Cause::OuterJobEnded) && self.exited.is_none() {
            // The same hand that told us has told the leader; which of us it reached first says
            // nothing.
            self.claimed = cause;
        }
        let phases = phases.unwrap_or_else(|| self.plan.phases.clone());
        if let Some(stop) = &mut self.stop {
            if stop.escalation.hasten(now, &phases) {
                stop.announced = false;
            }
            return;
        }
        let kill = || {
            vec![Phase {
                signal: Signal::KILL,
                grace: self.plan.after_kill,
            }]
        };
        let escalation = Escalation::new(phases, self.plan.after_kill)
            .or_else(|_| Escalation::new(kill(), self.plan.after_kill));
        if let Ok(escalation) = escalation {
            self.gave_up = false;
            self.stop = Some(Stop {
                cause,
                escalation,
                announced: false,
            });
        }
    }

    /// Returns whether an escalation is under way.
    pub fn is_stopping(&self) -> bool {
        self.stop.is_some()
    }

    /// Returns whether the escalation under way has come to KILL.
    pub fn is_killing(&self) -> bool {
        let standing = self
            .stop
            .as_ref()
            .and_then(|s| s.escalation.standing(Instant::now()));
        standing.is_some_and(|(phase, _)| phase.signal == Signal::KILL)
    }

    /// Returns the phases of the escalation under way.
    pub fn phases(&self) -> &[Phase] {
        self.stop
            .as_ref()
            .map_or(&[], |stop| stop.escalation.phases())
    }

    /// Takes in what came of [`Effect::Send`].
    pub fn sent(&mut self, delivery: foster_process::Delivery) {
        if let Some(stop) = &mut self.stop {
            stop.escalation.sent(delivery);
        }
    }

    /// Takes in that somebody had a single signal sent to the tree. If it is one that asks for an
    /// end, the leader's end will count as asked for.
    pub fn signalled(&mut self, signal: Signal) {
        let ends = [
            Signal::TERM,
            Signal::INT,
            Signal::KILL,
            Signal::QUIT,
            Signal::HUP,
        ];
        if self.exited.is_none() && ends.contains(&signal) {
            self.claimed.get_or_insert(Cause::Stop);
        }
    }

    /// Returns what is to be done now.
    pub fn next(&mut self, now: Instant, facts: &Facts, oom: bool) -> Effect {
        match self.step(now, facts, oom) {
            Effect::Wait(due) if !self.finished => match self.progress_due {
                Some(progress) if now >= progress => {
                    let every = self.plan.progress_every;
                    self.progress_due = every.and_then(|every| now.checked_add(every));
                    Effect::Refresh
                }
                progress => Effect::Wait(earliest(due, progress)),
            },
            effect => effect,
        }
    }
}

fn earliest(a: Option<Instant>, b: Option<Instant>) -> Option<Instant> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (one, other) => one.or(other),
    }
}
