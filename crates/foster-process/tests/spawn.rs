//! A process is started as it was planned, or it is said which part of the plan failed.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "this is a test")]

mod common;

use std::ffi::OsString;
use std::fs;
use std::io::Read as _;
use std::os::fd::AsFd as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use common::{SECOND, environment, hearing, null, words};
use foster_process::{
    Containment, ExitStatus, Scope, Session, Signal, SpawnError, SpawnPlan, SpawnSlot, Spawned,
    spawn,
};

fn scope() -> Scope {
    let own = if cfg!(all(target_os = "linux", not(foster_portable))) {
        Containment::Subreaper
    } else {
        Containment::Group
    };
    Scope::prepare(own, "").unwrap()
}

struct Wish<'a> {
    argv: Vec<OsString>,
    env: Vec<(OsString, OsString)>,
    cwd: Option<&'a Path>,
    session: Session,
    default_signals: bool,
}

impl<'a> Wish<'a> {
    fn new(argv: &[&str]) -> Self {
        let (argv, env) = (words(argv), environment());
        Self {
            argv,
            env,
            cwd: None,
            session: Session::New,
            default_signals: true,
        }
    }

    fn at(self, cwd: &'a Path) -> Self {
        Self {
            cwd: Some(cwd),
            ..self
        }
    }

    fn start(&self, out: impl std::os::fd::AsFd) -> Result<Spawned, SpawnError> {
        let null = null();
        let plan = SpawnPlan {
            cwd: self.cwd,
            session: self.session,
            default_signals: self.default_signals,
            ..SpawnPlan::new(
                &self.argv,
                &self.env,
                [null.as_fd(), out.as_fd(), null.as_fd()],
            )
        };
        let slot = SpawnSlot::default();
        let result = spawn(&plan, &mut scope(), &slot);
        assert_eq!(
            slot.pid(),
            result.as_ref().ok().map(|started| started.leader.pid())
        );
        assert_eq!(
            slot.failed(),
            result.is_err() && slot.failure(&plan).is_some()
        );
        result
    }

    fn fail(&self) -> SpawnError {
        self.start(null()).unwrap_err()
    }

    fn output(&self) -> String {
        let (mut heard, out) = hearing();
        let started = self.start(&out).unwrap();
        drop(out);
        let mut text = String::new();
        heard.read_to_string(&mut text).unwrap();
        assert!(started.leader.wait_ended(Some(10 * SECOND)).unwrap());
        assert_eq!(
            started.leader.reap().unwrap(),
            Some(ExitStatus::Code(0)),
            "{text}"
        );
        text
    }
}

