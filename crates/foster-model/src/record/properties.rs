//! The fold over journals that nobody would write: total, and an end is never left.

use proptest::prelude::*;

use super::*;

fn identities() -> impl Strategy<Value = Identity> {
    (1..9_i32, prop::option::of(0..9_u64)).prop_map(|(pid, start_time)| Identity {
        pid,
        start_time,
        unique: None,
    })
}

fn causes() -> impl Strategy<Value = Cause> {
    use Cause::*;
    prop::sample::select(vec![
        Exit,
        Signal,
        Timeout,
        Stop,
        Oom,
        StartFailed,
        SupervisorLost,
        OuterJobEnded,
        Reboot,
    ])
}

fn states() -> impl Strategy<Value = State> {
    use State::*;
    prop::sample::select(vec![Created, Running, Exited, Killed, Failed, Lost])
}

fn outputs() -> impl Strategy<Value = Event> {
    let ends = [
        OutputEnd::Open,
        OutputEnd::Complete,
        OutputEnd::HeldOpen,
        OutputEnd::Lost,
    ];
    let output = prop::sample::select(ends.to_vec());
    (output, any::<u64>()).prop_map(|(output, observed_bytes)| Event::Closed {
        output,
        holders: vec![],
        stdout: StreamTotals {
            observed_bytes,
            ..StreamTotals::default()
        },
        stderr: StreamTotals::default(),
    })
}

fn begins() -> impl Strategy<Value = Event> {
    let failure = StartFailure {
        code: "command_not_found".to_owned(),
        message: String::new(),
    };
    prop_oneof![
        Just(Event::Created {}),
        any::<u32>().prop_map(|run| Event::Restarted { run }),
        (identities(), identities())
            .prop_map(|(keeper, supervisor)| Event::Launched { keeper, supervisor }),
        (identities(), any::<u64>()).prop_map(|(leader, monotonic_ms)| Event::Started {
            leader,
            containment: "group".to_owned(),
            cgroup: None,
            monotonic_ms,
        }),
        Just(Event::StartFailed { failure }),
    ]
}

fn ends() -> impl Strategy<Value = Event> {
    prop_oneof![
        causes().prop_map(|cause| Event::StopRequested {
            cause,
            timeout_kind: None,
            phases: vec![],
            by: None,
        }),
        (prop::option::of(0..256_i32), prop::option::of(any::<u64>())).prop_map(
            |(exit_code, duration_ms)| {
                Event::Exited {
                    exit_code,
                    signal: exit_code.is_none().then(|| "KILL".to_owned()),
                    core_dumped: false,
                    duration_ms,
                }
            }
        ),
        Just(Event::Stragglers { processes: vec![] }),
        Just(Event::Empty {}),
        outputs(),
        (states(), causes()).prop_map(|(state, cause)| Event::Finished { state, cause }),
    ]
}

fn others() -> impl Strategy<Value = Event> {
    prop_oneof![
        Just(Event::StdinClosed { by: None }),
        any::<Option<u64>>().prop_map(|monotonic_ms| Event::DeadlineChanged {
            deadline: None,
            monotonic_ms,
            by: None,
        }),
        (
            prop::option::of(identities()),
            prop::option::of(identities())
        )
            .prop_map(|(by, keeper)| Event::Supervision {
                now: Supervision::TakenOver,
                by,
                keeper,
            }),
        Just(Event::Matched { counts: vec![] }),
    ]
}

fn journals() -> impl Strategy<Value = Vec<Entry>> {
    let event = prop_oneof![2 => begins(), 3 => ends(), 1 => others()];
    let entry = (any::<i32>(), event).prop_map(|(ms, event)| Entry {
        at: Time::from_unix_ms(ms.into()),
        event,
    });
    prop::collection::vec(entry, 0..40)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_order_of_events_is_folded_and_no_end_is_left(journal in journals()) {
        let id = JobId::from_parts(1, 1);
        let mut record = JobRecord::new(id);
        let mut legal = Vec::new();
        for entry in journal {
            let before = record.clone();
            let kind = EventKind::from(&entry.event);
            if let Err(illegal) = record.apply(&entry) {
                prop_assert_eq!((illegal.state, illegal.event), (before.state, kind));
                prop_assert_eq!(&record, &before, "it left its mark");
                continue;
            }
            if kind == EventKind::Restarted {
                let anew = JobRecord { created_at: before.created_at, ..JobRecord::new(id) };
                prop_assert_eq!(&JobRecord { run: 1, updated_at: None, ..record.clone() }, &anew);
            } else if before.state.is_final() {
                prop_assert_eq!((record.state, record.cause), (before.state, before.cause));
                prop_assert_eq!(record.finished_at, before.finished_at);
            }
            prop_assert_eq!(record.state.is_final(), record.cause.is_some());
            legal.push(entry);
        }
        prop_assert_eq!(JobRecord::replay(id, &legal), Ok(record.clone()));
        let file = StateFile::from(record);
        let again: StateFile = serde_json::from_slice(&serde_json::to_vec(&file).unwrap()).unwrap();
        prop_assert_eq!(again, file);
    }
}
