//! The index, and how jobs are called.

#[cfg(test)]
mod common;

#[cfg(test)]
mod tests {
    use std::fs;

    use foster_model::{CommandLine, Definition, JobId, JobName, JobSelector, State, Tag};
    use foster_store::{IndexRow, IndexWatch, ResolveError, Root};

    use crate::common::CreateListed as _;
    use crate::common::{definition, id, job, life, root};

    fn listed(root: &Root) -> Vec<JobId> {
        root.index()
            .newest_first()
            .unwrap()
            .map(|row| row.job_id)
            .collect()
    }

    fn numbers(numbers: impl DoubleEndedIterator<Item = u64>) -> Vec<JobId> {
        numbers.rev().map(id).collect()
    }

    fn rows_on_disk(root: &Root) -> u64 {
        fs::metadata(root.path().join("index")).unwrap().len() / 512
    }

    fn named(number: u64, name: &str) -> Definition {
        let name = Some(JobName::try_from(name.to_owned()).unwrap());
        Definition {
            name,
            ..definition(id(number))
        }
    }

    fn finish(root: &Root, number: u64) {
        let folder = root.job(id(number)).unwrap();
        let mut record = folder.record().unwrap();
        for entry in life() {
            record.apply(&entry).unwrap();
        }
        folder.write_state(&record).unwrap();
        let row = IndexRow::from_parts(&folder.definition().unwrap(), &record);
        root.index().update(&row).unwrap();
    }

    fn resolve(root: &Root, text: &str, ending: bool) -> Result<JobId, ResolveError> {
        root.resolve(&text.parse::<JobSelector>().unwrap(), ending)
    }

    #[test]
    fn who_watches_hears_of_changes_and_not_of_his_own_looks() {
        let (_temp, root) = root();
        fs::remove_file(root.path().join("index")).ok();
        let mut watch = IndexWatch::begin(root.path()).unwrap();
        for _ in 0..3 {
            // An index without rows is made anew by each look.
            assert!(listed(&root).is_empty());
            assert!(!watch.take().unwrap());
        }
        let _ = job(&root, 1);
        assert!(watch.take().unwrap());
        assert_eq!(listed(&root).len(), 1);
        assert!(!watch.take().unwrap());
        finish(&root, 1);
        assert!(watch.take().unwrap());
        assert!(!watch.take().unwrap());
    }

    #[test]
    fn a_root_that_is_not_there_yet_can_be_watched() {
        let (_temp, root) = root();
        let path = root.path().join("a/b");
        let mut watch = IndexWatch::begin(&path).unwrap();
        fs::write(root.path().join("other"), "").unwrap();
        assert!(!watch.take().unwrap());
        fs::create_dir(root.path().join("a")).unwrap();
        assert!(!watch.take().unwrap());
        let inner = Root::open(&path, true).unwrap();
        assert!(watch.take().unwrap());
        let _ = job(&inner, 1);
        assert!(watch.take().unwrap());
        fs::remove_dir_all(root.path().join("a")).unwrap();
        assert!(watch.take().unwrap());
    }

    #[test]
    fn an_index_as_it_stands_is_not_made_anew() {
        let (_temp, root) = root();
        let _ = job(&root, 1);
        let rows = root.index().as_it_stands().unwrap();
        assert_eq!(rows.unwrap().count(), 1);
        assert!(root.has_folder(id(1)) && !root.has_folder(id(2)));
        let path = root.path().join("index");
        fs::remove_file(&path).unwrap();
        assert!(root.index().as_it_stands().unwrap().is_none());
        assert!(!path.exists());
    }

    #[test]
    fn new_jobs_are_appended_and_changed_in_place() {
        let (_temp, root) = root();
        for number in 0..300 {
            let _ = job(&root, number);
        }
        assert_eq!(rows_on_disk(&root), 300);
        for number in [0, 150, 299] {
            finish(&root, number);
        }
        assert_eq!(rows_on_disk(&root), 300);
        let rows: Vec<_> = root.index().newest_first().unwrap().collect();
        assert_eq!(
            rows.iter().map(|row| row.job_id).collect::<Vec<_>>(),
            numbers(0..300)
        );
        let over: Vec<_> = rows
            .iter()
            .filter(|row| row.state == State::Exited)
            .collect();
        assert_eq!(over.len(), 3);
        assert_eq!((over[0].exit_code, over[0].duration_ms), (Some(3), Some(1)));
        assert_eq!(
            (over[0].command.as_str(), over[0].cwd.as_str()),
            ("echo hello", "/tmp")
        );
    }

