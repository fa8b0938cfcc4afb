//! When a tree is ended, every process of it is gone, whatever it did to get away.
#![cfg(all(target_os = "linux", not(foster_portable)))]
#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "this is a test")]

mod common;

use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use common::{As, SECOND, SIX_ROLES, hear, hearing, isolated, start, strangers, term_then_kill};
use foster_process::{
    Containment, Level, Report, Scope, Signal, Spawned, Tree, set_subreaper, terminate,
};

fn scope(wanted: Containment) -> Option<Scope> {
    set_subreaper().unwrap();
    match Scope::prepare(wanted, &format!("leaf-{}", std::process::id())) {
        Ok(scope) => Some(scope),
        Err(error) => {
            eprintln!("NOT RUN: {error}");
            None
        }
    }
}

fn start_script(script: &str, scope: &mut Scope, out: &OwnedFd) -> Spawned {
    start(&["sh", "-c", script], scope, out).unwrap()
}

/// Ends the tree and proves that nobody is left.
fn end(scope: Scope, started: &Spawned, grace: Duration) -> Report {
    let tree = Tree::of_descendants(scope);
    let report = terminate(&tree, Some(&started.leader), term_then_kill(grace)).unwrap();
    assert!(report.empty, "{report:?}");
    assert_eq!(report.survivors, []);
    assert_eq!(strangers(), Vec::<String>::new());
    assert!(started.leader.reap().unwrap().is_some());
    tree.scope().remove().unwrap();
    report
}

fn six_roles(wanted: Containment, level: Level) {
    let Some(mut scope) = scope(wanted) else {
        return;
    };
    let (mut heard, out) = hearing();
    let started = start_script(SIX_ROLES, &mut scope, &out);
    assert_eq!(started.level, level);
    hear(&mut heard, 6);
    assert!(strangers().len() >= 6);
    let report = end(scope, &started, SECOND / 5);
    let signals: Vec<Signal> = report.phases.iter().map(|phase| phase.signal).collect();
    assert_eq!(signals, [Signal::TERM, Signal::KILL]);
    assert!(
        report.phases[0].sent >= 6 && report.phases[1].sent >= 1,
        "{report:?}"
    );
    assert!(
        report.phases.iter().all(|phase| phase.errors.is_empty()),
        "{report:?}"
    );
}

#[test]
fn six_roles_in_a_cgroup() {
    isolated("six_roles_in_a_cgroup", As::Caller, || {
        six_roles(Containment::Cgroup, Level::Cgroup);
    });
}

#[test]
fn six_roles_in_a_cgroup_of_an_ordinary_user() {
    isolated(
        "six_roles_in_a_cgroup_of_an_ordinary_user",
        As::Ordinary,
        || {
            six_roles(Containment::Cgroup, Level::Cgroup);
        },
    );
}

#[test]
fn six_roles_under_a_subreaper() {
    isolated("six_roles_under_a_subreaper", As::Caller, || {
        six_roles(Containment::Subreaper, Level::Subreaper);
    });
}

#[test]
fn six_roles_under_a_subreaper_of_an_ordinary_user() {
    isolated(
        "six_roles_under_a_subreaper_of_an_ordinary_user",
        As::Ordinary,
        || {
            six_roles(Containment::Subreaper, Level::Subreaper);
        },
    );
}

#[test]
fn who_is_stopped_dies_of_term() {
    isolated("who_is_stopped_dies_of_term", As::Caller, || {
        let Some(mut scope) = scope(Containment::Subreaper) else {
            return;
        };
        let (mut heard, out) = hearing();
        let script = "for i in 1 2 3; do setsid sh -c 'echo up; kill -STOP $$; sleep 300' & done
            echo up; kill -STOP $$; sleep 300";
        let started = start_script(script, &mut scope, &out);
        hear(&mut heard, 4);
        let report = end(scope, &started, 30 * SECOND);
        assert!(report.took < 10 * SECOND, "{report:?}");
        assert_eq!(report.phases.len(), 1);
    });
}

#[test]
fn who_ignores_term_dies_of_kill() {
    isolated("who_ignores_term_dies_of_kill", As::Caller, || {
        let Some(mut scope) = scope(Containment::Subreaper) else {
            return;
        };
        let (mut heard, out) = hearing();
        let script = "trap '' TERM
            for i in 1 2 3 4; do setsid sh -c 'echo up; while :; do sleep 300; done' & done
            echo up; while :; do sleep 300; done";
        let started = start_script(script, &mut scope, &out);
        hear(&mut heard, 5);
        let report = end(scope, &started, SECOND / 5);
        assert_eq!(report.phases.len(), 2);
        assert!(report.phases[0].waited >= SECOND / 5);
    });
}

const TWO_HUNDRED: &str = "i=0; while [ $i -lt 200 ]; do i=$((i+1))
    (setsid sh -c 'sh -c \"echo up; exec sleep 300\" &' &); done; wait";

#[test]
fn two_hundred_daemons_end() {
    isolated("two_hundred_daemons_end", As::Caller, || {
        let Some(mut scope) = scope(Containment::Subreaper) else {
            return;
        };
        let (mut heard, out) = hearing();
        let started = start_script(TWO_HUNDRED, &mut scope, &out);
        hear(&mut heard, 200);
        let report = end(scope, &started, 20 * SECOND);
        assert_eq!(report.phases.len(), 1, "{report:?}");
        assert!(report.phases[0].sent >= 200, "{report:?}");
    });
}