fn file(dir: &Path, name: &str, text: &str, mode: u32) -> String {
    let path = dir.join(name);
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn what_is_not_there_is_not_found() {
    for name in [
        "no-such-program-at-all",
        "/no/such/program",
        "./no-such-program",
        "",
    ] {
        let error = Wish::new(&[name]).fail();
        assert!(
            matches!(&error, SpawnError::NotFound { program } if *program == *name),
            "{error:?}"
        );
    }
}

#[test]
fn what_is_no_program_is_not_executable() {
    let dir = tempfile::tempdir().unwrap();
    let cases = [
        (
            file(dir.path(), "plain", "#!/bin/sh\n", 0o644),
            "permission",
        ),
        (file(dir.path(), "text", "just text\n", 0o755), "no program"),
        (
            file(dir.path(), "orphan", "#!/no/such/interpreter\n", 0o755),
            "interpreter",
        ),
        (dir.path().to_str().unwrap().to_owned(), "permission"),
    ];
    for (path, expected) in cases {
        match Wish::new(&[&path]).fail() {
            SpawnError::NotExecutable {
                program, reason, ..
            } => {
                assert_eq!(program, *path);
                assert!(reason.contains(expected), "{path}: {reason}");
            }
            other => panic!("{path}: {other:?}"),
        }
    }
    // Found in PATH, and relative to the directory that it would run in.
    let mut wish = Wish::new(&["plain"]);
    wish.env = vec![("PATH".into(), dir.path().into())];
    assert!(matches!(wish.fail(), SpawnError::NotExecutable { .. }));
    let error = Wish::new(&["./plain"]).at(dir.path()).fail();
    assert!(
        matches!(error, SpawnError::NotExecutable { .. }),
        "{error:?}"
    );
}

#[test]
fn a_directory_that_cannot_be_entered_is_told_from_a_program() {
    let dir = tempfile::tempdir().unwrap();
    let no_dir = file(dir.path(), "file", "", 0o644);
    for path in ["/no/such/directory", &no_dir] {
        match Wish::new(&["true"]).at(Path::new(path)).fail() {
            SpawnError::BadCwd { path: told, .. } => assert_eq!(told, Path::new(path)),
            other => panic!("{path}: {other:?}"),
        }
    }
}

#[test]
fn what_the_system_does_not_take_is_refused() {
    let large = "x".repeat(8 * 1024 * 1024);
    assert!(matches!(
        Wish::new(&["true", &large]).fail(),
        SpawnError::TooLarge { .. }
    ));
    assert!(matches!(
        Wish::new(&["true", "a\0b"]).fail(),
        SpawnError::Nul(_)
    ));
    let mut wish = Wish::new(&["true"]);
    wish.env.push(("NAME".into(), "a\0b".into()));
    // The name, since a value may be a secret.
    assert!(matches!(wish.fail(), SpawnError::Nul(told) if told == "NAME"));
    assert!(matches!(
        Wish::new(&["true"]).at(Path::new("/a\0b")).fail(),
        SpawnError::Nul(_)
    ));
}

#[test]
fn arguments_environment_and_directory_are_the_planned_ones() {
    let text = Wish::new(&["printf", "<%s>", "a b", "", "c\nd", "\u{e4}"]).output();
    assert_eq!(text, "<a b><><c\nd><\u{e4}>");
    let mut wish = Wish::new(&["env"]);
    wish.env.push(("NAME".into(), "va=lue".into()));
    assert_eq!(
        wish.output(),
        "PATH=/usr/local/bin:/usr/bin:/bin\nNAME=va=lue\n"
    );
    let dir = tempfile::tempdir().unwrap();
    let real = fs::canonicalize(dir.path()).unwrap();
    assert_eq!(
        Path::new(Wish::new(&["/bin/pwd"]).at(&real).output().trim_end()),
        real
    );
}

#[test]
fn streams_go_to_their_places_and_nothing_else_is_handed_on() {
    let (reader, writer) = std::io::pipe().unwrap();
    // Not marked to be closed by exec.
    let leak = rustix::io::dup(&writer).unwrap();
    assert!(
        !rustix::io::fcntl_getfd(&leak)
            .unwrap()
            .contains(rustix::io::FdFlags::CLOEXEC)
    );
    let mut seen: Vec<i32> = Wish::new(&["sh", "-c", "exec ls /dev/fd/"])
        .output()
        .lines()
        .map(|line| line.parse().unwrap())
        .collect();
    seen.sort_unstable();
    // The fourth is the listing's own.
    assert_eq!(seen.len(), 4, "{seen:?}");
    assert_eq!(seen[..3], [0, 1, 2]);
    drop((reader, writer, leak));
}

#[test]
fn streams_may_be_the_callers_own_in_any_order() {
    let mut file = tempfile::tempfile().unwrap();
    let null = null();
    let (argv, env) = (
        words(&["sh", "-c", "echo out; echo err >&2"]),
        environment(),
    );
    let plan = SpawnPlan {
        session: Session::Inherit,
        // Descriptor 0 of the test itself, whatever it is, in another's place.
        ..SpawnPlan::new(&argv, &env, [null.as_fd(), file.as_fd(), file.as_fd()])
    };
    let started = spawn(&plan, &mut scope(), &SpawnSlot::default())
        .unwrap()
        .leader;
    assert!(started.wait_ended(Some(10 * SECOND)).unwrap());
    assert_eq!(started.reap().unwrap(), Some(ExitStatus::Code(0)));
    let mut text = String::new();
    std::io::Seek::rewind(&mut file).unwrap();
    file.read_to_string(&mut text).unwrap();
    assert_eq!(text, "out\nerr\n");
}

#[cfg(target_os = "linux")]
fn signals_of(wish: &Wish<'_>) -> Vec<(String, u64)> {
    let text = wish.output();
    let sets = text.lines().filter_map(|line| line.split_once(":\t"));
    let sets = sets.filter(|(name, _)| ["SigBlk", "SigIgn", "SigCgt"].contains(name));
    sets.map(|(name, set)| (name.to_owned(), u64::from_str_radix(set, 16).unwrap()))
        .collect()
}

#[cfg(target_os = "linux")]
#[test]
fn signals_are_as_a_program_expects_them() {
    // Rust ignores PIPE; `nohup` ignores HUP, and a job must not be deaf for its caller's sake.
    let wish = Wish::new(&["cat", "/proc/self/status"]);
    assert_eq!(signals_of(&wish).len(), 3);
    for (name, set) in signals_of(&wish) {
        assert_eq!(set, 0, "{name}");
    }
    // As with exec: what the caller ignores stays so, but for PIPE.
    let own = fs::read_to_string("/proc/thread-self/status").unwrap();
    let ignored = own
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:\t"))
        .unwrap();
    let ignored = u64::from_str_radix(ignored, 16).unwrap() & !(1 << (libc::SIGPIPE - 1));
    let wish = Wish {
        default_signals: false,
        ..wish
    };
    for (name, set) in signals_of(&wish) {
        assert_eq!(set, if name == "SigIgn" { ignored } else { 0 }, "{name}");
    }
}

#[cfg(target_os = "linux")]
/// Pid, process group, session and terminal, of a process that runs. A group or a session that was
/// made outside of our PID namespace is 0.
fn ids(stat: &str) -> [i32; 4] {
    let (start, rest) = stat.rsplit_once(") ").unwrap();
    let mut fields = rest.split(' ').skip(2).map(|field| field.parse().unwrap());
    let pid = start.split(' ').next().unwrap().parse().unwrap();
    [
        pid,
        fields.next().unwrap(),
        fields.next().unwrap(),
        fields.next().unwrap(),
    ]
}

#[test]
fn a_session_is_new_if_it_is_wanted() {
    let ids_in = |session| {
        let wish = Wish {
            session,
            ..Wish::new(&["cat", "/proc/self/stat"])
        };
        ids(&wish.output())
    };
    let [pid, group, session, terminal] = ids_in(Session::New);
    assert_eq!([group, session, terminal], [pid, pid, 0]);
    let [pid, group, session, _] = ids_in(Session::Inherit);
    assert_ne!(group, pid);
    let [_, own_group, own_session, _] = ids(&fs::read_to_string("/proc/self/stat").unwrap());
    assert_eq!([group, session], [own_group, own_session]);
}

#[test]
fn every_end_is_told() {
    for (script, expected) in [("exit 0", 0), ("exit 7", 7), ("exit 255", 255)] {
        let started = Wish::new(&["sh", "-c", script])
            .start(null())
            .unwrap()
            .leader;
        assert!(started.wait_ended(Some(10 * SECOND)).unwrap());
        assert_eq!(
            started.peek_status().unwrap(),
            Some(ExitStatus::Code(expected))
        );
        assert_eq!(started.reap().unwrap(), Some(ExitStatus::Code(expected)));
        assert!(started.reap().is_err());
    }
    // 32 is kept by the C library for itself, and still kills.
    for number in [9, 15, 32] {
        let script = format!("kill -{number} $$");
        let started = Wish::new(&["sh", "-c", &script])
            .start(null())
            .unwrap()
            .leader;
        assert!(started.wait_ended(Some(10 * SECOND)).unwrap());
        let signal = started.reap().unwrap().and_then(ExitStatus::signal);
        assert_eq!(signal.map(Signal::number), Some(number));
    }
}

#[cfg(all(target_os = "linux", not(foster_portable)))]
#[test]
fn a_large_caller_starts_as_fast_as_a_small_one() {
    // The fastest of many: what else the machine does makes some of them slow, never fast.
    let fastest = || {
        let times = (0..100).map(|_| {
            let began = std::time::Instant::now();
            let started = Wish::new(&["/bin/true"]).start(null()).unwrap().leader;
            let took = began.elapsed();
            assert!(started.wait_ended(Some(10 * SECOND)).unwrap());
            started.reap().unwrap();
            took
        });
        times.min().unwrap()
    };
    let small = fastest();
    let memory = vec![1_u8; 512 * 1024 * 1024];
    let large = fastest();
    assert_eq!(memory[memory.len() / 2], 1);
    assert!(
        large < small * 3,
        "{small:?} without, {large:?} with 512 MB"
    );
}
