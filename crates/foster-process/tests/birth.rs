//! What a process is given at its birth, it has; what can't be given is told.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "this is a test")]

mod common;

use std::ffi::OsString;
use std::io::{BufRead as _, Read as _, Seek as _, Write as _};
use std::os::fd::{AsFd as _, AsRawFd as _};
use std::path::Path;

use common::{As, SECOND, environment, hearing, isolated, null, words};
use foster_process::{
    Containment, ExitStatus, InvalidPlan, IoClass, IoPriority, Resource, ResourceLimit, Scope,
    Session, SpawnError, SpawnPlan, SpawnSlot, spawn,
};

fn scope() -> Scope {
    let subreaper = Scope::prepare(Containment::Subreaper, "");
    subreaper
        .or_else(|_| Scope::prepare(Containment::Group, ""))
        .unwrap()
}

type Change<'a> = &'a dyn for<'p> Fn(SpawnPlan<'p>) -> SpawnPlan<'p>;

/// Returns what it printed, having been started by a plan that was changed so.
fn output(argv: &[&str], change: Change<'_>) -> Result<String, SpawnError> {
    let (mut heard, out) = hearing();
    let (null, argv, env) = (null(), words(argv), environment());
    let plan = change(SpawnPlan::new(
        &argv,
        &env,
        [null.as_fd(), out.as_fd(), null.as_fd()],
    ));
    let started = spawn(&plan, &mut scope(), &SpawnSlot::default())?.leader;
    drop(out);
    let mut text = String::new();
    heard.read_to_string(&mut text).unwrap();
    assert!(started.wait_ended(Some(10 * SECOND)).unwrap());
    assert_eq!(started.reap().unwrap(), Some(ExitStatus::Code(0)), "{text}");
    Ok(text)
}

fn refusal(change: Change<'_>) -> SpawnError {
    output(&["true"], change).unwrap_err()
}

fn with_rlimits(argv: &[&str], rlimits: &[ResourceLimit]) -> Result<String, SpawnError> {
    let (mut heard, out) = hearing();
    let (null, argv, env) = (null(), words(argv), environment());
    let plan = SpawnPlan {
        rlimits,
        ..SpawnPlan::new(&argv, &env, [null.as_fd(), out.as_fd(), null.as_fd()])
    };
    let started = spawn(&plan, &mut scope(), &SpawnSlot::default())?.leader;
    drop(out);
    let mut text = String::new();
    heard.read_to_string(&mut text).unwrap();
    assert!(started.wait_ended(Some(10 * SECOND)).unwrap());
    started.reap().unwrap();
    Ok(text)
}

#[test]
fn its_name_need_not_be_what_was_looked_up() {
    let name = OsString::from("-login");
    let text = {
        let (mut heard, out) = hearing();
        let (null, argv, env) = (null(), words(&["sh", "-c", "echo $0"]), environment());
        let plan = SpawnPlan {
            arg0: Some(&name),
            ..SpawnPlan::new(&argv, &env, [null.as_fd(), out.as_fd(), null.as_fd()])
        };
        let started = spawn(&plan, &mut scope(), &SpawnSlot::default()).unwrap();
        drop(out);
        let mut text = String::new();
        heard.read_to_string(&mut text).unwrap();
        assert!(started.leader.wait_ended(Some(10 * SECOND)).unwrap());
        started.leader.reap().unwrap();
        text
    };
    assert_eq!(text, "-login\n");
}

#[cfg(target_os = "linux")]
#[test]
fn a_group_of_its_own_stays_in_the_session() {
    let stat = output(&["cat", "/proc/self/stat"], &|plan| SpawnPlan {
        session: Session::Group,
        ..plan
    });
    let stat = stat.unwrap();
    let fields: Vec<&str> = stat.split(' ').collect();
    assert_eq!(fields[0], fields[4]);
    let own = std::fs::read_to_string("/proc/self/stat").unwrap();
    let own = own.rsplit_once(") ").unwrap().1;
    assert_eq!(fields[5], own.split(' ').nth(3).unwrap());
}

