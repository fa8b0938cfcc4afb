//! What a store of many jobs must not cost: looks at more of the index than a smaller one needs. Records and
//! bytes are counted, and no time.

#[cfg(test)]
mod common;

#[cfg(test)]
mod tests {
    use std::path::Path;

    use foster_model::{JobId, JobRecord, State};
    use foster_store::{IndexRow, Root, Sieve};
    use foster_testkit::{Reads, require};
    use tempfile::TempDir;

    use crate::common::{definition, id, root};

    const FEW: u64 = 3_000;
    const MANY: u64 = 9_000;
    /// The length of a record.
    const RECORD: u64 = 512;
    /// What opening the index reads besides records, generously.
    const OPENING: u64 = 16 * RECORD;

    /// What is done in a root of so many jobs.
    type Work = fn(&Root, u64);

    fn row(number: u64, dir: &str) -> IndexRow {
        let mut definition = definition(id(number));
        definition.cwd = dir.into();
        let mut record = JobRecord::new(id(number));
        record.state = State::Exited;
        IndexRow::from_parts(&definition, &record)
    }

    /// A root whose index has so many jobs, and whose folders are none but one.
    fn indexed(jobs: u64) -> (TempDir, Root) {
        let (temp, root) = root();
        // An index begins with the first folder.
        root.create_job(&definition(id(jobs)), None, None).unwrap();
        for number in 0..jobs {
            root.index().append(&row(number, "/far/away")).unwrap();
        }
        (temp, root)
    }

    fn reads(work: impl FnOnce()) -> Option<Reads> {
        let ((), reads) = Reads::during(work);
        require("a kernel that counts what a thread reads", reads.is_some()).then_some(reads?)
    }

    fn few_and_many() -> [(TempDir, Root); 2] {
        [FEW, MANY].map(indexed)
    }

    #[test]
    fn a_page_and_a_change_read_as_much_of_many_jobs_as_of_few() {
        let stores = few_and_many();
        let page = stores.each_ref().map(|(_, root)| {
            let mut rows = root.index().newest_first().unwrap();
            assert_eq!(rows.by_ref().take(50).count(), 50);
            rows.looked_at()
        });
        assert_eq!(page[0], page[1]);
        let works: [(&str, Work); 4] = [
            ("page", |root, _| {
                assert_eq!(root.index().newest_first().unwrap().take(50).count(), 50);
            }),
            ("publish", |root, jobs| {
                root.index().append(&row(jobs + 1, "/")).unwrap();
            }),
            ("finish", |root, jobs| {
                root.index().update(&row(jobs - 1, "/")).unwrap();
            }),
            ("remove", |root, jobs| {
                root.index().remove(id(jobs / 2)).unwrap();
            }),
        ];
        for (what, work) in works {
            let [few, many] = [FEW, MANY].map(|jobs| {
                let (_, root) = &stores[usize::from(jobs == MANY)];
                reads(|| work(root, jobs))
            });
            let Some((few, many)) = few.zip(many) else {
                return;
            };
            // A place is found by halving: three times the jobs are two looks more, of an id each.
            assert!(
                many.bytes <= few.bytes + 2 * RECORD,
                "{what}: {few:?} {many:?}"
            );
            assert!(many.calls <= few.calls + 4, "{what}: {few:?} {many:?}");
        }
    }

    #[test]
    fn what_is_narrowed_parses_no_row_in_vain() {
        let (_temp, root) = indexed(FEW);
        root.index().append(&row(FEW + 1, "/near")).unwrap();
        let near = Path::new("/near");
        let mut rows = root.index().newest_first().unwrap();
        assert_eq!(rows.next().unwrap().cwd, "/near");
        // Also what was read and still waits is let go of.
        rows.narrow(Sieve::default().within(near));
        assert_eq!(rows.by_ref().count(), 0);
        assert_eq!(rows.looked_at(), FEW + 1);

        let mut rows = root.index().newest_first().unwrap();
        rows.narrow(Sieve::default().outside(Path::new("/far")));
        rows.end_after(100);
        assert_eq!(rows.by_ref().count(), 1);
        assert_eq!(rows.looked_at(), 100);
    }

    #[test]
    fn what_is_not_there_any_more_is_looked_for_once_for_all() {
        let (_temp, root) = indexed(FEW);
        let all = root.index().count().unwrap();
        let strangers: Vec<JobId> = (0..500).map(|number| id(MANY + number)).collect();
        let Some(read) = reads(|| root.index().remove_all(&strangers).unwrap()) else {
            return;
        };
        assert!(read.bytes <= FEW * RECORD + OPENING, "{read:?}");
        assert_eq!(root.index().count().unwrap(), all);

        let some: Vec<JobId> = (0..FEW).step_by(4).map(id).collect();
        root.index().remove_all(&some).unwrap();
        root.index().remove_all(&some).unwrap();
        assert_eq!(root.index().count().unwrap(), all - some.len() as u64);
        let left: Vec<_> = root.index().newest_first().unwrap().collect();
        assert_eq!(left.len() as u64, all - some.len() as u64);
        assert!(left.iter().all(|row| !some.contains(&row.job_id)));

        let rest: Vec<JobId> = (0..FEW).map(id).collect();
        root.index().remove_all(&rest).unwrap();
        let length = std::fs::metadata(root.path().join("index")).unwrap().len();
        assert_eq!(
            length, 0,
            "an index that is mostly of removed jobs is made smaller"
        );
        assert_eq!(
            root.index().count().unwrap(),
            1,
            "the one that has a folder"
        );
    }

    #[test]
    fn removing_some_reads_as_much_for_each_whatever_their_number() {
        const SOME: u64 = 200;
        let (_temp, root) = indexed(FEW);
        let cost = |from: u64, count: u64| {
            reads(|| {
                for number in from..from + count {
                    root.index().remove(id(number)).unwrap();
                }
            })
        };
        let (Some(some), Some(twice)) = (cost(SOME, SOME), cost(2 * SOME, 2 * SOME)) else {
            return;
        };
        assert!(
            twice.bytes <= 2 * some.bytes + OPENING,
            "{some:?} {twice:?}"
        );
    }
}
