use std::time::{Duration, Instant};

use foster_model::{Cause, OutputEnd, State, Stragglers};
use foster_process::{Escalation, ExitStatus, Phase, Signal, Step};

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
    },
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
    /// How the tree is ended.
    pub phases: Vec<Phase>,
    /// How long the wait after KILL may last.
    pub after_kill: Duration,
    /// What happens to what the leader leaves behind.
    pub stragglers: Stragglers,
    /// How long output is read after the leader's exit while somebody holds it.
    pub drain: Duration,
    /// How long it may be silent meanwhile.
    pub drain_quiet: Duration,
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
    stop: Option<Stop>,
    /// The cause that the end will have because of something Foster sent before the leader's exit.
    claimed: Option<Cause>,
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
        Self {
            plan,
            deadline,
            stop: None,
            claimed: None,
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
        self.finished = record.state.is_final();
        self.stragglers_listed = !record.stragglers.is_empty();
        self.empty_recorded = record.tree_empty == Some(true);
        if record.output != OutputEnd::Open {
            self.closed = Some(record.output);
        }
        if let Some(cause) = record.stopping {
            self.stop(now, None, Some(cause));
        }
    }

    /// Begins to end the tree, through these phases or the job's own. One that is under way goes
    /// on: two who ask get one answer.
    pub fn stop(&mut self, _now: Instant, phases: Option<Vec<Phase>>, cause: Option<Cause>) {
        if self.stop.is_some() {
            return;
        }
        let phases = phases.unwrap_or_else(|| self.plan.phases.clone());
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
                self.claimed = stop.cause.or(self.claimed);
            }
            return Some(Effect::BeginStop { cause: stop.cause });
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
        if self.stop.is_none() && self.is_overdue(now) {
            self.stop(now, None, Some(Cause::Timeout));
            return self
                .next_of_stop(now, facts.empty)
                .unwrap_or(Effect::Wait(None));
        }
        let deadline = self.deadline.filter(|_| self.stop.is_none());
        Effect::Wait(earliest(deadline, self.phase_due(now)))
    }

    /// Returns whether the job has outlived its time; once.
    fn is_overdue(&mut self, now: Instant) -> bool {
        self.deadline.take_if(|deadline| now >= *deadline).is_some()
    }

    fn after_exit(&mut self, now: Instant, facts: &Facts, oom: bool) -> Effect {
        if facts.empty && !self.empty_recorded {
            self.empty_recorded = true;
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
        if facts.empty {
            Effect::Conclude
        } else {
            Effect::Wait(None)
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
            self.stop(now, None, Some(Cause::Timeout));
            return self
                .next_of_stop(now, facts.empty)
                .unwrap_or(Effect::Wait(None));
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
        let quiet = facts.last_output.max(from) + self.plan.drain_quiet;
        Some(quiet.min(from + self.plan.drain))
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
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn plan(stragglers: Stragglers) -> Plan {
        Plan {
            timeout: None,
            phases: vec![Phase {
                signal: Signal::TERM,
                grace: 100 * MS,
            }],
            after_kill: 50 * MS,
            stragglers,
            drain: 1000 * MS,
            drain_quiet: 200 * MS,
        }
    }

    struct World {
        now: Instant,
        facts: Facts,
        life: Life,
        seen: Vec<Effect>,
    }

    impl World {
        fn new(plan: Plan) -> Self {
            let now = Instant::now();
            let facts = Facts {
                leader: None,
                empty: false,
                output_ended: false,
                last_output: now,
            };
            Self {
                now,
                facts,
                life: Life::new(plan, now),
                seen: Vec::new(),
            }
        }

        /// Carries out effects until the machine waits; returns until when.
        fn settle(&mut self) -> Option<Instant> {
            for _ in 0..100 {
                match self.life.next(self.now, &self.facts, false) {
                    Effect::Wait(due) => return due,
                    Effect::Conclude => {
                        self.seen.push(Effect::Conclude);
                        return None;
                    }
                    effect => self.seen.push(effect),
                }
            }
            panic!("it never waits: {:?}", self.seen);
        }

        fn at(&mut self, later: Duration) -> Option<Instant> {
            self.now += later;
            self.settle()
        }
    }

    #[test]
    fn a_plain_life() {
        let mut world = World::new(plan(Stragglers::Kill));
        assert_eq!(world.settle(), None);
        world.facts = Facts {
            leader: Some(ExitStatus::Code(3)),
            empty: true,
            output_ended: true,
            ..world.facts
        };
        world.settle();
        assert_eq!(
            world.seen,
            [
                Effect::RecordExit(ExitStatus::Code(3)),
                Effect::RecordEmpty,
                Effect::Close(OutputEnd::Complete),
                Effect::Finish(State::Exited, Cause::Exit),
                Effect::Conclude,
            ]
        );
    }

    #[test]
    fn a_timeout_ends_the_tree_and_names_itself() {
        let mut world = World::new(Plan {
            timeout: Some(500 * MS),
            ..plan(Stragglers::Kill)
        });
        assert_eq!(world.settle(), Some(world.now + 500 * MS));
        let due = world.at(500 * MS);
        assert_eq!(due, Some(world.now + 100 * MS));
        assert_eq!(
            world.seen[1],
            Effect::Send {
                phase: 0,
                signal: Signal::TERM
            }
        );
        // It exits with a code after TERM: killed all the same, with the code kept.
        world.facts.leader = Some(ExitStatus::Code(0));
        world.facts.empty = true;
        world.facts.output_ended = true;
        world.at(10 * MS);
        assert!(
            world
                .seen
                .contains(&Effect::Finish(State::Killed, Cause::Timeout))
        );
    }

    #[test]
    fn a_stop_goes_on_after_the_leader_has_gone() {
        let mut world = World::new(plan(Stragglers::Kill));
        world.life.stop(world.now, None, Some(Cause::Stop));
        world.settle();
        let term = ExitStatus::Signal {
            signal: Signal::TERM,
            core_dumped: false,
        };
        world.facts.leader = Some(term);
        world.at(10 * MS);
        assert!(!world.seen.iter().any(|e| matches!(e, Effect::Finish(..))));
        world.at(100 * MS);
        assert!(world.seen.contains(&Effect::Send {
            phase: 1,
            signal: Signal::KILL
        }));
        world.facts.empty = true;
        world.facts.output_ended = true;
        world.at(MS);
        assert!(
            world
                .seen
                .contains(&Effect::Finish(State::Killed, Cause::Stop))
        );
    }

    #[test]
    fn stragglers_are_given_the_drain_then_ended() {
        let mut world = World::new(plan(Stragglers::Kill));
        world.facts.leader = Some(ExitStatus::Code(0));
        let due = world.settle().unwrap();
        assert_eq!(due, world.now + 200 * MS);
        // It goes on printing: the quiet time begins anew, within the whole.
        world.facts.last_output = world.now + 150 * MS;
        assert_eq!(world.at(200 * MS), Some(world.facts.last_output + 200 * MS));
        world.at(200 * MS);
        assert!(world.seen.contains(&Effect::ListStragglers));
        assert!(world.seen.contains(&Effect::BeginStop { cause: None }));
        world.facts.empty = true;
        world.facts.output_ended = true;
        world.at(MS);
        assert!(world.seen.contains(&Effect::Close(OutputEnd::Complete)));
        assert!(
            world
                .seen
                .contains(&Effect::Finish(State::Exited, Cause::Exit))
        );
    }

    #[test]
    fn the_drain_is_bounded_however_much_is_printed() {
        let mut world = World::new(plan(Stragglers::Leave));
        world.facts.leader = Some(ExitStatus::Code(0));
        world.settle();
        for _ in 0..11 {
            world.facts.last_output = world.now;
            world.at(100 * MS);
        }
        assert!(world.seen.contains(&Effect::Close(OutputEnd::HeldOpen)));
        assert!(
            world
                .seen
                .contains(&Effect::Finish(State::Exited, Cause::Exit))
        );
        assert!(!world.seen.contains(&Effect::Conclude));
        // What was left ends at last: the supervisor reads the rest and goes.
        world.facts.empty = true;
        world.facts.output_ended = true;
        world.at(100 * MS);
        assert_eq!(world.seen.last(), Some(&Effect::Conclude));
        assert!(world.seen.contains(&Effect::Close(OutputEnd::Complete)));
    }

    #[test]
    fn waiting_for_stragglers_has_no_end_of_its_own() {
        let mut world = World::new(plan(Stragglers::Wait));
        world.facts.leader = Some(ExitStatus::Code(0));
        assert_eq!(world.settle(), None);
        assert_eq!(world.at(Duration::from_hours(1)), None);
        assert_eq!(world.seen, [Effect::RecordExit(ExitStatus::Code(0))]);
        world.facts.empty = true;
        world.facts.output_ended = true;
        world.settle();
        assert!(
            world
                .seen
                .contains(&Effect::Finish(State::Exited, Cause::Exit))
        );
    }

    #[test]
    fn a_timeout_bounds_the_wait_for_stragglers_too() {
        let mut world = World::new(Plan {
            timeout: Some(500 * MS),
            ..plan(Stragglers::Wait)
        });
        world.facts.leader = Some(ExitStatus::Code(0));
        assert_eq!(world.settle(), Some(world.now + 500 * MS));
        world.at(500 * MS);
        assert!(world.seen.contains(&Effect::Send {
            phase: 0,
            signal: Signal::TERM
        }));
        world.facts.empty = true;
        world.facts.output_ended = true;
        world.at(MS);
        // The leader had exited before the first signal left.
        assert!(
            world
                .seen
                .contains(&Effect::Finish(State::Exited, Cause::Exit))
        );
    }

    #[test]
    fn what_can_not_be_killed_does_not_hang_the_job() {
        let mut world = World::new(plan(Stragglers::Kill));
        world.facts.leader = Some(ExitStatus::Code(0));
        world.facts.output_ended = true;
        world.settle();
        world.at(100 * MS);
        world.at(50 * MS);
        assert!(
            world
                .seen
                .contains(&Effect::Finish(State::Exited, Cause::Exit))
        );
        assert!(!world.seen.contains(&Effect::RecordEmpty));
    }

    #[test]
    fn a_signal_from_elsewhere_is_told_apart_from_ours() {
        let died = |claimed: Option<Signal>| {
            let mut world = World::new(plan(Stragglers::Kill));
            world.settle();
            if let Some(signal) = claimed {
                world.life.signalled(signal);
            }
            let kill = ExitStatus::Signal {
                signal: Signal::KILL,
                core_dumped: false,
            };
            world.facts = Facts {
                leader: Some(kill),
                empty: true,
                output_ended: true,
                ..world.facts
            };
            world.settle();
            world.seen.iter().find_map(|e| match e {
                Effect::Finish(state, cause) => Some((*state, *cause)),
                _ => None,
            })
        };
        assert_eq!(died(None), Some((State::Killed, Cause::Signal)));
        assert_eq!(died(Some(Signal::KILL)), Some((State::Killed, Cause::Stop)));
        assert_eq!(
            died(Some(Signal::CONT)),
            Some((State::Killed, Cause::Signal))
        );
    }

    #[test]
    fn a_stop_that_comes_after_the_exit_changes_no_verdict() {
        let mut world = World::new(plan(Stragglers::Wait));
        world.facts.leader = Some(ExitStatus::Code(5));
        world.settle();
        world.life.stop(world.now, None, Some(Cause::Stop));
        world.settle();
        world.facts.empty = true;
        world.facts.output_ended = true;
        world.at(MS);
        assert!(
            world
                .seen
                .contains(&Effect::Finish(State::Exited, Cause::Exit))
        );
    }
}
