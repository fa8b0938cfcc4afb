//! A journal: both readers tell the same, no prefix contradicts what follows, a successor goes on.

use foster_model::{Entry, Event, JobRecord, Time};
use foster_store::{DamageError, JobFolder};

use super::assert_survives_json;
use crate::scratch::{Scratch, scratch};

const JOURNAL: &str = "events.ndjson";
const STATE: &str = "state.json";

pub(super) fn check(data: &[u8]) {
    scratch().with(|scratch| {
        scratch.write(JOURNAL, data);
        scratch.remove(STATE);
        let folder = &scratch.folder;
        let all = folder.journal();
        let (read, end) = read(folder);
        assert_eq!(
            all.is_ok(),
            end.is_ok(),
            "two readers disagree: {all:?}, {end:?}"
        );
        if let Ok(all) = &all {
            assert_eq!(all, &read);
        }
        fold(folder, &read);
        check_record(scratch);
        go_on(folder, all.ok());
    });
}

/// Returns what the reader that follows gives, up to its end.
fn read(folder: &JobFolder) -> (Vec<Entry>, Result<(), DamageError>) {
    let mut reader = folder.journal_reader().expect("the journal is there");
    let mut read = Vec::new();
    loop {
        match reader.next() {
            Ok(Some(entry)) => read.push(entry),
            Ok(None) => return (read, Ok(())),
            Err(error) => return (read, Err(error)),
        }
    }
}

/// What is illegal changes nothing, and nothing but another run follows an end.
fn fold(folder: &JobFolder, entries: &[Entry]) {
    let mut record = JobRecord::new(folder.id());
    for entry in entries {
        assert_survives_json(entry);
        let before = record.clone();
        if record.apply(entry).is_err() {
            assert_eq!(record, before, "an illegal event left its mark");
        } else if before.state.is_final() && !matches!(entry.event, Event::Restarted { .. }) {
            assert_eq!(record.state, before.state, "an end was left by {entry:?}");
            assert_eq!(record.cause, before.cause, "an end was left by {entry:?}");
        }
    }
    assert_survives_json(&record);
}

/// The record is the journal's fold, and the state's file keeps it.
fn check_record(scratch: &Scratch) {
    let folder = &scratch.folder;
    let (record, replayed) = (folder.record(), folder.replay());
    assert_eq!(record.is_ok(), replayed.is_ok(), "{record:?}, {replayed:?}");
    if let (Ok(record), Ok(replayed)) = (record, replayed) {
        assert_eq!(record, replayed);
        folder.write_state(&record).expect("a state can be written");
        assert_eq!(folder.record().expect("the state is there"), record);
    }
}

/// Who takes over a journal adds to it, and loses nothing but a line that was cut.
fn go_on(folder: &JobFolder, before: Option<Vec<Entry>>) {
    let entry = Entry {
        at: Time::from_unix_ms(1),
        event: Event::Empty {},
    };
    let mut writer = folder.journal_writer().expect("the journal can be opened");
    writer.append(&entry).expect("the journal can be written");
    let after = folder.journal().ok();
    let expected = before.map(|mut entries| {
        entries.push(entry);
        entries
    });
    assert_eq!(after, expected);
}
