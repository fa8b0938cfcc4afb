//! A limit is kept, by what it is said to be kept by, or refused.
#![cfg(all(target_os = "linux", not(foster_portable)))]
#![expect(clippy::unwrap_used, reason = "this is a test")]

mod common;

use std::io::Read as _;
use std::time::Duration;

use common::{As, SECOND, hearing, isolated, not_run, start};
use foster_process::{
    Containment, ExitStatus, InvalidLimits, Limit, LimitApplied, LimitError, LimitedBy, Limits,
    Scope, Signal,
};

const MEGABYTE: u64 = 1024 * 1024;

/// Runs a script, and returns what it printed and how it ended.
fn run(script: &str, scope: &mut Scope) -> (String, ExitStatus) {
    let (mut heard, out) = hearing();
    let started = start(&["sh", "-c", script], scope, &out).unwrap().leader;
    drop(out);
    let mut text = String::new();
    heard.read_to_string(&mut text).unwrap();
    assert!(started.wait_ended(Some(30 * SECOND)).unwrap());
    (text, started.reap().unwrap().unwrap())
}

fn subreaper() -> Scope {
    Scope::prepare(Containment::Subreaper, "").unwrap()
}

fn by_rlimit(limit: Limit) -> Vec<LimitApplied> {
    let by = LimitedBy::Rlimit;
    vec![LimitApplied { limit, by }]
}

#[test]
fn what_is_no_limit_is_refused() {
    let none = Limits::new();
    assert_eq!(none.memory(0), Err(InvalidLimits::Memory(0)));
    assert_eq!(none.processes(0), Err(InvalidLimits::Processes(0)));
    let never = Duration::ZERO;
    assert_eq!(none.cpu_time(never), Err(InvalidLimits::CpuTime(never)));
    for cores in [0.0, -1.0, 0.009, f64::NAN, f64::INFINITY] {
        assert!(none.cores(cores).is_err(), "{cores}");
    }
    assert!(none.cores(0.01).is_ok() && none.cores(64.0).is_ok());
    assert_eq!(subreaper().limit(&none).unwrap(), []);
}

#[test]
fn memory_of_each_process_is_limited_without_a_control_group() {
    let mut scope = subreaper();
    let limits = Limits::new().memory(64 * MEGABYTE).unwrap();
    assert_eq!(scope.limit(&limits).unwrap(), by_rlimit(Limit::Memory));
    let hog = "x=$(head -c 200000000 /dev/zero | tr '\\0' x); echo had ${#x}";
    let (text, status) = run(hog, &mut scope);
    assert!(!text.contains("had 200000000"), "{text}");
    assert_ne!(status, ExitStatus::Code(0));
    assert!(!scope.oom_killed());
    assert_eq!(
        run("echo fits", &mut scope),
        ("fits\n".to_owned(), ExitStatus::Code(0))
    );
}

#[test]
fn who_spins_is_ended_by_the_limit_of_time() {
    let spin = "while :; do :; done";
    let mut scope = subreaper();
    let limits = Limits::new().cpu_time(SECOND / 2).unwrap();
    assert_eq!(scope.limit(&limits).unwrap(), by_rlimit(Limit::CpuTime));
    let signal = run(spin, &mut scope).1.signal().unwrap();
    assert_eq!(signal.name(), "XCPU");
    let (_, status) = run(&format!("trap '' XCPU; {spin}"), &mut scope);
    assert_eq!(status.signal(), Some(Signal::KILL));
}

#[test]
fn a_share_of_the_processors_is_refused_without_a_control_group() {
    let limits = Limits::new().memory(64 * MEGABYTE).unwrap();
    let mut scope = subreaper();
    match scope.limit(&limits.cores(0.5).unwrap()) {
        Err(LimitError::Refused { limit, source, .. }) => {
            assert_eq!(limit, Limit::Cpu);
            assert!(source.is_none());
        }
        other => panic!("{other:?}"),
    }
    // Nothing is limited by what was refused.
    assert_eq!(
        run("ulimit -v", &mut subreaper()),
        run("ulimit -v", &mut scope)
    );
}

