//! A life in any world: whatever happens and whenever, it comes to its end, once, and is never forgotten.

use std::time::Duration;

use foster_model::{Cause, State};
use foster_process::Drain;
use proptest::prelude::*;

use super::*;

const MS: Duration = Duration::from_millis(1);

/// What happens from outside, and after how many milliseconds since the start.
#[derive(Debug, Clone)]
struct Script {
    /// When the leader exits by itself.
    exits: u64,
    /// When the last of the others goes by himself.
    empties: u64,
    /// When the output is closed; `None` if somebody beside the tree holds it for ever.
    closes: Option<u64>,
    /// How long a tree takes to die of KILL; `None` if it does not.
    dies: Option<u64>,
    /// Who asks for an end, and when.
    stops: Vec<u64>,
    /// When something is printed.
    prints: Vec<u64>,
    /// How late the loop is each time that it wakes up.
    late: u64,
}

fn scripts() -> impl Strategy<Value = Script> {
    let when = || 0..3000_u64;
    (
        when(),
        when(),
        prop::option::weighted(0.8, when()),
        prop::option::weighted(0.8, 0..100_u64),
        prop::collection::vec(when(), 0..4),
        prop::collection::vec(when(), 0..6),
        0..40_u64,
    )
        .prop_map(
            |(exits, empties, closes, dies, stops, prints, late)| Script {
                exits,
                // The leader belongs to the tree.
                empties: empties.max(exits),
                closes,
                dies,
                stops,
                prints,
                late,
            },
        )
}

fn plans() -> impl Strategy<Value = Plan> {
    let limit = || prop::option::of((0..2000_u32).prop_map(|ms| ms * MS));
    let stragglers =
        prop::sample::select(vec![Stragglers::Kill, Stragglers::Wait, Stragglers::Leave]);
    (limit(), limit(), limit(), stragglers).prop_map(|(timeout, idle, progress, stragglers)| Plan {
        timeout,
        idle_timeout: idle,
        progress_every: progress.map(|every| every.max(MS)),
        phases: vec![Phase {
            signal: Signal::TERM,
            grace: 100 * MS,
        }],
        after_kill: 50 * MS,
        stragglers,
        drain: Drain {
            quiet: 200 * MS,
            at_most: 1000 * MS,
        },
    })
}

/// The world of one life.
struct World {
    script: Script,
    start: Instant,
    now: Instant,
    killed: Option<Instant>,
    facts: Facts,
    life: Life,
    seen: Vec<Effect>,
}

impl World {
    fn new(plan: Plan, script: Script) -> Self {
        let start = Instant::now();
        Self {
            script,
            start,
            now: start,
            killed: None,
            facts: Facts {
                leader: None,
                empty: false,
                output_ended: false,
                last_output: start,
            },
            life: Life::new(plan, start),
            seen: Vec::new(),
        }
    }

    /// Makes the facts those of now.
    fn look(&mut self) {
        let script = &self.script;
        let (now, start) = (self.now, self.start);
        let came = |ms: u64| now >= start + Duration::from_millis(ms);
        let died = script.dies.zip(self.killed);
        let died = died.is_some_and(|(after, at)| now >= at + Duration::from_millis(after));
        if self.facts.leader.is_none() && (came(script.exits) || died) {
            let by_kill = ExitStatus::Signal {
                signal: Signal::KILL,
                core_dumped: false,
            };
            self.facts.leader = Some(if died { by_kill } else { ExitStatus::Code(1) });
        }
        self.facts.empty |= came(script.empties) || died;
        self.facts.output_ended |= script.closes.is_some_and(|ms| died || came(ms));
        let printed = script.prints.iter().filter(|ms| came(**ms)).max();
        if let Some(ms) = printed.filter(|_| !self.facts.output_ended) {
            self.facts.last_output = start + Duration::from_millis(*ms);
        }
    }

    /// Returns when something happens next from outside.
    fn next_event(&self) -> Option<Instant> {
        let script = &self.script;
        let single = [script.exits, script.empties];
        let all = single
            .iter()
            .chain(&script.closes)
            .chain(&script.stops)
            .chain(&script.prints);
        let scripted = all.map(|ms| self.start + Duration::from_millis(*ms));
        let death = self.script.dies.zip(self.killed);
        let death = death.map(|(after, at)| at + Duration::from_millis(after));
        scripted.chain(death).filter(|at| *at > self.now).min()
    }