#[test]
fn more_members_than_descriptors_end() {
    isolated("more_members_than_descriptors_end", As::Caller, || {
        let Some(mut scope) = scope(Containment::Subreaper) else {
            return;
        };
        let (mut heard, out) = hearing();
        let started = start_script(TWO_HUNDRED, &mut scope, &out);
        hear(&mut heard, 200);
        let few = rustix::process::Rlimit {
            current: Some(40),
            maximum: Some(40),
        };
        rustix::process::setrlimit(rustix::process::Resource::Nofile, few).unwrap();
        let report = end(scope, &started, 20 * SECOND);
        assert_eq!(report.phases.len(), 1, "{report:?}");
        assert!(report.phases[0].sent >= 200, "{report:?}");
    });
}

#[test]
fn more_stubborn_members_than_descriptors_end() {
    let name = "more_stubborn_members_than_descriptors_end";
    isolated(name, As::Caller, || {
        let Some(mut scope) = scope(Containment::Subreaper) else {
            return;
        };
        let (mut heard, out) = hearing();
        // None is gone by the time that the first of them are watched.
        let script = format!("trap '' TERM; {TWO_HUNDRED}");
        let started = start_script(&script, &mut scope, &out);
        hear(&mut heard, 200);
        let few = rustix::process::Rlimit {
            current: Some(40),
            maximum: Some(40),
        };
        rustix::process::setrlimit(rustix::process::Resource::Nofile, few).unwrap();
        let report = end(scope, &started, SECOND / 5);
        assert_eq!(report.phases.len(), 2, "{report:?}");
        assert!(report.phases[1].sent >= 200, "{report:?}");
    });
}

fn fork_chain(wanted: Containment) {
    let Some(mut scope) = scope(wanted) else {
        return;
    };
    let (mut heard, out) = hearing();
    // Each starts the next in a session of its own, and is gone.
    let link = "[ $1 -gt 0 ] || { echo end; exec sleep 300; }
        [ $1 -ne 2970 ] || echo running
        setsid sh -c \"$0\" \"$0\" $(($1-1)) & exit";
    let started = start(&["sh", "-c", link, link, "3000"], &mut scope, &out).unwrap();
    hear(&mut heard, 1);
    let report = end(scope, &started, Duration::ZERO);
    assert!(report.took < 20 * SECOND, "{report:?}");
}

#[test]
fn a_chain_of_forks_is_caught() {
    isolated("a_chain_of_forks_is_caught", As::Caller, || {
        fork_chain(Containment::Subreaper);
    });
}

#[test]
fn a_chain_of_forks_is_caught_in_a_cgroup() {
    isolated("a_chain_of_forks_is_caught_in_a_cgroup", As::Caller, || {
        fork_chain(Containment::Cgroup);
    });
}

#[test]
fn an_empty_tree_is_ended_at_once() {
    isolated("an_empty_tree_is_ended_at_once", As::Caller, || {
        let Some(mut scope) = scope(Containment::Auto) else {
            return;
        };
        let tree = Tree::of_descendants(Scope::prepare(Containment::Subreaper, "").unwrap());
        let report = terminate(&tree, None, term_then_kill(30 * SECOND)).unwrap();
        assert!(report.empty && report.phases.is_empty(), "{report:?}");
        let (_heard, out) = hearing();
        let started = start_script("exit 3", &mut scope, &out);
        assert!(started.leader.wait_ended(Some(10 * SECOND)).unwrap());
        let report = end(scope, &started, 30 * SECOND);
        assert_eq!(report.phases, []);
    });
}

#[test]
fn who_bears_the_mark_is_ended_by_anybody() {
    isolated("who_bears_the_mark_is_ended_by_anybody", As::Caller, || {
        // No subreaper: the daemons are the first process's, as after the end of a supervisor.
        let mut scope = Scope::prepare(Containment::Subreaper, "").unwrap();
        let (mut heard, out) = hearing();
        let script = "export MARK=of-this-tree
            (setsid sh -c 'sh -c \"echo up; exec sleep 300\" &' &)
            (setsid sh -c 'trap \"\" TERM; echo up; sleep 300' &)
            (env -i /bin/sh -c '/bin/sh -c \"echo up; exec sleep 300\" &' &)
            (MARK=of-this-tree-not setsid sh -c 'echo up; exec sleep 300' &)
            echo up; exec sleep 300";
        let started = start_script(script, &mut scope, &out);
        hear(&mut heard, 5);
        let marks = foster_process::Marks {
            cookie: "MARK=of-this-tree".to_owned(),
            leader: Some(started.leader.identity()),
        };
        let tree = Tree::of_marked(scope, marks);
        let report = terminate(&tree, None, term_then_kill(SECOND / 5)).unwrap();
        assert!(report.empty, "{report:?}");
        // A stranger, who looks alike, is left alone.
        assert_eq!(strangers().len(), 1, "{:?}", strangers());
    });
}

#[test]
fn no_wait_outlasts_the_tree() {
    isolated("no_wait_outlasts_the_tree", As::Caller, || {
        for round in 0..300 {
            let Some(mut scope) = scope(Containment::Subreaper) else {
                return;
            };
            let (mut heard, out) = hearing();
            // Ends by itself about when it is looked at, leaving one behind that does too.
            let started = start_script("echo up; (true &) ; exec true", &mut scope, &out);
            hear(&mut heard, 1);
            let began = Instant::now();
            end(scope, &started, 30 * SECOND);
            assert!(began.elapsed() < 10 * SECOND, "round {round}");
        }
    });
}
