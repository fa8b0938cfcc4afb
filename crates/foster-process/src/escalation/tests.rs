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
    assert_eq!(machine.report(vec![]).phases[0].errors, []);
}

#[test]
fn what_went_wrong_is_told_by_what_was_tried() {
    let attempt = |operation| FailedAttempt {
        operation,
        error: "no descriptor is left".to_owned(),
    };
    let start = Instant::now();
    let mut machine = term_kill(1000 * MS);
    machine.failed(attempt(Operation::Check));
    machine.poll(start, false);
    machine.failed(attempt(Operation::Check));
    machine.sent(Delivery {
        sent: 1,
        errors: vec!["pid 7: not permitted".to_owned()],
    });
    let [check, signal] = &machine.report(vec![]).phases[0].errors[..] else {
        panic!("{machine:?}");
    };
    assert_eq!(signal.operation, Operation::Signal);
    assert_eq!(signal.to_string(), "pid 7: not permitted");
    assert_eq!(*check, attempt(Operation::Check));
    machine.poll(start + 50 * MS, true);
    machine.failed(attempt(Operation::Find));
    let left = machine.report(vec![]).phases.remove(0).errors;
    assert_eq!(left, [attempt(Operation::Check)]);
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