    #[test]
    fn an_update_finds_rows_that_stand_out_of_order() {
        let (_temp, root) = root();
        for number in (0..1000).rev() {
            let _ = job(&root, number);
        }
        for number in [0, 500, 999] {
            finish(&root, number);
        }
        assert_eq!(rows_on_disk(&root), 1000);
        let rows = root.index().newest_first().unwrap();
        assert_eq!(rows.filter(|row| row.state == State::Exited).count(), 3);
    }

    #[test]
    fn a_missing_or_garbled_index_is_made_anew() {
        let (_temp, root) = root();
        for number in 0..5 {
            let _ = job(&root, number);
        }
        let path = root.path().join("index");
        let good = fs::read(&path).unwrap();
        let mut first = good.clone();
        first[3] = b'?';
        for bad in [
            vec![],
            good[..good.len() - 1].to_vec(),
            b"x".repeat(700),
            first,
        ] {
            fs::write(&path, bad).unwrap();
            assert_eq!(listed(&root), numbers(0..5));
            assert_eq!(fs::read(&path).unwrap(), good);
        }
        fs::remove_file(&path).unwrap();
        finish(&root, 1);
        let _ = job(&root, 5);
        assert!(
            !path.exists(),
            "nobody begins one that lacks the older jobs"
        );
        assert_eq!(listed(&root), numbers(0..6));
        assert_eq!(root.index().rebuild().unwrap(), 6);
    }

    #[test]
    fn a_garbled_row_is_left_out_and_a_second_one_of_a_job_too() {
        let (_temp, root) = root();
        for number in 0..4 {
            let _ = job(&root, number);
        }
        let path = root.path().join("index");
        let mut bytes = fs::read(&path).unwrap();
        bytes[512..1024].fill(b'#');
        let again = bytes[..512].to_vec();
        bytes.extend(again);
        fs::write(&path, bytes).unwrap();
        // Where a row stands counts less than which job it is of.
        assert_eq!(listed(&root), [id(3), id(2), id(0)]);
    }

    #[test]
    fn a_damaged_folder_is_still_listed() {
        let (_temp, root) = root();
        let (folder, _lock) = job(&root, 1);
        fs::write(folder.path().join("meta.json"), "{").unwrap();
        root.index().rebuild().unwrap();
        let rows: Vec<_> = root.index().newest_first().unwrap().collect();
        assert_eq!((rows.len(), rows[0].job_id, rows[0].more), (1, id(1), true));
    }

    #[test]
    fn threads_do_not_lose_each_others_rows() {
        let (_temp, root) = root();
        std::thread::scope(|scope| {
            for thread in 0..8 {
                let root = &root;
                scope.spawn(move || {
                    for number in 0..25 {
                        let _ = job(root, number * 8 + thread);
                        finish(root, number * 8 + thread);
                        let _ = root.index().newest_first().unwrap().take(3).count();
                    }
                });
            }
        });
        let mut ids = listed(&root);
        ids.sort_unstable_by(|a, b| b.cmp(a));
        assert_eq!(ids, numbers(0..200));
        assert_eq!(rows_on_disk(&root), 200);
        let rows = root.index().newest_first().unwrap();
        assert!(rows.into_iter().all(|row| row.state == State::Exited));
    }

    #[test]
    fn rows_of_any_content_fit() {
        let (_temp, root) = root();
        let long_tag = |n: u8| Tag::try_from(format!("{n}").repeat(100)).unwrap();
        let full = Definition {
            command: CommandLine::Shell("\u{1}\"é😀".repeat(500).into()),
            cwd: "/\n".repeat(2000).into(),
            tags: (0..9).map(long_tag).collect(),
            ..named(1, &"n".repeat(64))
        };
        root.create_listed(&full, None).unwrap();
        let medium = Definition {
            command: CommandLine::Shell("x".repeat(5000).into()),
            tags: vec![long_tag(1)],
            ..named(2, "n")
        };
        root.create_listed(&medium, None).unwrap();
        let rows: Vec<_> = root.index().newest_first().unwrap().collect();
        assert_eq!(rows_on_disk(&root), 2);
        assert!(!rows[0].more && rows[0].tags.len() == 1 && rows[0].cwd == "/tmp");
        assert!(rows[0].command.len() > 64 && rows[0].command.ends_with('…'));
        assert!(rows[1].more && rows[1].tags.is_empty() && rows[1].cwd.is_empty());
        assert!(rows[1].command.ends_with('…'));
        assert_eq!(rows[1].name, full.name);
    }

    #[test]
    fn impostors_of_the_index_are_errors() {
        let (_temp, root) = root();
        let _ = job(&root, 1);
        let path = root.path().join("index");
        fs::rename(&path, root.path().join("elsewhere")).unwrap();
        std::os::unix::fs::symlink(root.path().join("elsewhere"), &path).unwrap();
        assert!(root.index().newest_first().is_err());
        let made = root.create_listed(&definition(id(2)), None);
        assert!(made.is_ok(), "the index is only a cache");
    }

