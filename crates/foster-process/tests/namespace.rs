//! A tree in a PID namespace of its own: all is told of its leader, and nothing of it is left.
#![cfg(all(target_os = "linux", not(foster_portable)))]
#![expect(clippy::unwrap_used, reason = "this is a test")]

mod common;

use std::fs;
use std::io::Read as _;
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};
use std::time::Duration;

use common::{
    As, SECOND, SIX_ROLES, hear, hearing, isolated, not_run, null, start, strangers, term_then_kill,
};
use foster_process::{
    Containment, ExitStatus, Level, ProcessRef, Report, Scope, Signal, SpawnError, Spawned, Tree,
    set_subreaper, terminate,
};

fn scope() -> Option<Scope> {
    set_subreaper().unwrap();
    match Scope::prepare(Containment::PidNamespace, "") {
        Ok(scope) => Some(scope),
        Err(error) => {
            not_run(&error);
            None
        }
    }
}

fn start_script(script: &str, scope: &mut Scope, out: &OwnedFd) -> Spawned {
    let started = start(&["sh", "-c", script], scope, out).unwrap();
    assert_eq!(started.level, Level::PidNamespace);
    started
}

fn end(scope: Scope, started: &Spawned, grace: Duration) -> Report {
    let tree = Tree::of_descendants(scope);
    let report = terminate(&tree, Some(&started.leader), term_then_kill(grace)).unwrap();
    assert!(report.empty, "{report:?}");
    assert_eq!(report.survivors, []);
    assert_eq!(strangers(), Vec::<String>::new());
    assert!(started.leader.reap().unwrap().is_some());
    report
}

