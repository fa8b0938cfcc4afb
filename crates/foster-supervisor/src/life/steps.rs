//! Which step is due: of an escalation, while the leader runs, and after its exit.

use std::time::Instant;

use foster_model::{Cause, OutputEnd, State, Stragglers, TimeoutKind};
use foster_process::{Signal, Step};

use super::{Effect, Facts, Life, earliest};

impl Life {
    pub(super) fn step(&mut self, now: Instant, facts: &Facts, oom: bool) -> Effect {
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
    pub(super) fn idle_due(&self, facts: &Facts) -> Option<Instant> {
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
