//! How jobs leave the root: whole or not at all, whoever dies on the way.

#[cfg(test)]
mod common;

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::fs;
    use std::os::unix::ffi::OsStrExt as _;
    use std::os::unix::fs::symlink;
    use std::path::{Path, PathBuf};
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::thread::ScopedJoinHandle;
    use std::time::{Duration, SystemTime};

    use foster_model::{JobId, JobSelector};
    use foster_store::{IndexRow, OpenError, RemovalError, Root};

    use crate::common::{CreateListed as _, definition, id, job, root};

    fn listed(root: &Root) -> Vec<JobId> {
        let rows = root.index().newest_first().unwrap();
        rows.map(|row| row.job_id).collect()
    }

    fn remove(root: &Root, number: u64) -> u64 {
        let lock = root.job(id(number)).unwrap().try_lock().unwrap();
        root.removal(id(number), lock).unwrap().finish().unwrap()
    }

    /// Everything below a folder, links not followed.
    fn tree(path: &Path) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let mut folders = vec![path.to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let entry = entry.unwrap();
                if entry.file_type().unwrap().is_dir() {
                    folders.push(entry.path());
                }
                found.push(entry.path());
            }
        }
        found.sort();
        found
    }

    /// Puts into a job's folder whatever should not be there.
    fn litter(folder: &Path, outside: &Path) {
        symlink(outside, folder.join("link")).unwrap();
        symlink("/nowhere/at/all", folder.join("runs/dangling")).unwrap();
        fs::hard_link(outside.join("precious"), folder.join("second name")).unwrap();
        fs::write(folder.join(OsStr::from_bytes(b"\xff\xfe")), "x").unwrap();
        let fifo = folder.join("fifo");
        rustix::fs::mknodat(
            rustix::fs::CWD,
            &fifo,
            rustix::fs::FileType::Fifo,
            0o600.into(),
            0,
        )
        .unwrap();
        let mut deep = folder.join("runs");
        for level in 0..20 {
            deep = deep.join(format!("level-{level}"));
            fs::create_dir(&deep).unwrap();
            fs::write(deep.join("file"), "x").unwrap();
        }
        // A name that moving up would like to use.
        for name in ["moved-up-1", "moved-up-1/full"] {
            fs::create_dir(folder.join(name)).unwrap();
        }
        fs::write(folder.join("moved-up-2"), "x").unwrap();
    }

    fn outside(temp: &Path) -> PathBuf {
        let outside = temp.join("outside");
        fs::create_dir(&outside).unwrap();
        fs::write(outside.join("precious"), "kept").unwrap();
        outside
    }

    #[test]
    fn whoever_dies_between_two_steps_leaves_waste_and_nothing_else() {
        let (temp, root) = root();
        let outside = outside(temp.path());
        let _other = job(&root, 500_000);
        // Each of the first steps, which are all different, and then every seventh.
        for steps in (0..12).chain((12..).step_by(7)) {
            let (folder, lock) = job(&root, steps);
            folder.make_run(2).unwrap();
            litter(folder.path(), &outside);
            let path = folder.path().to_owned();
            drop(folder);
            let mut removal = root.removal(id(steps), Some(lock)).unwrap();
            let mut more = true;
            for _ in 0..steps {
                more = removal.step().unwrap();
            }
            drop(removal);
            let found = root.job(id(steps));
            let mut rows = root.index().newest_first().unwrap();
            let row = rows.find(|row| row.job_id == id(steps));
            assert_eq!(row.is_some(), steps < 3, "{steps}");
            assert!(row.is_none_or(|row| row.leaving == (steps > 0)), "{steps}");
            // Until then it is there, and its row says that it may not be.
            if steps < 2 {
                assert!(found.is_ok() && path.join("runs/2/stdout.log").is_file());
                remove(&root, steps);
            } else {
                assert!(matches!(found, Err(OpenError::NotFound { .. })), "{steps}");
                assert_eq!(root.job_ids().unwrap(), [id(500_000)], "{steps}");
                let by_id = JobSelector::Id(id(steps));
                assert!(root.resolve(&by_id, true).is_err(), "{steps}");
                let swept = root.sweep_gone().unwrap();
                assert_eq!(swept.left, 0, "{steps}");
            }
            assert_eq!(listed(&root), [id(500_000)], "{steps}");
            let left = tree(&root.path().join("jobs"));
            let of_it = |path: &PathBuf| path.to_string_lossy().contains(&id(steps).to_string());
            assert!(!left.iter().any(of_it), "{steps}: {left:?}");
            assert_eq!(fs::read(outside.join("precious")).unwrap(), b"kept");
            if !more {
                assert!(steps > 60, "each entry is a step of its own: {steps}");
                break;
            }
        }
    }

    #[test]
    fn the_first_job_of_an_index_can_go_and_the_last_one_too() {
        let (_temp, root) = root();
        for number in 0..3 {
            let _ = job(&root, number);
        }
        let before = fs::metadata(root.path().join("index")).unwrap().len();
        assert!(remove(&root, 0) > 0);
        assert_eq!(listed(&root), [id(2), id(1)]);
        assert_eq!(
            fs::metadata(root.path().join("index")).unwrap().len(),
            before,
            "readers need no lock: records stay where they are"
        );
        assert_eq!(root.index().count().unwrap(), 2);
        remove(&root, 2);
        remove(&root, 1);
        assert_eq!(listed(&root), []);
        assert_eq!(tree(&root.path().join("jobs")), Vec::<PathBuf>::new());
        let _ = job(&root, 9);
        assert_eq!(listed(&root), [id(9)]);
        assert_eq!(root.index().rebuild().unwrap(), 1);
    }

    #[test]
    fn a_removed_job_is_not_listed_again_by_a_late_writer() {
        let (_temp, root) = root();
        let (folder, lock) = job(&root, 1);
        let _other = job(&root, 2);
        let row = IndexRow::from_parts(&definition(id(1)), &folder.record().unwrap());
        root.removal(id(1), Some(lock)).unwrap().finish().unwrap();
        root.index().update(&row).unwrap();
        assert_eq!(listed(&root), [id(2)]);
        assert!(!root.mend_index().unwrap());
    }

    #[test]
    fn a_row_that_was_noted_twice_goes_twice() {
        let (_temp, root) = root();
        for number in 0..3 {
            let _ = job(&root, number);
        }
        root.publish(&definition(id(1)));
        remove(&root, 1);
        assert_eq!(listed(&root), [id(2), id(0)]);
    }

    #[test]
    fn an_index_of_removed_jobs_becomes_small_again() {
        let (_temp, root) = root();
        let _ = job(&root, 0);
        for number in 1..600 {
            root.publish(&definition(id(number)));
        }
        for number in 0..400 {
            root.index().remove(id(number)).unwrap();
            let rest: Vec<_> = (number + 1..600).rev().map(id).collect();
            assert_eq!(root.index().count().unwrap(), rest.len() as u64);
            if number % 50 == 0 || number > 395 {
                assert_eq!(listed(&root), rest);
            }
        }
        let len = fs::metadata(root.path().join("index")).unwrap().len() / 512;
        assert_eq!(
            len, 300,
            "made smaller once, when half of it was of removed jobs"
        );
    }

    #[test]
    fn an_index_that_lost_its_count_is_mended() {
        let (_temp, root) = root();
        for number in 0..4 {
            let _ = job(&root, number);
        }
        remove(&root, 1);
        fs::remove_file(root.path().join("index.lock")).unwrap();
        assert_eq!(listed(&root).len(), 3);
        assert!(root.mend_index().unwrap(), "four records, three folders");
        assert!(!root.mend_index().unwrap());
        assert_eq!(listed(&root), [id(3), id(2), id(0)]);
    }

    #[test]
    fn the_lock_of_a_removed_folder_can_not_be_had() {
        let (_temp, root) = root();
        let (folder, lock) = job(&root, 1);
        let mut removal = root.removal(id(1), Some(lock)).unwrap();
        while folder.is_in_place().unwrap() {
            assert!(removal.step().unwrap());
        }
        assert!(!folder.is_in_place().unwrap());
        assert!(matches!(folder.try_lock(), Ok(None)), "it is still held");
        assert_eq!(
            root.sweep_gone().unwrap().left,
            1,
            "who removes is not disturbed"
        );
        while removal.step().unwrap() {}
        let error = folder.try_lock().unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
        let again = root.removal(id(1), None);
        assert!(matches!(again, Err(RemovalError::NotFound { .. })));
    }

    #[test]
    fn what_stands_in_a_folder_s_place_goes_and_nothing_behind_it() {
        let (temp, root) = root();
        let outside = outside(temp.path());
        for number in [1, 2, 3] {
            let (folder, lock) = job(&root, number);
            drop(lock);
            fs::remove_dir_all(folder.path()).unwrap();
            match number {
                1 => symlink(&outside, folder.path()).unwrap(),
                2 => fs::write(folder.path(), "no folder").unwrap(),
                _ => symlink("/nowhere/at/all", folder.path()).unwrap(),
            }
            root.removal(id(number), None).unwrap().finish().unwrap();
        }
        assert_eq!(tree(&root.path().join("jobs")), Vec::<PathBuf>::new());
        assert_eq!(listed(&root), []);
        assert_eq!(fs::read(outside.join("precious")).unwrap(), b"kept");
    }

    #[test]
    fn bytes_that_have_another_name_are_not_given_back() {
        let (temp, root) = root();
        let (folder, lock) = job(&root, 1);
        fs::write(folder.path().join("big"), vec![b'x'; 1 << 20]).unwrap();
        let used = folder.disk_use().unwrap();
        assert!(used >= 1 << 20);
        fs::hard_link(folder.path().join("big"), temp.path().join("other")).unwrap();
        assert!(folder.disk_use().unwrap() < 1 << 20);
        fs::remove_file(temp.path().join("other")).unwrap();
        let freed = root.removal(id(1), Some(lock)).unwrap().finish().unwrap();
        assert_eq!(freed, used, "what was told before is what came back");
    }

    #[test]
    fn jobs_are_made_in_a_day_whose_folder_others_take_away() {
        let (_temp, root) = root();
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let (root, done) = (&root, &done);
            let readers = scope.spawn(move || {
                while !done.load(Ordering::Relaxed) {
                    for row in root.index().newest_first().unwrap() {
                        assert_eq!(row.command, "echo hello");
                    }
                    root.leftovers().unwrap();
                }
            });
            let threads: Vec<_> = (0..4)
                .map(|thread| {
                    scope.spawn(move || {
                        for number in 0..200 {
                            let id = id(number * 4 + thread);
                            let (_folder, lock) =
                                root.create_listed(&definition(id), None).unwrap();
                            root.removal(id, Some(lock)).unwrap().finish().unwrap();
                        }
                    })
                })
                .collect();
            let ended: Vec<_> = threads.into_iter().map(ScopedJoinHandle::join).collect();
            // Before anything is said of them: who reads would go on for ever.
            done.store(true, Ordering::Relaxed);
            readers.join().unwrap();
            for ended in ended {
                ended.unwrap();
            }
        });
        assert_eq!(listed(&root), []);
        assert_eq!(root.sweep_gone().unwrap().removed, 0);
    }

    #[test]
    fn a_turn_dies_with_its_holder_and_its_time_is_only_a_hint() {
        let (_temp, root) = root();
        let (now, minute) = (SystemTime::now(), Duration::from_mins(1));
        let later = |minutes| now + minute * minutes;
        let first = root.gc_turn(now, minute).unwrap().unwrap();
        assert!(
            root.gc_turn(later(5), minute).unwrap().is_none(),
            "it is held"
        );
        drop(first);
        let second = root.gc_turn(later(5), minute).unwrap().unwrap();
        second.done(later(5)).unwrap();
        assert!(
            root.gc_turn(later(5), minute).unwrap().is_none(),
            "just done"
        );
        assert!(root.gc_turn(later(7), minute).unwrap().is_some());
        assert!(
            root.gc_turn(later(1), minute).unwrap().is_some(),
            "a clock was set back"
        );
        assert!(root.job_ids().unwrap().is_empty());
    }
}
