use std::time::Duration;

use foster_model::State;
use foster_process::Drain;

use super::*;

const MS: Duration = Duration::from_millis(1);

fn plan(stragglers: Stragglers) -> Plan {
    Plan {
        timeout: None,
        idle_timeout: None,
        progress_every: None,
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
    assert!(world.seen.contains(&Effect::BeginStop {
        cause: None,
        timeout_kind: None
    }));
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
    assert_eq!(world.at(100 * MS), Some(world.now + 200 * MS));
    assert!(!world.seen.contains(&Effect::Conclude));
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
fn an_outer_jobs_end_is_told_as_such_whoever_was_reached_first() {
    let mut world = World::new(plan(Stragglers::Kill));
    world.settle();
    world.life.stop(world.now, None, Some(Cause::OuterJobEnded));
    let term = ExitStatus::Signal {
        signal: Signal::TERM,
        core_dumped: false,
    };
    world.facts = Facts {
        leader: Some(term),
        empty: true,
        output_ended: true,
        ..world.facts
    };
    world.settle();
    assert!(
        world
            .seen
            .contains(&Effect::Finish(State::Killed, Cause::OuterJobEnded))
    );
}

#[test]
fn a_stronger_stop_overtakes_a_weaker_one() {
    let mut world = World::new(Plan {
        phases: vec![Phase {
            signal: Signal::TERM,
            grace: Duration::from_hours(1),
        }],
        ..plan(Stragglers::Kill)
    });
    world.life.stop(world.now, None, Some(Cause::Timeout));
    world.settle();
    let kill = Phase {
        signal: Signal::KILL,
        grace: MS,
    };
    world
        .life
        .stop(world.now, Some(vec![kill]), Some(Cause::Stop));
    world.at(MS);
    let kill = Effect::Send {
        phase: 1,
        signal: Signal::KILL,
    };
    assert!(world.seen.contains(&kill));
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

/// Returns which limit an escalation began for, if one has.
fn timeout_kind(world: &World) -> Option<TimeoutKind> {
    world.seen.iter().find_map(|effect| match effect {
        Effect::BeginStop { timeout_kind, .. } => *timeout_kind,
        _ => None,
    })
}

#[test]
fn silence_is_counted_from_the_last_output_and_ends_the_tree_once() {
    let mut world = World::new(Plan {
        idle_timeout: Some(300 * MS),
        ..plan(Stragglers::Kill)
    });
    assert_eq!(world.settle(), Some(world.now + 300 * MS));
    for _ in 0..5 {
        world.now += 200 * MS;
        world.facts.last_output = world.now;
        assert_eq!(world.settle(), Some(world.now + 300 * MS));
    }
    assert_eq!(world.at(299 * MS), Some(world.now + MS));
    assert_eq!(world.seen, []);
    assert_eq!(world.at(MS), Some(world.now + 100 * MS));
    assert_eq!(timeout_kind(&world), Some(TimeoutKind::Idle));
    // KILL, and nothing comes of it: it is not tried again for ever.
    world.at(100 * MS);
    assert_eq!(world.at(50 * MS), None);
    assert!(matches!(world.seen.last(), Some(Effect::EndStop(_))));
    world.facts = Facts {
        leader: Some(ExitStatus::Code(0)),
        empty: true,
        output_ended: true,
        ..world.facts
    };
    world.settle();
    let end = Effect::Finish(State::Killed, Cause::Timeout);
    assert!(world.seen.contains(&end));
}

#[test]
fn silence_after_the_leaders_exit_is_no_ones_fault() {
    let mut world = World::new(Plan {
        idle_timeout: Some(300 * MS),
        ..plan(Stragglers::Wait)
    });
    world.facts.leader = Some(ExitStatus::Code(0));
    assert_eq!(world.settle(), None);
    assert_eq!(world.at(Duration::from_hours(1)), None);
    assert_eq!(world.seen, [Effect::RecordExit(ExitStatus::Code(0))]);
}

#[test]
fn of_two_limits_the_one_that_was_passed_is_named() {
    let rows = [
        (400, 300, TimeoutKind::Idle),
        (300, 400, TimeoutKind::Deadline),
        (300, 300, TimeoutKind::Deadline),
    ];
    for (timeout, idle, kind) in rows {
        let mut world = World::new(Plan {
            timeout: Some(timeout * MS),
            idle_timeout: Some(idle * MS),
            ..plan(Stragglers::Kill)
        });
        assert_eq!(world.settle(), Some(world.now + 300 * MS));
        world.at(300 * MS);
        assert_eq!(timeout_kind(&world), Some(kind), "{timeout} {idle}");
    }
}

#[test]
fn a_deadline_can_be_moved_taken_away_and_set_in_the_past() {
    let plan = || Plan {
        timeout: Some(500 * MS),
        ..plan(Stragglers::Kill)
    };
    let mut world = World::new(plan());
    let later = world.now + 900 * MS;
    world.life.set_deadline(Some(later));
    assert_eq!(world.at(600 * MS), Some(later));
    world.life.set_deadline(None);
    assert_eq!(world.at(Duration::from_hours(1)), None);
    assert_eq!(world.seen, []);
    world.life.set_deadline(Some(world.now));
    world.settle();
    assert_eq!(timeout_kind(&world), Some(TimeoutKind::Deadline));
    // What was done can't be undone.
    assert!(world.life.refuses_deadline().is_some());
}

#[test]
fn a_deadline_is_refused_where_it_could_change_nothing() {
    for (stragglers, taken) in [
        (Stragglers::Kill, false),
        (Stragglers::Leave, false),
        (Stragglers::Wait, true),
    ] {
        let mut world = World::new(plan(stragglers));
        assert_eq!(world.life.refuses_deadline(), None);
        world.facts.leader = Some(ExitStatus::Code(0));
        world.settle();
        let refused = world.life.refuses_deadline();
        assert_eq!(refused.is_none(), taken, "{stragglers:?}");
        world.facts.empty = true;
        world.facts.output_ended = true;
        world.settle();
        assert_eq!(world.life.refuses_deadline(), Some("it is over"));
    }
}

#[test]
fn progress_is_told_at_its_times_until_the_end_and_wakes_nobody_without_it() {
    let mut world = World::new(Plan {
        progress_every: Some(100 * MS),
        ..plan(Stragglers::Kill)
    });
    assert_eq!(world.settle(), Some(world.now + 100 * MS));
    assert_eq!(world.at(99 * MS), Some(world.now + MS));
    assert_eq!(world.seen, []);
    for told in 1..4 {
        // Late is late: what was missed is not made up for.
        assert_eq!(world.at(250 * MS), Some(world.now + 100 * MS));
        assert_eq!(world.seen, vec![Effect::Refresh; told]);
    }
    world.facts = Facts {
        leader: Some(ExitStatus::Code(0)),
        empty: true,
        output_ended: false,
        ..world.facts
    };
    let due = world.settle();
    assert_eq!(due, Some(world.now + 100 * MS), "output may still come");
    world.facts.output_ended = true;
    world.settle();
    assert_eq!(world.seen.last(), Some(&Effect::Conclude));
    assert_eq!(
        world.seen.iter().filter(|e| **e == Effect::Refresh).count(),
        3
    );
}