#[test]
fn descriptors_get_their_numbers_also_where_they_lie_in_each_others_place() {
    let text = |text: &str| {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        file.rewind().unwrap();
        file
    };
    let (one, two, three) = (text("one\n"), text("two\n"), text("three\n"));
    // One and two change places; a third goes far away.
    let swapped = [
        (one.as_raw_fd(), two.as_fd()),
        (two.as_raw_fd(), one.as_fd()),
        (200, three.as_fd()),
    ];
    let script = format!(
        "cat <&{} <&{}; cat <&{}; ls /dev/fd/ | wc -l",
        200,
        one.as_raw_fd(),
        two.as_raw_fd()
    );
    let argv = words(&["bash", "-c", &script]);
    let (mut heard, out) = hearing();
    let (null, env) = (null(), environment());
    let plan = SpawnPlan {
        extra_fds: &swapped,
        ..SpawnPlan::new(&argv, &env, [null.as_fd(), out.as_fd(), null.as_fd()])
    };
    let started = spawn(&plan, &mut scope(), &SpawnSlot::default()).unwrap();
    drop(out);
    let mut lines = Vec::new();
    for _ in 0..3 {
        let mut line = String::new();
        heard.read_line(&mut line).unwrap();
        lines.push(line.trim().to_owned());
    }
    assert!(started.leader.wait_ended(Some(10 * SECOND)).unwrap());
    started.leader.reap().unwrap();
    // Three streams, three further ones, and the listing's own.
    assert_eq!(lines, ["two", "one", "7"]);
}

#[test]
fn what_no_system_can_do_is_refused_before_anything_is_started() {
    let file = null();
    let fd = file.as_fd();
    let (argv, env) = (words(&["true"]), environment());
    let start = |plan: SpawnPlan<'_>| match spawn(&plan, &mut scope(), &SpawnSlot::default()) {
        Err(SpawnError::InvalidPlan(why)) => why,
        other => panic!("{other:?}"),
    };
    let plain = || SpawnPlan::new(&argv, &env, [fd; 3]);
    for number in [2, 0, -1] {
        let extra_fds = [(number, fd)];
        let plan = SpawnPlan {
            extra_fds: &extra_fds,
            ..plain()
        };
        assert_eq!(start(plan), InvalidPlan::ReservedDescriptor(number));
    }
    let plan = SpawnPlan {
        extra_fds: &[(7, fd), (7, fd)],
        ..plain()
    };
    assert_eq!(start(plan), InvalidPlan::DuplicateDescriptor(7));
    for nice in [-21, 20, i32::MAX, i32::MIN] {
        let plan = SpawnPlan {
            nice: Some(nice),
            ..plain()
        };
        assert_eq!(start(plan), InvalidPlan::NiceOutOfRange(nice));
    }
    let upside_down = ResourceLimit {
        resource: Resource::Core,
        soft: None,
        hard: Some(1),
    };
    let plan = SpawnPlan {
        rlimits: &[upside_down],
        ..plain()
    };
    assert_eq!(start(plan), InvalidPlan::SoftAboveHard(Resource::Core));
    let core = ResourceLimit::fixed(Resource::Core, 0);
    let plan = SpawnPlan {
        rlimits: &[core, core],
        ..plain()
    };
    assert_eq!(start(plan), InvalidPlan::DuplicateLimit(Resource::Core));
}

#[test]
fn a_descriptor_above_the_limit_is_named() {
    let file = null();
    let (argv, env) = (words(&["true"]), environment());
    let extra_fds = [(i32::MAX - 1, file.as_fd())];
    let plan = SpawnPlan {
        extra_fds: &extra_fds,
        ..SpawnPlan::new(&argv, &env, [file.as_fd(); 3])
    };
    let error = spawn(&plan, &mut scope(), &SpawnSlot::default()).unwrap_err();
    assert!(
        matches!(error, SpawnError::DescriptorRefused { target, .. } if target == i32::MAX - 1),
        "{error:?}"
    );
}

