use std::time::{Duration, Instant};

use foster_model::{Cause, OutputEnd, State, Stragglers, TimeoutKind};
use foster_process::{Drain, Escalation, ExitStatus, Phase, Signal, Step};

use crate::phases::from_specs;

/// What is true now, as the kernel says.
#[derive(Debug, Clone, Copy)]
pub struct Facts {
    /// How the leader ended, if it has.
    pub leader: Option<ExitStatus>,
    /// Whether nobody is left in the tree but the leader's zombie.
    pub empty: bool,
    /// Whether both streams were read to their end.
    pub output_ended: bool,
    /// When bytes were last read.
    pub last_output: Instant,
}

/// What is to be done next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Write down how the leader ended.
    RecordExit(ExitStatus),
    /// Write down that an escalation begins.
    BeginStop {
        /// What for. `None` if it is only for what the leader left behind.
        cause: Option<Cause>,
        /// Which limit was passed, if it is for that.
        timeout_kind: Option<TimeoutKind>,
    },
    /// Write down that the job still runs.
    Refresh,
    /// Send a signal to the whole tree, and tell by [`Life::sent`].
    Send {
        /// The phase, counted from 0.
        phase: u32,
        /// The signal.
        signal: Signal,
    },
    /// Tell those who asked what the escalation did.
    EndStop(Escalation),
    /// Write down who was left behind.
    ListStragglers,
    /// Write down that the tree is empty.
    RecordEmpty,
    /// Write down how the output ended.
    Close(OutputEnd),
    /// The job is over: write it down, then tell everybody.
    Finish(State, Cause),
    /// Nothing is left to look after.
    Conclude,
    /// Nothing, until something happens or this moment comes.
    Wait(Option<Instant>),
}