    #[test]
    fn jobs_are_called_by_id_and_age() {
        let (_temp, root) = root();
        for number in 0..3 {
            let _ = job(&root, number);
        }
        assert_eq!(resolve(&root, &id(1).to_string(), true).unwrap(), id(1));
        assert!(matches!(
            resolve(&root, &id(9).to_string(), true),
            Err(ResolveError::NotFound(_))
        ));
        assert_eq!(resolve(&root, "@1", true).unwrap(), id(2));
        assert_eq!(resolve(&root, "@3", true).unwrap(), id(0));
        assert!(matches!(
            resolve(&root, "@4", false),
            Err(ResolveError::NotFound(_))
        ));
        fs::remove_dir_all(root.job(id(2)).unwrap().path()).unwrap();
        assert_eq!(resolve(&root, "@1", true).unwrap(), id(1));
    }

    #[test]
    fn jobs_are_called_by_a_part_of_their_id() {
        let (_temp, root) = root();
        let one = JobId::from_parts(common_time(), 0x1234_5678_9abc);
        let two = JobId::from_parts(common_time(), 0x1234_5678_9abd);
        for id in [one, two] {
            root.create_listed(&definition(id), None).unwrap();
        }
        let text = one.to_string();
        assert_eq!(resolve(&root, &text[18..], true).unwrap(), one);
        assert_eq!(
            resolve(&root, &text[20..].to_uppercase(), true).unwrap(),
            one
        );
        assert_eq!(resolve(&root, &text[23..], false).unwrap(), one);
        assert!(matches!(
            resolve(&root, &text[23..], true),
            Err(ResolveError::TooShort(_))
        ));
        let Err(ResolveError::Ambiguous { candidates, .. }) = resolve(&root, &text[..10], true)
        else {
            panic!("both begin so");
        };
        assert_eq!(candidates, [two, one]);
        assert!(matches!(
            resolve(&root, "zzzzzz", true),
            Err(ResolveError::NotFound(_))
        ));
    }

    fn common_time() -> u64 {
        crate::common::START
    }

    #[test]
    fn many_candidates_are_cut() {
        let (_temp, root) = root();
        for number in 0..30 {
            let _ = job(&root, number);
        }
        match resolve(&root, &id(0).to_string()[..6], true) {
            Err(ResolveError::Ambiguous { candidates, .. }) => assert_eq!(candidates.len(), 20),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn jobs_are_called_by_name() {
        let (_temp, root) = root();
        root.create_listed(&named(1, "web"), None).unwrap();
        root.create_listed(&named(2, "web"), None).unwrap();
        root.create_listed(&named(3, "web2"), None).unwrap();
        assert!(matches!(
            resolve(&root, "web", true),
            Err(ResolveError::Ambiguous { candidates, .. }) if candidates == [id(2), id(1)]
        ));
        finish(&root, 2);
        assert_eq!(
            resolve(&root, "web", true).unwrap(),
            id(1),
            "the only unfinished one"
        );
        finish(&root, 1);
        assert_eq!(resolve(&root, "web", true).unwrap(), id(2), "the newest");
        assert_eq!(resolve(&root, "web2", true).unwrap(), id(3));
        assert!(matches!(
            resolve(&root, "Web", false),
            Err(ResolveError::NotFound(_))
        ));
    }

    #[test]
    fn a_name_goes_before_a_part_of_an_id() {
        let (_temp, root) = root();
        let _ = job(&root, 1);
        let text = id(1).to_string();
        root.create_listed(&named(2, &text[20..]), None).unwrap();
        assert_eq!(resolve(&root, &text[20..], true).unwrap(), id(2));
    }

    #[test]
    fn a_job_that_the_index_missed_is_found() {
        let (_temp, root) = root();
        let _ = job(&root, 1);
        let index = fs::read(root.path().join("index")).unwrap();
        root.create_listed(&named(2, "late"), None).unwrap();
        fs::write(root.path().join("index"), index).unwrap();
        assert_eq!(resolve(&root, "late", true).unwrap(), id(2));
    }

    #[test]
    fn the_index_may_lag_behind_the_folder() {
        let (_temp, root) = root();
        root.create_listed(&named(1, "web"), None).unwrap();
        let stale = fs::read(root.path().join("index")).unwrap();
        finish(&root, 1);
        fs::write(root.path().join("index"), stale).unwrap();
        root.create_listed(&named(2, "web"), None).unwrap();
        assert_eq!(resolve(&root, "web", true).unwrap(), id(2));
    }
}