#[test]
fn its_priorities_are_the_planned_ones() {
    let nice = output(&["nice"], &|plan| SpawnPlan {
        nice: Some(7),
        ..plan
    });
    assert_eq!(nice.unwrap(), "7\n");
    if cfg!(target_os = "linux") {
        let level = IoPriority::new(IoClass::BestEffort, 6).unwrap();
        let class = output(&["ionice"], &|plan| SpawnPlan {
            io_priority: Some(level),
            ..plan
        });
        assert_eq!(class.unwrap(), "best-effort: prio 6\n");
    }
}

#[test]
fn its_limits_are_the_planned_ones() {
    let limits = [
        ResourceLimit::fixed(Resource::Core, 0),
        ResourceLimit {
            resource: Resource::OpenFiles,
            soft: Some(50),
            hard: Some(60),
        },
        ResourceLimit::fixed(Resource::FileSize, 512 * 9),
    ];
    let script = "ulimit -c; ulimit -Sn; ulimit -Hn; ulimit -f";
    let text = with_rlimits(&["sh", "-c", script], &limits).unwrap();
    assert_eq!(text, "0\n50\n60\n9\n");
}

#[cfg(target_os = "linux")]
#[test]
fn what_only_privilege_can_do_is_told_by_what_it_was() {
    isolated(
        "what_only_privilege_can_do_is_told_by_what_it_was",
        As::Ordinary,
        || {
            let error = refusal(&|plan| SpawnPlan {
                nice: Some(-5),
                ..plan
            });
            assert!(error.to_string().contains("nice value"), "{error:?}");
            let realtime = IoPriority::new(IoClass::Realtime, 0).unwrap();
            let error = refusal(&|plan| SpawnPlan {
                io_priority: Some(realtime),
                ..plan
            });
            assert!(error.to_string().contains("I/O priority"), "{error:?}");
            let own = rustix::process::getrlimit(rustix::process::Resource::Nofile).maximum;
            let more = ResourceLimit::fixed(Resource::OpenFiles, own.unwrap() + 1);
            let error = with_rlimits(&["true"], &[more]).unwrap_err();
            let resource = Resource::OpenFiles;
            assert!(
                matches!(error, SpawnError::LimitRefused { resource: told, .. } if told == resource),
                "{error:?}"
            );
        },
    );
}

#[cfg(target_os = "linux")]
#[test]
fn too_little_of_something_is_told_from_all_else() {
    isolated(
        "too_little_of_something_is_told_from_all_else",
        As::Ordinary,
        || {
            use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
            let one = |resource, limit| {
                let before = getrlimit(resource);
                let few = Rlimit {
                    current: Some(limit),
                    ..before
                };
                setrlimit(resource, few).unwrap();
                let error = refusal(&|plan| plan);
                setrlimit(resource, before).unwrap();
                assert!(matches!(error, SpawnError::Exhausted { .. }), "{error:?}");
            };
            one(Resource::Nproc, 1);
            let error = refusal(&|plan| SpawnPlan {
                cwd: Some(Path::new("/dev/null/below")),
                ..plan
            });
            assert!(matches!(error, SpawnError::BadCwd { .. }), "{error:?}");
        },
    );
}

#[cfg(target_os = "linux")]
#[test]
fn no_descriptor_left_is_told() {
    isolated("no_descriptor_left_is_told", As::Caller, || {
        let null = null();
        let (argv, env) = (words(&["true"]), environment());
        let plan = SpawnPlan::new(&argv, &env, [null.as_fd(); 3]);
        let before = rustix::process::getrlimit(rustix::process::Resource::Nofile);
        let few = rustix::process::Rlimit {
            current: Some(null.as_raw_fd() as u64 + 1),
            ..before
        };
        rustix::process::setrlimit(rustix::process::Resource::Nofile, few).unwrap();
        // Whatever lies between is filled.
        let mut filled = Vec::new();
        while let Ok(fd) = rustix::io::dup(&null) {
            filled.push(fd);
        }
        let result = spawn(&plan, &mut scope(), &SpawnSlot::default());
        drop(filled);
        rustix::process::setrlimit(rustix::process::Resource::Nofile, before).unwrap();
        assert!(
            matches!(result, Err(SpawnError::Exhausted { .. })),
            "{result:?}"
        );
    });
}