/// Returns the process's numbers, one in each namespace from ours to its own.
fn numbers(leader: &ProcessRef) -> Vec<i32> {
    let status = fs::read_to_string(format!("/proc/{}/status", leader.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("NSpid:"));
    let numbers = line.unwrap().split_ascii_whitespace();
    numbers.map(|number| number.parse().unwrap()).collect()
}

#[test]
fn the_leaders_end_is_told() {
    isolated("the_leaders_end_is_told", As::Caller, || {
        for (script, code, signal) in [
            ("exit 0", Some(0), None),
            ("exit 7", Some(7), None),
            ("kill -TERM $$", None, Some(Signal::TERM)),
            ("kill -KILL $$", None, Some(Signal::KILL)),
        ] {
            let Some(mut scope) = scope() else { return };
            let (_heard, out) = hearing();
            let leader = start_script(script, &mut scope, &out).leader;
            assert!(leader.wait_ended(Some(10 * SECOND)).unwrap());
            let peeked = leader.peek_end().unwrap().unwrap();
            assert_eq!(
                (peeked.status.code(), peeked.status.signal()),
                (code, signal)
            );
            assert!(peeked.usage.is_some());
            assert_eq!(leader.reap_end().unwrap(), Some(peeked));
            assert!(leader.reap().is_err());
            let tree = Tree::of_descendants(scope);
            let report = terminate(&tree, None, term_then_kill(10 * SECOND)).unwrap();
            assert!(report.empty && report.phases.is_empty(), "{report:?}");
        }
    });
}

#[test]
fn the_shortest_life_is_told_too() {
    isolated("the_shortest_life_is_told_too", As::Caller, || {
        for _ in 0..100 {
            let Some(mut scope) = scope() else { return };
            let (_heard, out) = hearing();
            let leader = start(&["true"], &mut scope, &out).unwrap().leader;
            assert!(leader.identity().start_time.is_some());
            assert!(leader.wait_ended(Some(10 * SECOND)).unwrap());
            assert_eq!(leader.reap().unwrap(), Some(ExitStatus::Code(0)));
            let tree = Tree::of_descendants(scope);
            assert!(
                terminate(&tree, None, term_then_kill(SECOND))
                    .unwrap()
                    .empty
            );
        }
    });
}

fn six_roles() {
    let Some(mut scope) = scope() else { return };
    let (mut heard, out) = hearing();
    let started = start_script(SIX_ROLES, &mut scope, &out);
    hear(&mut heard, 6);
    let report = end(scope, &started, SECOND / 5);
    let signals: Vec<Signal> = report.phases.iter().map(|phase| phase.signal).collect();
    assert_eq!(signals, [Signal::TERM, Signal::KILL]);
    assert!(report.phases[0].sent >= 6, "{report:?}");
    assert!(report.phases.iter().all(|phase| phase.errors.is_empty()));
}

#[test]
fn six_roles_in_a_namespace() {
    isolated("six_roles_in_a_namespace", As::Caller, six_roles);
}

#[test]
fn six_roles_in_a_namespace_of_an_ordinary_user() {
    let name = "six_roles_in_a_namespace_of_an_ordinary_user";
    isolated(name, As::Ordinary, six_roles);
}

#[test]
fn its_leader_is_the_second_and_term_ends_it() {
    isolated(
        "its_leader_is_the_second_and_term_ends_it",
        As::Caller,
        || {
            let Some(mut scope) = scope() else { return };
            let (mut heard, out) = hearing();
            let script = "echo $$; ps -e -o pid= | wc -l; echo alone; exec sleep 300";
            let started = start_script(script, &mut scope, &out);
            let lines = hear(&mut heard, 3);
            assert_eq!(lines[0], "2");
            // Init, the shell, what counts and what lists (a shell of its own may be between).
            assert!(lines[1].trim().parse::<u32>().unwrap() <= 5, "{lines:?}");
            assert_eq!(numbers(&started.leader)[1..], [2]);
            started.leader.signal(Signal::TERM).unwrap();
            assert!(started.leader.wait_ended(Some(10 * SECOND)).unwrap());
            let status = started.leader.peek_status().unwrap().unwrap();
            assert_eq!(status.signal(), Some(Signal::TERM));
            assert_eq!(end(scope, &started, SECOND).phases, []);
        },
    );
}

#[test]
fn who_kills_all_kills_nobody_outside() {
    isolated("who_kills_all_kills_nobody_outside", As::Caller, || {
        let Some(mut scope) = scope() else { return };
        let (mut heard, out) = hearing();
        // Its input is nothing, so it waits for a signal of ours to go on.
        let script =
            "go=; trap 'go=1' USR1; sleep 300 & echo up; while [ -z \"$go\" ]; do wait; done
            kill -KILL -1; exit 9";
        let started = start_script(script, &mut scope, &out);
        hear(&mut heard, 1);
        let inside = numbers(&started.leader);
        assert_eq!(inside.len(), 2, "it is not in a namespace of its own");
        assert_eq!(inside[1], 2);
        let mut outside = Command::new("sleep").arg("300").spawn().unwrap();
        started.leader.signal("USR1".parse().unwrap()).unwrap();
        assert!(started.leader.wait_ended(Some(10 * SECOND)).unwrap());
        assert!(outside.try_wait().unwrap().is_none());
        outside.kill().unwrap();
        outside.wait().unwrap();
        assert!(end(scope, &started, 10 * SECOND).took < 10 * SECOND);
    });
}

#[test]
fn what_cannot_be_executed_is_told_and_leaves_nothing() {
    isolated(
        "what_cannot_be_executed_is_told_and_leaves_nothing",
        As::Caller,
        || {
            let Some(mut scope) = scope() else { return };
            let (_heard, out) = hearing();
            let refused = start(&["no-such-program"], &mut scope, &out);
            assert!(
                matches!(refused, Err(SpawnError::NotFound { .. })),
                "{refused:?}"
            );
            assert_eq!(strangers(), Vec::<String>::new());
            assert_eq!(foster_process::own_children().unwrap(), Vec::<i32>::new());
            let descriptors = || fs::read_dir("/proc/self/fd").unwrap().count();
            let before = descriptors();
            for _ in 0..20 {
                assert!(start(&["no-such-program"], &mut scope, &out).is_err());
            }
            assert_eq!(descriptors(), before);
            // And the scope is still good for another.
            let started = start_script("exit 3", &mut scope, &out);
            assert!(
                start(&["true"], &mut scope, &out).is_err()
                    || started.leader.peek_status().unwrap().is_some()
            );
            assert!(started.leader.wait_ended(Some(10 * SECOND)).unwrap());
            end(scope, &started, SECOND);
        },
    );
}

#[test]
fn init_keeps_no_pipe_of_its_owner_open() {
    isolated("init_keeps_no_pipe_of_its_owner_open", As::Caller, || {
        let Some(mut scope) = scope() else { return };
        let (mut heard, out) = hearing();
        let (_other, null_out) = (null(), hearing().1);
        let started = start_script("exec sleep 300", &mut scope, &null_out);
        drop(out);
        let mut rest = String::new();
        heard.read_to_string(&mut rest).unwrap();
        let report = end(scope, &started, 10 * SECOND);
        assert_eq!(report.phases.len(), 1);
    });
}

#[test]
fn killed_init_means_a_killed_leader() {
    isolated("killed_init_means_a_killed_leader", As::Caller, || {
        let Some(mut scope) = scope() else { return };
        let (mut heard, out) = hearing();
        let started = start_script("trap '' TERM; echo up; sleep 300", &mut scope, &out);
        hear(&mut heard, 1);
        let tree = Tree::of_descendants(scope);
        tree.kill().unwrap();
        assert!(started.leader.wait_ended(Some(10 * SECOND)).unwrap());
        let status = started.leader.reap().unwrap().unwrap();
        assert_eq!(status.signal(), Some(Signal::KILL));
    });
}

const OWNER: &str = "FOSTER_PROCESS_TEST_OWNER";

#[test]
fn who_is_killed_takes_the_tree_along() {
    if std::env::var_os(OWNER).is_some() {
        return own_until_killed();
    }
    isolated("who_is_killed_takes_the_tree_along", As::Caller, || {
        if scope().is_none() {
            return;
        }
        let (mut heard, out) = hearing();
        let mut owner = Command::new(std::env::current_exe().unwrap())
            .args([
                "who_is_killed_takes_the_tree_along",
                "--exact",
                "--nocapture",
                "--test-threads=1",
            ])
            .env(OWNER, "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(out)
            .spawn()
            .unwrap();
        hear(&mut heard, 6);
        assert!(strangers().len() >= 7);
        let members = strangers().into_iter().map(|stat| {
            let pid = stat.split(' ').next().unwrap().parse().unwrap();
            ProcessRef::open(pid).unwrap()
        });
        let members: Vec<ProcessRef> = members.collect();
        owner.kill().unwrap();
        owner.wait().unwrap();
        for member in &members {
            assert!(member.wait_ended(Some(10 * SECOND)).unwrap());
        }
        let mut rest = String::new();
        heard.read_to_string(&mut rest).unwrap();
        assert_eq!(strangers(), Vec::<String>::new());
    });
}

fn own_until_killed() {
    let mut scope = scope().unwrap();
    let out = rustix::io::dup(rustix::stdio::stderr()).unwrap();
    let started = start_script(SIX_ROLES, &mut scope, &out);
    drop(out);
    assert!(!started.leader.wait_ended(Some(50 * SECOND)).unwrap());
}