/// How a job is to be led to its end.
#[derive(Debug, Clone)]
pub struct Plan {
    /// How long the leader may run.
    pub timeout: Option<Duration>,
    /// How long it may print nothing.
    pub idle_timeout: Option<Duration>,
    /// How often is to be written down that it still runs.
    pub progress_every: Option<Duration>,
    /// How the tree is ended.
    pub phases: Vec<Phase>,
    /// How long the wait after KILL may last.
    pub after_kill: Duration,
    /// What happens to what the leader leaves behind.
    pub stragglers: Stragglers,
    /// How long output is read after the leader's exit while somebody holds it.
    pub drain: Drain,
}

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

    fn step(&mut self, now: Instant, facts: &Facts, oom: bool) -> Effect {
        if let (Some(status), None) = (facts.leader, self.exited) {
            self.exited = Some((now, status));
            self.drain_from = Some(now);
            return Effect::RecordExit(status);
        }
        if let Some(effect) = self.next_of_stop(now, facts.empty) {
            return effect;
        }
        if self.exited.is_none() {
            return self.while_running(now, facts);
        }
        self.after_exit(now, facts, oom)
    }

    fn next_of_stop(&mut self, now: Instant, empty: bool) -> Option<Effect> {
        let running = self.exited.is_none();
        let stop = self.stop.as_mut()?;
        if !stop.announced {
            stop.announced = true;
            if running && !empty {
                self.claimed = self.claimed.or(stop.cause);
            }
            let cause = stop.cause;
            let timeout_kind = self.timeout_kind.filter(|_| cause == Some(Cause::Timeout));
            return Some(Effect::BeginStop {
                cause,
                timeout_kind,
            });
        }
        match stop.escalation.poll(now, empty) {
            Step::Send { phase, signal } => Some(Effect::Send { phase, signal }),
            Step::WaitUntil(_) => None,
            Step::Done { empty } => {
                self.gave_up = !empty;
                self.drain_from = self.drain_from.map(|_| now);
                self.stop
                    .take()
                    .map(|stop| Effect::EndStop(stop.escalation))
            }
        }
    }

    fn while_running(&mut self, now: Instant, facts: &Facts) -> Effect {
        if facts.output_ended && self.closed.is_none() {
            self.closed = Some(OutputEnd::Complete);
            return Effect::Close(OutputEnd::Complete);
        }
        if self.stop.is_some() {
            return Effect::Wait(self.phase_due(now));
        }
        if self.is_overdue(now) {
            return self.time_out(now, facts, TimeoutKind::Deadline);
        }
        if self.seems_idle(now, facts) {
            // Once: if it can't be ended, it is not tried for ever.
            self.plan.idle_timeout = None;
            return self.time_out(now, facts, TimeoutKind::Idle);
        }
        Effect::Wait(earliest(self.deadline, self.idle_due(facts)))
    }

    fn time_out(&mut self, now: Instant, facts: &Facts, kind: TimeoutKind) -> Effect {
        self.timeout_kind = Some(kind);
        self.stop(now, None, Some(Cause::Timeout));
        self.next_of_stop(now, facts.empty)
            .unwrap_or(Effect::Wait(None))
    }

    /// When a job that prints nothing from now on has been silent for too long.
    fn idle_due(&self, facts: &Facts) -> Option<Instant> {
        facts.last_output.checked_add(self.plan.idle_timeout?)
    }

    /// Returns whether the job has outlived its time; once.
    fn is_overdue(&mut self, now: Instant) -> bool {
        self.deadline.take_if(|deadline| now >= *deadline).is_some()
    }

    fn after_exit(&mut self, now: Instant, facts: &Facts, oom: bool) -> Effect {
        if facts.empty && !self.empty_recorded {
            self.empty_recorded = true;
            if self.finished {
                // What was left has ended; what it printed last may still be on its way.
                self.drain_from = Some(now);
            }
            return Effect::RecordEmpty;
        }
        if facts.output_ended && self.closed != Some(OutputEnd::Complete) {
            // Also after a drain that ended before: what was left has let go of the output now.
            self.closed = Some(OutputEnd::Complete);
            return Effect::Close(OutputEnd::Complete);
        }
        if self.stop.is_some() {
            return Effect::Wait(self.phase_due(now));
        }
        if !self.finished {
            return self.toward_the_finish(now, facts, oom);
        }
        if !facts.empty {
            return Effect::Wait(None);
        }
        match self.drain_due(facts) {
            Some(due) if now < due && !facts.output_ended => Effect::Wait(Some(due)),
            _ => Effect::Conclude,
        }
    }

    /// The leader has exited, no escalation is under way, and the job is not over.
    fn toward_the_finish(&mut self, now: Instant, facts: &Facts, oom: bool) -> Effect {
        let waits_for_all = self.plan.stragglers == Stragglers::Wait && !facts.empty;
        let drained = if waits_for_all {
            None
        } else {
            self.drain_due(facts)
        };
        if waits_for_all && self.is_overdue(now) {
            // The leader has gone, and what the job waits for has no other bound.
            return self.time_out(now, facts, TimeoutKind::Deadline);
        }
        let still_draining = self.closed.is_none() && drained.is_none_or(|due| now < due);
        if still_draining || (waits_for_all && !self.gave_up) {
            let overdue = self.deadline.filter(|_| waits_for_all);
            return Effect::Wait(earliest(drained, overdue));
        }
        if !facts.empty && !self.stragglers_listed {
            self.stragglers_listed = true;
            return Effect::ListStragglers;
        }
        if !facts.empty && self.plan.stragglers == Stragglers::Kill && !self.gave_up {
            self.stop(now, None, None);
            return self
                .next_of_stop(now, facts.empty)
                .unwrap_or(Effect::Wait(None));
        }
        if self.closed.is_none() {
            self.closed = Some(OutputEnd::HeldOpen);
            return Effect::Close(OutputEnd::HeldOpen);
        }
        self.finished = true;
        let (state, cause) = self.verdict(oom);
        Effect::Finish(state, cause)
    }

    fn drain_due(&self, facts: &Facts) -> Option<Instant> {
        let from = self.drain_from?;
        self.plan.drain.due(from, facts.last_output)
    }

    /// When the current phase of an escalation ends.
    fn phase_due(&self, now: Instant) -> Option<Instant> {
        let (_, left) = self.stop.as_ref()?.escalation.standing(now)?;
        now.checked_add(left)
    }

    fn verdict(&self, oom: bool) -> (State, Cause) {
        let by_signal = self.exited.and_then(|(_, status)| status.signal());
        match (self.claimed, by_signal) {
            (Some(cause), _) => (State::Killed, cause),
            (None, Some(Signal::KILL)) if oom => (State::Killed, Cause::Oom),
            (None, Some(_)) => (State::Killed, Cause::Signal),
            (None, None) => (State::Exited, Cause::Exit),
        }
    }
}

fn earliest(a: Option<Instant>, b: Option<Instant>) -> Option<Instant> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (one, other) => one.or(other),
    }
}

#[cfg(test)]
mod tests;
