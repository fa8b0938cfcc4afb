//! No signal goes to a remembered number.
#![cfg(all(target_os = "linux", not(foster_portable)))]
#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "this is a test")]

mod common;

use std::fs;

use common::{As, SECOND, hear, hearing, isolated, start};
use foster_process::{
    Containment, ProcessIdentity, ProcessRef, Scope, Signal, Spawned, set_subreaper,
};

fn plain() -> Scope {
    Scope::prepare(Containment::Subreaper, "").unwrap()
}

fn gone<T: std::fmt::Debug>(result: std::io::Result<T>) {
    assert_eq!(result.unwrap_err().raw_os_error(), Some(libc::ESRCH));
}

#[test]
fn only_the_same_identity_is_found() {
    let own = ProcessRef::open(std::process::id() as i32)
        .unwrap()
        .identity();
    assert!(own.start_time.is_some());
    assert_eq!(ProcessRef::find(&own).unwrap().identity(), own);
    let other_start = ProcessIdentity {
        start_time: own.start_time.map(|t| t + 1),
        ..own
    };
    let other_unique = ProcessIdentity {
        unique: own.unique.map(|n| n + 1),
        ..own
    };
    let number_alone = ProcessIdentity {
        start_time: None,
        unique: None,
        ..own
    };
    gone(ProcessRef::find(&other_start));
    gone(ProcessRef::find(&number_alone));
    if own.unique.is_some() {
        gone(ProcessRef::find(&other_unique));
    } else {
        eprintln!("NOT RUN: this kernel gives processes no unique number");
    }
    let start_alone = ProcessIdentity {
        unique: None,
        ..own
    };
    assert!(ProcessRef::find(&start_alone).is_ok());
    for pid in [0, -1, i32::MIN] {
        assert!(ProcessRef::open(pid).is_err());
    }
}

/// Starts one process after the other until one has this number.
fn start_as(pid: i32, argv: &[&str]) -> Option<Spawned> {
    const LAST: &str = "/proc/sys/kernel/ns_last_pid";
    let (_, out) = hearing();
    for _ in 0..1000 {
        if let Err(error) = fs::write(LAST, (pid - 1).to_string()) {
            eprintln!("NOT RUN: a number can't be made to come again: {LAST}: {error}");
            return None;
        }
        let started = start(argv, &mut plain(), &out).unwrap();
        if started.leader.pid() == pid {
            return Some(started);
        }
        started.leader.signal(Signal::KILL).unwrap();
        assert!(started.leader.wait_ended(Some(10 * SECOND)).unwrap());
        started.leader.reap().unwrap();
    }
    eprintln!("NOT RUN: the number {pid} did not come again in a thousand tries");
    None
}

#[test]
fn a_number_that_came_again_is_another_process() {
    isolated(
        "a_number_that_came_again_is_another_process",
        As::Caller,
        || {
            set_subreaper().unwrap();
            let (_, out) = hearing();
            let first = start(&["sleep", "300"], &mut plain(), &out).unwrap().leader;
            let remembered = first.identity();
            first.signal(Signal::KILL).unwrap();
            assert!(first.wait_ended(Some(10 * SECOND)).unwrap());
            assert_eq!(first.reap().unwrap().unwrap().signal(), Some(Signal::KILL));
            gone(first.signal(Signal::TERM));
            let Some(stranger) = start_as(remembered.pid, &["sleep", "300"]) else {
                return;
            };
            let stranger = stranger.leader;
            assert_eq!(stranger.pid(), remembered.pid);
            assert_ne!(stranger.identity(), remembered);
            gone(ProcessRef::find(&remembered));
            gone(first.signal(Signal::KILL));
            // It leads a group of the same number too.
            match first.signal_group(Signal::KILL) {
                Err(error) if error.kind() == std::io::ErrorKind::Unsupported => {
                    eprintln!("NOT RUN: this kernel signals no group through a pidfd");
                }
                result => gone(result),
            }
            assert!(!stranger.wait_ended(Some(SECOND / 10)).unwrap());
            assert_eq!(stranger.peek_status().unwrap(), None);
        },
    );
}

#[test]
fn a_group_outlives_its_leader_and_is_still_its_own() {
    isolated(
        "a_group_outlives_its_leader_and_is_still_its_own",
        As::Caller,
        || {
            set_subreaper().unwrap();
            let (mut heard, out) = hearing();
            let script = "sh -c 'echo $$; exec sleep 300' & exit 0";
            let leader = start(&["sh", "-c", script], &mut plain(), &out)
                .unwrap()
                .leader;
            let member: i32 = hear(&mut heard, 1)[0].parse().unwrap();
            let member = ProcessRef::open(member).unwrap();
            assert!(leader.wait_ended(Some(10 * SECOND)).unwrap());
            leader.reap().unwrap();
            match leader.signal_group(Signal::KILL) {
                Err(error) if error.kind() == std::io::ErrorKind::Unsupported => return,
                result => result.unwrap(),
            }
            assert!(member.wait_ended(Some(10 * SECOND)).unwrap());
            // Empty now: nobody is hit, and it is said.
            member.reap().unwrap();
            gone(leader.signal_group(Signal::KILL));
        },
    );
}
