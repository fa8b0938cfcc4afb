//! What a process used is told with its end, and nothing that is not known.
#![cfg(all(target_os = "linux", not(foster_portable)))]
#![expect(clippy::unwrap_used, reason = "this is a test")]

mod common;

use std::time::Duration;

use common::{As, SECOND, hearing, isolated, start};
use foster_process::{Containment, ExitStatus, Scope, Usage};

const MEGABYTE: u64 = 1024 * 1024;

/// A second or so of processor time and 100 MB, without any file.
const BUSY: &str = "x=$(head -c 100000000 /dev/zero | tr '\\0' x); i=0
    while [ $i -lt 100000 ]; do i=$((i+1)); done; exit 3";

fn run(argv: &[&str], scope: &mut Scope) -> Usage {
    let (_heard, out) = hearing();
    let started = start(argv, scope, &out).unwrap().leader;
    assert!(started.wait_ended(Some(30 * SECOND)).unwrap());
    let peeked = started.peek_end().unwrap().unwrap();
    // Also without reaping, and the same, but for what it takes a zombie to leave the processor.
    let again = started.peek_end().unwrap().unwrap();
    let reaped = started.reap_end().unwrap().unwrap();
    let usage = reaped.usage.unwrap();
    for earlier in [peeked, again] {
        assert_eq!(earlier.status, reaped.status);
        let earlier = earlier.usage.unwrap();
        assert_eq!(earlier.max_rss, usage.max_rss);
        assert!(earlier.user <= usage.user && earlier.system <= usage.system);
        let before = earlier.user + earlier.system;
        assert!(usage.user + usage.system < before + SECOND / 100);
    }
    assert!(started.reap_end().is_err());
    usage
}

#[test]
fn time_and_memory_are_told() {
    let mut scope = Scope::prepare(Containment::Subreaper, "").unwrap();
    let (_heard, out) = hearing();
    let started = start(&["sh", "-c", BUSY], &mut scope, &out).unwrap().leader;
    assert_eq!(started.peek_end().unwrap(), None);
    assert!(started.wait_ended(Some(30 * SECOND)).unwrap());
    let ended = started.reap_end().unwrap().unwrap();
    assert_eq!(ended.status, ExitStatus::Code(3));
    let usage = ended.usage.unwrap();
    assert!(usage.user > Duration::from_millis(10), "{usage:?}");
    assert!(usage.max_rss.unwrap() > 90 * MEGABYTE, "{usage:?}");
    assert!(usage.minor_faults > 1000, "{usage:?}");
}

#[test]
fn what_was_ours_is_not_told_as_the_childs() {
    isolated(
        "what_was_ours_is_not_told_as_the_childs",
        As::Caller,
        || {
            let mut scope = Scope::prepare(Containment::Subreaper, "").unwrap();
            let memory = vec![1_u8; 300 * MEGABYTE as usize];
            let usage = run(&["true"], &mut scope);
            assert_eq!(memory[memory.len() / 2], 1);
            assert_eq!(usage.max_rss, None);
            assert!(usage.user + usage.system < SECOND);
        },
    );
}

#[test]
fn a_control_group_tells_of_all() {
    isolated("a_control_group_tells_of_all", As::Caller, || {
        let name = format!("usage-{}", std::process::id());
        let mut scope = match Scope::prepare(Containment::Cgroup, &name) {
            Ok(scope) => scope,
            Err(error) => return common::not_run(&error),
        };
        run(&["sh", "-c", BUSY], &mut scope);
        let usage = scope.usage();
        assert!(usage.user.unwrap() > Duration::from_millis(10), "{usage:?}");
        assert!(usage.system.is_some());
        let counted = std::fs::exists(scope.cgroup_path().unwrap().join("memory.events"));
        assert_eq!(usage.oom_kills.is_some(), counted.unwrap());
        scope.remove().unwrap();
        let none = Scope::prepare(Containment::Subreaper, "").unwrap().usage();
        assert_eq!(none, foster_process::TreeUsage::default());
    });
}
