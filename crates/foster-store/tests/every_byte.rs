//! Each file of a job, cut at every byte and spoiled at every byte: what is read is true, or an error. Never
//! something else, and nobody stops.

#[cfg(test)]
mod common;

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    use foster_model::{JobRecord, PrivateValues};
    use foster_store::{JobFolder, Lock, Root, Stream};
    use foster_testkit::Tally;
    use tempfile::TempDir;

    use crate::common::{CreateListed as _, at, definition, id, job, life, root};

    /// What a byte becomes that is spoiled: no UTF-8, a line's end, a digit.
    const SPOILED: [u8; 3] = [0xff, b'\n', b'7'];

    /// A job that is over, among others, with all the files that one can have.
    struct Case {
        _temp: TempDir,
        root: Root,
        folder: JobFolder,
        _lock: Lock,
        record: JobRecord,
    }

    impl Case {
        fn new() -> Self {
            let (temp, root) = root();
            let (folder, lock) = job(&root, 1);
            let mut journal = folder.journal_writer().unwrap();
            for entry in life() {
                journal.append(&entry).unwrap();
            }
            let record = folder.replay().unwrap();
            folder.write_state(&record).unwrap();
            let private = PrivateValues::shown(&definition(id(1)));
            folder.write_private_values(Some(&private)).unwrap();
            let mut timeline = folder.run(1).unwrap().timeline_writer().unwrap();
            for at in 0..9 {
                timeline
                    .append(at * 10_000, Stream::ALL[at as usize % 2], 7)
                    .unwrap();
            }
            timeline.flush().unwrap();
            for number in 2..4 {
                let definition = definition(id(number));
                root.create_listed(&definition, None).unwrap();
            }
            Self {
                _temp: temp,
                root,
                folder,
                _lock: lock,
                record,
            }
        }

        fn file(&self, name: &str) -> PathBuf {
            self.folder.path().join(name)
        }
    }

    /// Calls `check` with the file cut behind each of its bytes, and tells it how much is left.
    fn cut_everywhere(tally: &mut Tally, path: &Path, mut check: impl FnMut(&mut Tally, &[u8])) {
        let whole = fs::read(path).unwrap();
        for length in 0..whole.len() {
            tally.run();
            fs::write(path, &whole[..length]).unwrap();
            check(tally, &whole[..length]);
        }
        fs::write(path, &whole).unwrap();
    }

    /// Calls `check` with each byte of the file spoiled in each way.
    fn spoil_everywhere(tally: &mut Tally, path: &Path, mut check: impl FnMut(&mut Tally)) {
        let whole = fs::read(path).unwrap();
        for (at, spoiled) in (0..whole.len()).flat_map(|at| SPOILED.map(|byte| (at, byte))) {
            tally.run();
            let mut bytes = whole.clone();
            bytes[at] = spoiled;
            fs::write(path, &bytes).unwrap();
            check(tally);
        }
        fs::write(path, &whole).unwrap();
    }

    #[test]
    fn a_journal_cut_at_any_byte_tells_what_its_whole_lines_tell() {
        let case = Case::new();
        let mut tally = Tally::new("the journal cut at every byte, without a state");
        fs::remove_file(case.file("state.json")).unwrap();
        let entries = case.folder.journal().unwrap();
        let path = case.file("events.ndjson");
        cut_everywhere(&mut tally, &path, |tally, left| {
            let lines = left
                .split_inclusive(|byte| *byte == b'\n')
                .filter(|line| line.ends_with(b"\n"))
                .count();
            let told = case.folder.record().ok();
            let expected = JobRecord::replay(case.folder.id(), &entries[..lines]).ok();
            let expected = expected.filter(|_| lines > 0);
            tally.lost_unless(told == expected, || {
                format!("{} bytes: {told:?}", left.len())
            });
        });
        // Whoever goes on with it removes the cut line, and no whole one.
        cut_everywhere(&mut tally, &path, |tally, left| {
            let mut writer = case.folder.journal_writer().unwrap();
            let whole = left
                .iter()
                .rposition(|byte| *byte == b'\n')
                .map_or(0, |at| at + 1);
            let kept = fs::read(&path).unwrap();
            tally.lost_unless(kept == left[..whole], || format!("{} bytes", left.len()));
            let next = at(9, life().pop().unwrap().event);
            writer.append(&next).unwrap();
            let read = case.folder.journal().unwrap();
            tally.lost_unless(read.last() == Some(&next), || {
                format!("{} bytes", left.len())
            });
        });
    }

    #[test]
    fn a_state_cut_or_spoiled_at_any_byte_tells_no_other_job() {
        let case = Case::new();
        let mut tally = Tally::new("the state cut and spoiled at every byte");
        let path = case.file("state.json");
        cut_everywhere(&mut tally, &path, |tally, left| {
            let told = case.folder.record().ok();
            tally.lost_unless(told.as_ref() == Some(&case.record), || {
                format!("{} bytes: {told:?}", left.len())
            });
        });
        spoil_everywhere(&mut tally, &path, |tally| {
            let told = case.folder.record();
            tally.lost_unless(
                told.is_ok_and(|told| told.job_id == case.record.job_id),
                || "a spoiled state hides the journal".to_owned(),
            );
        });
        fs::remove_file(&path).unwrap();
        spoil_everywhere(&mut tally, &case.file("events.ndjson"), |tally| {
            let told = case.folder.record();
            let other = told.is_ok_and(|told| told.job_id != case.record.job_id);
            tally.lost_unless(!other, || "another job's record".to_owned());
        });
    }

    #[test]
    fn documents_cut_at_any_byte_are_damage() {
        let case = Case::new();
        let mut tally = Tally::new("meta.json and secrets.json cut and spoiled at every byte");
        let path = case.file("meta.json");
        cut_everywhere(&mut tally, &path, |tally, left| {
            tally.lost_unless(case.folder.definition().is_err(), || left.len().to_string());
        });
        spoil_everywhere(&mut tally, &path, |tally| {
            let told = case.folder.definition();
            let other = told.is_ok_and(|told| told.job_id != case.folder.id());
            tally.lost_unless(!other, || "another job's definition".to_owned());
        });
        let path = case.file("secrets.json");
        cut_everywhere(&mut tally, &path, |tally, left| {
            tally.lost_unless(case.folder.private_values().is_err(), || {
                left.len().to_string()
            });
        });
        spoil_everywhere(&mut tally, &path, |_| drop(case.folder.private_values()));
    }

    #[test]
    fn a_timeline_cut_at_any_byte_tells_its_whole_records() {
        let case = Case::new();
        let mut tally = Tally::new("the timeline cut and spoiled at every byte");
        let path = case.file("runs/1/timeline");
        let run = || case.folder.run(1).unwrap();
        let count = || {
            let mut reader = run().timeline().unwrap();
            std::iter::from_fn(|| reader.next().ok().flatten()).count()
        };
        cut_everywhere(&mut tally, &path, |tally, left| {
            tally.lost_unless(count() == left.len() / 16, || left.len().to_string());
            let mut writer = run().timeline_writer().unwrap();
            writer.append(1_000_000, Stream::Stdout, 3).unwrap();
            writer.flush().unwrap();
            tally.lost_unless(count() == left.len() / 16 + 1, || left.len().to_string());
        });
        spoil_everywhere(&mut tally, &path, |tally| {
            tally.lost_unless(count() <= 9, || "more records than there are".to_owned());
        });
    }

    #[test]
    fn an_index_cut_or_spoiled_at_any_byte_hides_no_other_job() {
        let case = Case::new();
        let mut tally = Tally::new("index and index.lock cut and spoiled at every byte");
        let ids = || -> Vec<_> {
            let rows = case.root.index().newest_first().unwrap();
            rows.map(|row| row.job_id).collect()
        };
        let all = [id(3), id(2), id(1)];
        assert_eq!(ids(), all);
        let (index, lock) = (
            case.root.path().join("index"),
            case.root.path().join("index.lock"),
        );
        cut_everywhere(&mut tally, &index, |tally, left| {
            let found = ids();
            tally.lost_unless(found == all, || format!("index, {}: {found:?}", left.len()));
        });
        spoil_everywhere(&mut tally, &index, |tally| {
            let found = ids();
            let others = all.iter().filter(|id| found.contains(id)).count();
            tally.lost_unless(others >= 2, || format!("index: {found:?}"));
        });
        fs::remove_file(&index).unwrap();
        case.root.index().rebuild().unwrap();
        cut_everywhere(&mut tally, &lock, |tally, left| {
            let found = ids();
            tally.lost_unless(found == all, || {
                format!("index.lock, {}: {found:?}", left.len())
            });
        });
        spoil_everywhere(&mut tally, &lock, |tally| {
            let found = ids();
            tally.lost_unless(found == all, || format!("index.lock: {found:?}"));
        });
    }

    #[test]
    fn a_file_that_is_mostly_holes_is_not_read_into_memory() {
        let case = Case::new();
        let mut tally = Tally::new("each file of a job a terabyte of holes");
        for name in ["events.ndjson", "state.json", "meta.json", "secrets.json"] {
            tally.run();
            let case = Case::new();
            let file = fs::File::create(case.file(name)).unwrap();
            file.set_len(1 << 40).unwrap();
            let told = case.folder.record().ok();
            tally.lost_unless(told.as_ref() == Some(&case.record), || {
                format!("{name}: {told:?}")
            });
            let refused = match name {
                "events.ndjson" => case.folder.replay().is_err(),
                "meta.json" => case.folder.definition().is_err(),
                "secrets.json" => case.folder.private_values().is_err(),
                _ => true,
            };
            tally.lost_unless(refused, || format!("{name} was read"));
        }
        tally.run();
        let file = fs::File::create(case.file("runs/1/timeline")).unwrap();
        file.set_len(1 << 30).unwrap();
        let run = case.folder.run(1).unwrap();
        let first = run.timeline().unwrap().next();
        tally.lost_unless(!matches!(first, Ok(Some(_))), || format!("{first:?}"));
    }
}