    /// Lives until nothing is left to do. Returns whether it came to that.
    fn live(&mut self) -> Result<bool, TestCaseError> {
        let mut stops = self.script.stops.clone();
        for _ in 0..2000 {
            let since = self.now - self.start;
            stops.retain(|ms| {
                let due = since >= Duration::from_millis(*ms);
                if due && !self.life.finished {
                    self.life.stop(self.now, None, Some(Cause::Stop));
                }
                !due
            });
            self.look();
            let Effect::Wait(due) = self.settle()? else {
                return Ok(true);
            };
            let wake = [due, self.next_event()].into_iter().flatten().min();
            let Some(wake) = wake else {
                return Ok(false);
            };
            prop_assert!(wake > self.now, "a wait that is over before it began");
            self.now = wake + Duration::from_millis(self.script.late);
        }
        Err(TestCaseError::fail("it lives for ever"))
    }

    /// Carries out what is due, until it waits or nothing is left to do.
    fn settle(&mut self) -> Result<Effect, TestCaseError> {
        for _ in 0..100 {
            let effect = self.life.next(self.now, &self.facts, false);
            match &effect {
                Effect::Wait(_) | Effect::Conclude => return Ok(effect),
                Effect::Send { signal, .. } if *signal == Signal::KILL => {
                    self.killed.get_or_insert(self.now);
                }
                _ => {}
            }
            self.seen.push(effect);
        }
        Err(TestCaseError::fail(format!(
            "it never waits: {:?}",
            self.seen
        )))
    }

    fn count(&self, kind: impl Fn(&Effect) -> bool) -> usize {
        self.seen.iter().filter(|effect| kind(effect)).count()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn every_life_ends_once_and_in_order(plan in plans(), script in scripts()) {
        let mut world = World::new(plan, script);
        prop_assert!(world.live()?, "forgotten: {:?}", world.seen);
        prop_assert_eq!(world.count(|effect| matches!(effect, Effect::RecordExit(_))), 1);
        prop_assert_eq!(world.count(|effect| matches!(effect, Effect::Finish(..))), 1);
        prop_assert_eq!(world.count(|effect| matches!(effect, Effect::RecordEmpty)), 1);
        prop_assert!(world.count(|effect| matches!(effect, Effect::ListStragglers)) <= 1);
        let place = |kind: fn(&Effect) -> bool| world.seen.iter().position(kind);
        let exit = place(|effect| matches!(effect, Effect::RecordExit(_)));
        let close = place(|effect| matches!(effect, Effect::Close(_)));
        let finish = place(|effect| matches!(effect, Effect::Finish(..)));
        prop_assert!(exit < finish && close.is_some() && close < finish, "{:?}", world.seen);
        // Each escalation that began was ended, and told whoever asked for it.
        let begun = world.count(|effect| matches!(effect, Effect::BeginStop { .. }));
        let ended = world.count(|effect| matches!(effect, Effect::EndStop(_)));
        prop_assert!(ended <= begun && (ended > 0) == (begun > 0), "{:?}", world.seen);
    }

    #[test]
    fn a_successor_at_any_moment_brings_it_to_its_end(plan in plans(), script in scripts(), at in 0..3000_u64) {
        let mut first = World::new(plan.clone(), script.clone());
        let takeover = first.start + Duration::from_millis(at);
        let mut record = foster_model::JobRecord::new(foster_model::JobId::from_parts(1, 1));
        record.state = State::Running;
        while first.now < takeover {
            first.look();
            let Effect::Wait(due) = first.settle()? else { break };
            let wake = [due, first.next_event(), Some(takeover)].into_iter().flatten().min();
            first.now = wake.unwrap_or(takeover);
        }
        write_down(&mut record, &first.seen);
        let over = record.state.is_final();
        let mut next = World::new(plan, script);
        (next.start, next.now, next.killed) = (first.start, takeover, first.killed);
        next.life = Life::new(next.life.plan, first.start);
        next.life.resume(takeover, &record);
        prop_assert!(next.live()?, "forgotten: {:?}, then {:?}", first.seen, next.seen);
        let ends = next.count(|effect| matches!(effect, Effect::Finish(..)));
        prop_assert_eq!(ends, usize::from(!over), "{:?}, then {:?}", first.seen, next.seen);
    }
}

/// Writes down of these effects what a successor is told of by the journal.
fn write_down(record: &mut foster_model::JobRecord, seen: &[Effect]) {
    for effect in seen {
        match effect {
            Effect::BeginStop { cause, .. } if record.exited_at.is_none() => {
                record.stopping = *cause;
            }
            Effect::RecordExit(_) => record.exited_at = Some(foster_model::Time::from_unix_ms(1)),
            Effect::RecordEmpty => record.tree_empty = Some(true),
            Effect::Close(output) => record.output = *output,
            Effect::Finish(state, _) => {
                record.state = *state;
                record.stopping = None;
            }
            _ => {}
        }
    }
}
