//! Job folders: what is made, what is refused, and what survives.

#[cfg(test)]
mod common;

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::{Read, Write as _};
    use std::os::fd::{AsFd as _, OwnedFd};
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
    use std::path::Path;

    use foster_model::{Event, JobRecord, State};
    use foster_store::{
        CreateError, Input, InputError, JobFolder, Lock, OpenError, Problem, Root, RootError,
        Stream,
    };

    use crate::common::{CreateListed as _, at, definition, id, job, life, root};

    fn mode(path: &Path) -> u32 {
        fs::symlink_metadata(path).unwrap().mode() & 0o777
    }

    fn fifo(path: &Path) {
        use rustix::fs::{CWD, FileType, Mode, mknodat};
        mknodat(CWD, path, FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
    }

    #[test]
    fn a_root_must_be_ones_own() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("a/b/root");
        assert!(matches!(
            Root::open(&path, false),
            Err(RootError::Unusable { .. })
        ));
        Root::open(&path, true).unwrap();
        assert_eq!([mode(&path), mode(path.parent().unwrap())], [0o700, 0o700]);

        let link = temp.path().join("link");
        symlink(&path, &link).unwrap();
        assert_eq!(
            Root::open(&link, true).unwrap().path(),
            path.canonicalize().unwrap()
        );

        fs::set_permissions(&path, fs::Permissions::from_mode(0o720)).unwrap();
        let refused = Root::open(&path, true);
        assert!(matches!(
            refused,
            Err(RootError::WritableByOthers { mode: 0o720, .. })
        ));

        let file = temp.path().join("file");
        fs::write(&file, "").unwrap();
        assert!(matches!(
            Root::open(&file, true),
            Err(RootError::Unusable { .. })
        ));
        let others = Root::open(Path::new("/proc/self/../1"), false);
        let is_root = rustix::process::geteuid().is_root();
        assert!(is_root || matches!(others, Err(RootError::NotOwned { owner: 0, .. })));
    }

    #[test]
    fn a_new_job_has_all_its_files_for_its_owner_alone() {
        let (_temp, root) = root();
        let (folder, _lock) = root
            .create_listed(&definition(id(1)), Some(b"input"))
            .unwrap();
        for name in [
            "lock",
            "meta.json",
            "events.ndjson",
            "state.json",
            "stdin.bin",
            "runs/1/stdout.log",
            "runs/1/stderr.log",
            "runs/1/timeline",
        ] {
            assert_eq!(mode(&folder.path().join(name)), 0o600, "{name}");
        }
        for name in ["", "runs", "runs/1", ".."] {
            assert_eq!(mode(&folder.path().join(name)), 0o700, "{name}");
        }
        assert!(folder.log_path(1, Stream::Stderr).is_absolute());
        assert!(folder.log_path(1, Stream::Stderr).is_file());
        let again = root.job(id(1)).unwrap();
        assert_eq!(again.definition().unwrap(), definition(id(1)));
        assert_eq!(again.record().unwrap().created_at, Some(id(1).time()));
        assert_eq!(again.replay().unwrap(), again.record().unwrap());
        let mut input = String::new();
        again
            .stdin_file()
            .unwrap()
            .unwrap()
            .read_to_string(&mut input)
            .unwrap();
        assert_eq!(input, "input");
        assert!(job(&root, 2).0.stdin_file().unwrap().is_none());
    }

    #[test]
    fn an_id_is_used_once() {
        let (_temp, root) = root();
        let _first = job(&root, 1);
        let second = root.create_job(&definition(id(1)), None, None);
        assert!(matches!(second, Err(CreateError::Exists { .. })));
        assert_eq!(root.job(id(1)).unwrap().journal().unwrap().len(), 1);
    }

    #[test]
    fn a_failed_creation_leaves_nothing() {
        let (_temp, root) = root();
        let day = root.path().join("jobs");
        fs::write(&day, "").unwrap();
        assert!(matches!(
            root.create_job(&definition(id(1)), None, None),
            Err(CreateError::Io { .. })
        ));
        assert!(root.job_ids().is_err());
    }

    #[test]
    fn input_that_can_not_be_taken_in_leaves_nothing() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
                Err(std::io::ErrorKind::IsADirectory.into())
            }
        }
        let (_temp, root) = root();
        let make = |from: &mut dyn Read, at_most| {
            let made = root.create_job(&definition(id(1)), None, Some(Input { from, at_most }));
            made.map(|(folder, _)| {
                folder
                    .stdin_file()
                    .unwrap()
                    .unwrap()
                    .metadata()
                    .unwrap()
                    .len()
            })
        };
        let refused = make(&mut std::io::repeat(7), 200_000);
        assert!(matches!(
            refused,
            Err(CreateError::Input(InputError::TooLarge {
                at_most: 200_000
            }))
        ));
        let unread = make(&mut Broken, 9);
        assert!(matches!(
            unread,
            Err(CreateError::Input(InputError::Read(_)))
        ));
        let day = root.path().join("jobs").join(id(1).day());
        assert_eq!(fs::read_dir(&day).unwrap().count(), 0);
        // The last byte that is taken, and none.
        assert_eq!(
            make(&mut std::io::repeat(7).take(200_000), 200_000).unwrap(),
            200_000
        );
    }

    #[test]
    fn ids_are_listed_from_the_folders_newest_first() {
        let (_temp, root) = root();
        assert_eq!(root.job_ids().unwrap(), []);
        let far = 40 * 24 * 3_600_000;
        for number in [3, far, 1] {
            let _ = job(&root, number);
        }
        let jobs = root.path().join("jobs");
        fs::create_dir(jobs.join("junk")).unwrap();
        fs::write(jobs.join("file"), "").unwrap();
        let day = jobs.join(id(1).day());
        fs::create_dir(day.join("not-an-id")).unwrap();
        fs::create_dir(day.join(id(far + 1).to_string())).unwrap();
        symlink(day.join(id(1).to_string()), day.join(id(4).to_string())).unwrap();
        assert_eq!(root.job_ids().unwrap(), [id(far), id(3), id(1)]);
        assert!(matches!(root.job(id(9)), Err(OpenError::NotFound { .. })));
        assert!(matches!(root.job(id(4)), Err(OpenError::Damaged(_))));
    }

    /// Puts each kind of wrong thing in a file's place and tells what came of each try.
    fn with_impostors(name: &str, check: impl Fn(&JobFolder, &str)) {
        let (_temp, root) = root();
        let (folder, _lock) = root.create_listed(&definition(id(1)), Some(b"x")).unwrap();
        let path = folder.path().join(name);
        let target = root.path().join("outside");
        fs::copy(&path, &target).unwrap();
        fs::remove_file(&path).unwrap();
        symlink(&target, &path).unwrap();
        check(&folder, "symlink");
        fs::remove_file(&path).unwrap();
        fifo(&path);
        check(&folder, "fifo");
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        check(&folder, "folder");
    }

    fn not_regular(problem: &Problem) -> bool {
        matches!(problem, Problem::NotRegular)
    }

    #[test]
    fn nothing_else_passes_for_a_file() {
        with_impostors("meta.json", |folder, what| {
            let error = folder.definition().unwrap_err();
            assert!(not_regular(&error.problem), "{what}: {error}");
            assert!(
                error
                    .to_string()
                    .ends_with("meta.json is not a regular file"),
                "{error}"
            );
        });
        with_impostors("events.ndjson", |folder, what| {
            assert!(
                not_regular(&folder.journal().unwrap_err().problem),
                "{what}"
            );
            assert!(
                folder.journal_writer().is_err() && folder.sync().is_err(),
                "{what}"
            );
            assert!(folder.record().is_ok(), "{what}: the cache is still there");
        });
        with_impostors("state.json", |folder, what| {
            assert_eq!(folder.record().unwrap(), folder.replay().unwrap(), "{what}");
        });
        with_impostors("stdin.bin", |folder, what| {
            assert!(folder.stdin_file().is_err(), "{what}");
        });
        with_impostors("lock", |folder, what| {
            assert!(folder.try_lock().is_err(), "{what}");
            assert!(folder.lock_is_held().is_err(), "{what}");
        });
        with_impostors("runs/1/stderr.log", |folder, what| {
            let error = folder
                .run(1)
                .unwrap()
                .stream_log(Stream::Stderr)
                .unwrap_err();
            assert!(not_regular(&error.problem), "{what}");
            assert!(
                folder
                    .run(1)
                    .unwrap()
                    .stream_writer(Stream::Stderr, None)
                    .is_err(),
                "{what}"
            );
        });
        with_impostors("runs/1/timeline", |folder, what| {
            assert!(
                not_regular(&folder.run(1).unwrap().timeline().unwrap_err().problem),
                "{what}"
            );
            assert!(folder.run(1).unwrap().timeline_writer().is_err(), "{what}");
        });
    }

    #[test]
    fn a_folder_of_runs_that_is_a_link_is_not_followed() {
        let (_temp, root) = root();
        let (folder, _lock) = job(&root, 1);
        let runs = folder.path().join("runs");
        let moved = root.path().join("moved");
        fs::rename(&runs, &moved).unwrap();
        symlink(&moved, &runs).unwrap();
        let error = folder.run(1).unwrap_err();
        assert!(matches!(error.problem, Problem::NotDirectory), "{error}");
    }

    #[test]
    fn a_fifo_in_the_temporary_files_place_does_not_hang() {
        let (_temp, root) = root();
        let (folder, _lock) = job(&root, 1);
        fifo(&folder.path().join("state.json.new"));
        assert!(folder.write_state(&JobRecord::new(id(1))).is_err());
    }

    #[test]
    fn damage_is_told_by_its_kind() {
        let (_temp, root) = root();
        let (folder, _lock) = job(&root, 1);
        let meta = folder.path().join("meta.json");
        let whole = fs::read(&meta).unwrap();
        for len in 0..whole.len() {
            fs::write(&meta, &whole[..len]).unwrap();
            let error = folder.definition().unwrap_err();
            assert!(
                error.to_string().contains("is cut or not JSON: "),
                "{error}"
            );
        }
        fs::write(&meta, serde_json::to_vec(&definition(id(2))).unwrap()).unwrap();
        assert!(matches!(
            folder.definition().unwrap_err().problem,
            Problem::OtherJob(_)
        ));
        fs::remove_file(&meta).unwrap();
        assert!(
            folder
                .definition()
                .unwrap_err()
                .to_string()
                .ends_with("meta.json is missing")
        );
    }

    #[test]
    fn a_journal_cut_at_any_byte_tells_what_was_whole() {
        let (_temp, root) = root();
        let (folder, _lock) = job(&root, 1);
        let mut writer = folder.journal_writer().unwrap();
        for entry in life() {
            writer.append(&entry).unwrap();
        }
        writer.sync().unwrap();
        let path = folder.path().join("events.ndjson");
        let whole = fs::read(&path).unwrap();
        fs::remove_file(folder.path().join("state.json")).unwrap();
        assert_eq!(folder.record().unwrap().state, State::Exited);
        for len in 0..=whole.len() {
            fs::write(&path, &whole[..len]).unwrap();
            let lines = whole[..len]
                .split_inclusive(|&byte| byte == b'\n')
                .filter(|l| l.ends_with(b"\n"))
                .count();
            assert_eq!(folder.journal().unwrap().len(), lines, "cut at {len}");
            assert_eq!(folder.record().is_ok(), lines > 0, "cut at {len}");
            let mut writer = folder.journal_writer().unwrap();
            writer.append(&at(9, Event::Created {})).unwrap();
            assert_eq!(folder.journal().unwrap().len(), lines + 1, "cut at {len}");
        }
    }

    #[test]
    fn a_bad_line_in_the_middle_is_damage() {
        let (_temp, root) = root();
        let (folder, _lock) = job(&root, 1);
        let path = folder.path().join("events.ndjson");
        let mut file = fs::OpenOptions::new().append(true).open(path).unwrap();
        file.write_all(b"{\"at\":\n").unwrap();
        let error = folder.journal().unwrap_err();
        assert!(
            matches!(error.problem, Problem::BadLine { line: 2, .. }),
            "{error}"
        );
        assert_eq!(folder.record().unwrap().state, State::Created);
    }

    #[test]
    fn an_impossible_history_is_damage() {
        let (_temp, root) = root();
        let (folder, _lock) = job(&root, 1);
        folder.journal_writer().unwrap().append(&life()[2]).unwrap();
        assert!(matches!(
            folder.replay().unwrap_err().problem,
            Problem::Impossible(_)
        ));
    }

    #[test]
    fn the_state_is_a_cache_that_is_replaced_at_once() {
        let (_temp, root) = root();
        let (folder, _lock) = job(&root, 1);
        let mut record = folder.record().unwrap();
        for entry in life() {
            record.apply(&entry).unwrap();
        }
        folder.write_state(&record).unwrap();
        folder.sync().unwrap();
        let path = folder.path().join("state.json");
        assert_eq!(mode(&path), 0o600);
        assert!(!folder.path().join("state.json.new").exists());
        assert_eq!(folder.record().unwrap(), record);
        let json: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        assert_eq!(json["job"]["status"], "exited");
        let other = JobRecord::new(id(2));
        folder.write_state(&other).unwrap();
        assert_eq!(
            folder.record().unwrap().job_id,
            id(1),
            "another job's state is not believed"
        );
    }

    #[test]
    fn a_lock_lasts_until_its_last_descriptor_is_closed() {
        let (_temp, root) = root();
        let (folder, lock) = job(&root, 1);
        let other = root.job(id(1)).unwrap();
        assert!(folder.lock_is_held().unwrap() && other.lock_is_held().unwrap());
        assert!(other.try_lock().unwrap().is_none());
        // What a fork does: a second descriptor of the same description.
        let inherited = lock.as_fd().try_clone_to_owned().unwrap();
        drop(lock);
        assert!(other.lock_is_held().unwrap());
        let handed_on = Lock::from(OwnedFd::from(Lock::from(inherited)));
        assert!(other.try_lock().unwrap().is_none());
        drop(handed_on);
        assert!(!other.lock_is_held().unwrap());
        let taken = other.try_lock().unwrap();
        assert!(taken.is_some() && folder.try_lock().unwrap().is_none());
        // Asking opens and closes the file, which must not end the lock.
        assert!(other.lock_is_held().unwrap() && other.lock_is_held().unwrap());
        drop(taken);
        fs::remove_file(folder.path().join("lock")).unwrap();
        assert!(!other.lock_is_held().unwrap());
    }

    #[test]
    #[cfg_attr(
        any(not(target_os = "linux"), foster_portable),
        ignore = "no name for a directory's descriptor"
    )]
    fn sockets_work_in_folders_of_any_depth() {
        let temp = tempfile::tempdir().unwrap();
        let deep = temp.path().join("d".repeat(200)).join("e".repeat(200));
        let root = Root::open(&deep, true).unwrap();
        let (folder, _lock) = job(&root, 1);
        assert!(folder.path().as_os_str().len() > 300);
        assert_eq!(
            folder.connect().unwrap_err().kind(),
            std::io::ErrorKind::NotFound
        );
        drop(folder.bind().unwrap());
        assert_eq!(
            folder.connect().unwrap_err().kind(),
            std::io::ErrorKind::ConnectionRefused
        );
        let listener = folder.bind().unwrap();
        assert_eq!(mode(&folder.path().join("sock")), 0o600);
        folder.connect().unwrap().write_all(b"hi").unwrap();
        let mut said = String::new();
        listener
            .accept()
            .unwrap()
            .0
            .read_to_string(&mut said)
            .unwrap();
        assert_eq!(said, "hi");
        folder.unlink_socket().unwrap();
        folder.unlink_socket().unwrap();
        fs::write(folder.path().join("sock"), "").unwrap();
        assert!(folder.connect().is_err());
    }

    #[test]
    fn a_folder_can_be_handed_on_by_its_descriptor() {
        let (_temp, root) = root();
        let (folder, _lock) = job(&root, 1);
        let fd = folder.dir().try_clone_to_owned().unwrap();
        let other = JobFolder::from_fd(id(1), folder.path().to_owned(), fd);
        assert_eq!(other.definition().unwrap(), folder.definition().unwrap());
    }
}
