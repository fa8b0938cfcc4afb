//! `state.json`: believed only if it is this job's, and never more than the journal is worth without it.

use crate::scratch::scratch;

/// A journal that is sound, so that there is always an answer.
const JOURNAL: &[u8] = br#"{"at":"2026-11-20T00:00:00.001Z","event":"created"}
"#;

pub(super) fn check(data: &[u8]) {
    scratch().with(|scratch| {
        let folder = &scratch.folder;
        scratch.write("events.ndjson", JOURNAL);
        scratch.write("state.json", data);
        let record = folder.record().expect("the journal is sound");
        assert_eq!(record.job_id, folder.id());
        folder.write_state(&record).expect("a state can be written");
        assert_eq!(folder.record().expect("the state is there"), record);
    });
}