/// Starts up to 40 processes at once, none of which outlasts the script, and says how many it had.
const BOMB: &str = "trap 'kill $started 2>/dev/null' EXIT; n=0; started=
    while [ $n -lt 40 ]; do sleep 60 & started=\"$started $!\"; n=$((n+1)); echo one; done";

#[test]
fn a_fork_bomb_of_an_ordinary_user_is_bounded() {
    isolated(
        "a_fork_bomb_of_an_ordinary_user_is_bounded",
        As::Ordinary,
        || {
            let mut scope = subreaper();
            let limits = Limits::new().processes(12).unwrap();
            assert_eq!(scope.limit(&limits).unwrap(), by_rlimit(Limit::Processes));
            let (text, _) = run(BOMB, &mut scope);
            assert!(text.lines().count() < 12, "{text}");
        },
    );
}

#[test]
fn roots_number_of_processes_is_refused_without_a_control_group() {
    isolated(
        "roots_number_of_processes_is_refused_without_a_control_group",
        As::Caller,
        || {
            let limits = Limits::new().processes(12).unwrap();
            let refused = subreaper().limit(&limits);
            if rustix::process::getuid().is_root() {
                assert!(matches!(
                    refused,
                    Err(LimitError::Refused {
                        limit: Limit::Processes,
                        ..
                    })
                ));
            }
        },
    );
}

/// Returns a control group that limits by itself, if there is one here.
fn limited_cgroup(limits: &Limits) -> Option<Scope> {
    let name = format!("limits-{}", std::process::id());
    let mut scope = match Scope::prepare(Containment::Cgroup, &name) {
        Ok(scope) => scope,
        Err(error) => {
            not_run(&error);
            return None;
        }
    };
    let by = match scope.limit(limits) {
        Ok(applied) if applied.iter().all(|done| done.by == LimitedBy::Cgroup) => {
            return Some(scope);
        }
        Ok(applied) => format!("limited by {applied:?}"),
        Err(error) => error.to_string(),
    };
    not_run(&by);
    scope.remove().unwrap();
    None
}

#[test]
fn a_hog_is_killed_by_its_control_group_and_that_is_told() {
    isolated(
        "a_hog_is_killed_by_its_control_group_and_that_is_told",
        As::Caller,
        || {
            let Some(mut scope) = limited_cgroup(&Limits::new().memory(64 * MEGABYTE).unwrap())
            else {
                return;
            };
            let hog = "x=$(head -c 200000000 /dev/zero | tr '\\0' x); echo had ${#x}";
            let (_, status) = run(hog, &mut scope);
            assert_eq!(status.signal(), Some(Signal::KILL));
            assert!(scope.oom_killed() && scope.usage().oom_kills > Some(0));
            scope.remove().unwrap();
        },
    );
}

#[test]
fn a_fork_bomb_is_bounded_by_its_control_group() {
    isolated(
        "a_fork_bomb_is_bounded_by_its_control_group",
        As::Caller,
        || {
            let Some(mut scope) = limited_cgroup(&Limits::new().processes(12).unwrap()) else {
                return;
            };
            let (text, _) = run(BOMB, &mut scope);
            assert!(text.lines().count() < 12, "{text}");
            assert!(scope.usage().forks_refused > Some(0));
            scope.remove().unwrap();
        },
    );
}

#[test]
fn a_share_is_kept_by_a_control_group() {
    isolated("a_share_is_kept_by_a_control_group", As::Caller, || {
        let Some(scope) = limited_cgroup(&Limits::new().cores(0.2).unwrap()) else {
            return;
        };
        let told = std::fs::read_to_string(scope.cgroup_path().unwrap().join("cpu.max"));
        assert_eq!(told.unwrap(), "20000 100000\n");
        scope.remove().unwrap();
    });
}
