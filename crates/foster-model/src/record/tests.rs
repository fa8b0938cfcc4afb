use super::*;

fn at(ms: i64, event: Event) -> Entry {
    Entry {
        at: Time::from_unix_ms(ms),
        event,
    }
}

fn started() -> Event {
    Event::Started {
        leader: Identity {
            pid: 7,
            start_time: Some(1),
            unique: None,
        },
        containment: "subreaper".to_owned(),
        cgroup: None,
        monotonic_ms: 5,
    }
}

fn exited(code: i32) -> Event {
    Event::Exited {
        exit_code: Some(code),
        signal: None,
        core_dumped: false,
        duration_ms: Some(3),
    }
}

#[test]
fn the_exit_code_is_known_before_the_job_is_over() {
    let id = JobId::from_parts(1, 1);
    let journal = [at(1, Event::Created {}), at(2, started()), at(3, exited(3))];
    let record = JobRecord::replay(id, &journal).unwrap();
    assert_eq!((record.state, record.exit_code), (State::Running, Some(3)));
    assert_eq!(record.exited_at, Some(Time::from_unix_ms(3)));
    assert_eq!(record.finished_at, None);
}

#[test]
fn an_illegal_event_changes_nothing() {
    let id = JobId::from_parts(1, 1);
    let mut record = JobRecord::replay(id, &[at(1, Event::Created {})]).unwrap();
    let before = record.clone();
    assert!(record.apply(&at(2, exited(0))).is_err());
    assert_eq!(record, before);
}

#[test]
fn a_stop_after_the_exit_does_not_claim_the_end() {
    let id = JobId::from_parts(1, 1);
    let stop = Event::StopRequested {
        cause: Cause::Stop,
        timeout_kind: None,
        phases: vec![],
        by: None,
    };
    let journal = [
        at(1, Event::Created {}),
        at(2, started()),
        at(3, exited(0)),
        at(4, stop),
    ];
    assert_eq!(JobRecord::replay(id, &journal).unwrap().stopping, None);
}

#[test]
fn a_journal_line_reads_back() {
    let entry = at(9, exited(4));
    let text = serde_json::to_string(&entry).unwrap();
    assert!(
        text.starts_with(r#"{"at":"1970-01-01T00:00:00.009Z","event":"exited""#),
        "{text}"
    );
    assert_eq!(serde_json::from_str::<Entry>(&text).unwrap(), entry);
}
