//! The process groups of an owner: each is reached, and nobody else.
#![cfg(all(target_os = "linux", not(foster_portable)))]
#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "this is a test")]

mod common;

use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use common::{As, SECOND, hear, hearing, isolated, start, strangers};
use foster_process::groups::{
    GroupEnd, GroupRef, GroupSignalError, GroupTerminateError, LocalSignaller, ProcessGroups,
    Signalled, Signaller,
};
use foster_process::{
    GracefulTimeouts, ProcessIdentity, ProcessRef, Scope, Signal, UnixPhases, set_subreaper,
};

const IGNORES_TERM: &str = "trap '' TERM; echo up; while :; do sleep 300; done";

/// Starts a group; its leader is a child of this process.
fn group(script: &str, out: &OwnedFd) -> ProcessRef {
    let argv = ["sh", "-c", script];
    start(&argv, &mut Scope::own(), out).unwrap().leader
}

fn term_only(grace: Duration) -> GracefulTimeouts {
    GracefulTimeouts::builder()
        .unix(UnixPhases::terminate_only(grace))
        .windows(grace)
        .build()
}

fn kill_and_reap(process: &ProcessRef) {
    process.signal(Signal::KILL).unwrap();
    assert!(process.wait_ended(Some(10 * SECOND)).unwrap());
    process.reap().unwrap();
}

/// A container that notes what it is asked, and answers as it is told.
#[derive(Debug, Default)]
struct Container {
    asked: Mutex<Vec<(i32, Signal)>>,
    gone: Mutex<bool>,
    broken: bool,
}

impl Signaller for Container {
    fn signal(&self, group: &GroupRef, signal: Signal) -> Result<Signalled, GroupSignalError> {
        self.asked.lock().unwrap().push((group.pid(), signal));
        match (self.broken, *self.gone.lock().unwrap()) {
            (true, _) => Err(GroupSignalError::Failed {
                pid: group.pid(),
                source: std::io::Error::other("the link is down"),
            }),
            (false, true) => Ok(Signalled::Gone),
            (false, false) => Ok(Signalled::Delivered),
        }
    }
}

fn elsewhere(pid: i32) -> ProcessIdentity {
    ProcessIdentity {
        pid,
        start_time: Some(7),
        unique: None,
    }
}

#[test]
fn fifty_that_do_not_listen_take_one_grace() {
    isolated(
        "fifty_that_do_not_listen_take_one_grace",
        As::Caller,
        || {
            const GROUPS: usize = 50;
            set_subreaper().unwrap();
            let (mut heard, out) = hearing();
            let mut groups = ProcessGroups::default();
            for number in 0..GROUPS {
                groups.register(group(IGNORES_TERM, &out), format!("terminal {number}"));
            }
            hear(&mut heard, GROUPS);
            let began = Instant::now();
            let results = groups.terminate_all(term_only(SECOND / 2));
            let took = began.elapsed();
            eprintln!("50 groups that ignore TERM, grace 500 ms: {took:?}");
            assert_eq!(results.len(), GROUPS);
            for (entry, result) in results {
                assert!(
                    matches!(result, Ok(GroupEnd::By(Signal::KILL))),
                    "{entry:?} {result:?}"
                );
            }
            assert!(took >= SECOND / 2 && took < 8 * SECOND, "{took:?}");
            assert_eq!(groups.entries(), []);
            assert_eq!(strangers(), Vec::<String>::new());
        },
    );
}

#[test]
fn whoever_listens_is_not_waited_for() {
    isolated("whoever_listens_is_not_waited_for", As::Caller, || {
        set_subreaper().unwrap();
        let (mut heard, out) = hearing();
        let mut groups = ProcessGroups::default();
        groups.register(group("echo up; exec sleep 300", &out), "listens");
        groups.register(group("kill -STOP $$; sleep 300", &out), "is stopped");
        let gone = group("exit 0", &out);
        assert!(gone.wait_ended(Some(10 * SECOND)).unwrap());
        groups.register(gone, "has ended, and is no child that was reaped");
        hear(&mut heard, 1);
        let began = Instant::now();
        let results = groups.terminate_all(GracefulTimeouts::both(20 * SECOND));
        assert!(began.elapsed() < 10 * SECOND);
        let ends: Vec<_> = results
            .into_iter()
            .map(|(_, result)| result.unwrap())
            .collect();
        let by = |end: &GroupEnd| matches!(end, GroupEnd::By(Signal::INT | Signal::TERM));
        assert!(by(&ends[0]) && by(&ends[1]), "{ends:?}");
        assert_eq!(ends[2], GroupEnd::AlreadyGone);
        assert_eq!(strangers(), Vec::<String>::new());
    });
}

#[test]
fn a_group_that_is_gone_is_told_of_once() {
    let name = "a_group_that_is_gone_is_told_of_once";
    isolated(name, As::Caller, || {
        let (_, out) = hearing();
        let leader = group("exec sleep 300", &out);
        let held = leader.try_clone().unwrap();
        let mut groups = ProcessGroups::default();
        groups.register(leader, "one");
        let delivered = groups.signal_all(Signal::CONT);
        assert!(matches!(delivered[..], [(_, Ok(Signalled::Delivered))]));
        // A zombie is nobody, though the kernel would deliver to it.
        held.signal(Signal::KILL).unwrap();
        assert!(held.wait_ended(Some(10 * SECOND)).unwrap());
        let told = groups.signal_all(Signal::CONT);
        assert!(matches!(told[..], [(_, Ok(Signalled::Gone))]), "{told:?}");
        assert!(groups.signal_all(Signal::CONT).is_empty());
        held.reap().unwrap();
    });
}

#[test]
fn a_group_outlives_its_leader() {
    isolated("a_group_outlives_its_leader", As::Caller, || {
        set_subreaper().unwrap();
        let (mut heard, out) = hearing();
        let script = "sh -c 'echo $$; exec sleep 300' & exit 0";
        for reap in [false, true] {
            let leader = group(script, &out);
            let member: i32 = hear(&mut heard, 1)[0].parse().unwrap();
            let member = ProcessRef::open(member).unwrap();
            assert!(leader.wait_ended(Some(10 * SECOND)).unwrap());
            let mut groups = ProcessGroups::default();
            let identity = leader.identity();
            groups.register(leader.try_clone().unwrap(), "its leader is gone");
            // As a leader that is only remembered: found as a zombie, and not once reaped.
            let remembered = GroupRef::from(identity);
            if reap {
                leader.reap().unwrap();
                let unproven = LocalSignaller.signal(&remembered, Signal::KILL);
                assert!(
                    matches!(unproven, Err(GroupSignalError::Unverifiable { .. })),
                    "{unproven:?}"
                );
            } else {
                let proven = LocalSignaller.signal(&remembered, Signal::CONT).unwrap();
                assert_eq!(proven, Signalled::Delivered);
            }
            let results = groups.terminate_all(term_only(10 * SECOND));
            match &results[..] {
                [(_, Ok(GroupEnd::By(Signal::TERM)))] => {}
                [(_, Err(GroupTerminateError::Signal(GroupSignalError::Unverifiable { .. })))]
                    if reap =>
                {
                    eprintln!("NOT RUN: this kernel signals no group through a pidfd");
                    kill_and_reap(&member);
                    continue;
                }
                other => assert!(other.is_empty(), "{other:?}"),
            }
            assert!(member.wait_ended(Some(SECOND)).unwrap());
            member.reap().unwrap();
            leader.reap().ok();
            let after = LocalSignaller.signal(&remembered, Signal::KILL).unwrap();
            assert_eq!(after, Signalled::Gone);
        }
    });
}

#[test]
fn one_by_one_reaches_the_whole_group() {
    isolated("one_by_one_reaches_the_whole_group", As::Caller, || {
        set_subreaper().unwrap();
        let (mut heard, out) = hearing();
        let leader = group("sleep 300 & sleep 300 & echo up; wait", &out);
        hear(&mut heard, 1);
        // Not held, as before Linux 6.9.
        let remembered = GroupRef::from(leader.identity());
        let sent = LocalSignaller.signal(&remembered, Signal::KILL).unwrap();
        assert_eq!(sent, Signalled::Delivered);
        assert!(leader.wait_ended(Some(10 * SECOND)).unwrap());
        let results = {
            let mut groups = ProcessGroups::default();
            groups.register(leader.try_clone().unwrap(), "all");
            groups.terminate_all(term_only(10 * SECOND))
        };
        assert!(
            results.iter().all(|(_, result)| result.is_ok()),
            "{results:?}"
        );
        leader.reap().unwrap();
        assert_eq!(strangers(), Vec::<String>::new());
    });
}

#[test]
fn whoever_has_the_number_now_is_not_hit() {
    let name = "whoever_has_the_number_now_is_not_hit";
    isolated(name, As::Caller, || {
        let (_, out) = hearing();
        let stranger = group("exec sleep 300", &out);
        let identity = stranger.identity();
        let forged = [
            ProcessIdentity {
                start_time: identity.start_time.map(|t| t + 1),
                ..identity
            },
            ProcessIdentity {
                start_time: None,
                unique: None,
                ..identity
            },
        ];
        for forged in forged {
            let mut groups = ProcessGroups::default();
            groups.register(forged, "another that had this number");
            let results = groups.signal_all(Signal::KILL);
            assert!(
                matches!(results[..], [(_, Ok(Signalled::Gone))]),
                "{results:?}"
            );
            groups.register(forged, "again");
            let results = groups.terminate_all(term_only(SECOND));
            assert!(
                matches!(results[..], [(_, Ok(GroupEnd::AlreadyGone))]),
                "{results:?}"
            );
        }
        assert!(!stranger.wait_ended(Some(SECOND / 5)).unwrap());
        kill_and_reap(&stranger);
    });
}

/// Starts one process after the other until one has this number.
fn start_as(pid: i32, out: &OwnedFd) -> Option<ProcessRef> {
    for _ in 0..1000 {
        let last = "/proc/sys/kernel/ns_last_pid";
        if let Err(error) = std::fs::write(last, (pid - 1).to_string()) {
            eprintln!("NOT RUN: a number can't be made to come again: {last}: {error}");
            return None;
        }
        let started = group("exec sleep 300", out);
        if started.pid() == pid {
            return Some(started);
        }
        kill_and_reap(&started);
    }
    eprintln!("NOT RUN: the number {pid} did not come again in a thousand tries");
    None
}

#[test]
fn a_number_that_came_again_is_another_group() {
    let name = "a_number_that_came_again_is_another_group";
    isolated(name, As::Caller, || {
        set_subreaper().unwrap();
        let (_, out) = hearing();
        let first = group("exec sleep 300", &out);
        let remembered = first.identity();
        let mut groups = ProcessGroups::default();
        groups.register(first.try_clone().unwrap(), "held");
        kill_and_reap(&first);
        let Some(stranger) = start_as(remembered.pid, &out) else {
            return;
        };
        let results = groups.terminate_all(term_only(SECOND));
        assert!(
            matches!(results[..], [(_, Ok(GroupEnd::AlreadyGone))]),
            "{results:?}"
        );
        // Only remembered, and never held.
        groups.register(remembered, "remembered");
        let results = groups.signal_all(Signal::KILL);
        assert!(
            matches!(results[..], [(_, Ok(Signalled::Gone))]),
            "{results:?}"
        );
        assert!(!stranger.wait_ended(Some(SECOND / 10)).unwrap());
        // The new one under the same number takes the old one's place.
        groups.register(remembered, "old");
        groups.register(stranger.try_clone().unwrap(), "new");
        let results = groups.terminate_all(term_only(10 * SECOND));
        assert!(
            matches!(results[..], [(_, Ok(GroupEnd::By(Signal::TERM)))]),
            "{results:?}"
        );
        stranger.reap().unwrap();
    });
}

#[test]
fn neither_the_own_group_nor_a_member_counts_as_a_leader() {
    let name = "neither_the_own_group_nor_a_member_counts_as_a_leader";
    isolated(name, As::Caller, || {
        let own = ProcessRef::open(std::process::id() as i32).unwrap();
        let refused = LocalSignaller.signal(&own.into(), Signal::TERM);
        // It may lead the test's group, and may not: in neither case is anybody signalled.
        assert!(
            matches!(
                refused,
                Err(GroupSignalError::Refused { .. } | GroupSignalError::NotALeader { .. })
            ),
            "{refused:?}"
        );
        for pid in [0, 1, -1, -77] {
            let refused = LocalSignaller.signal(&elsewhere(pid).into(), Signal::TERM);
            assert!(
                matches!(refused, Err(GroupSignalError::Refused { .. })),
                "{pid}"
            );
        }
        let (mut heard, out) = hearing();
        let leader = group("sh -c 'echo $$; exec sleep 300' & wait", &out);
        let member: i32 = hear(&mut heard, 1)[0].parse().unwrap();
        let member = ProcessRef::open(member).unwrap();
        let refused = LocalSignaller.signal(&member.try_clone().unwrap().into(), Signal::KILL);
        assert!(
            matches!(refused, Err(GroupSignalError::NotALeader { .. })),
            "{refused:?}"
        );
        assert!(!member.wait_ended(Some(Duration::ZERO)).unwrap());
        leader.signal_group(Signal::KILL).ok();
        member.signal(Signal::KILL).ok();
        assert!(member.wait_ended(Some(10 * SECOND)).unwrap());
        kill_and_reap(&leader);
    });
}

#[test]
fn after_a_swap_the_entries_of_another_authority_are_not_signalled() {
    let name = "after_a_swap_the_entries_of_another_authority_are_not_signalled";
    isolated(name, As::Caller, || {
        let (_, out) = hearing();
        let leader = group("exec sleep 300", &out);
        let local: Arc<dyn Signaller> = Arc::new(LocalSignaller);
        let container = Arc::new(Container::default());
        let mut groups = ProcessGroups::new(Arc::clone(&local));
        groups.register(leader.try_clone().unwrap(), "here");
        groups.set_signaller(container.clone());
        groups.register(elsewhere(leader.pid()), "the same number in the container");
        groups.register(elsewhere(42), "in the container");
        let results = groups.signal_all(Signal::KILL);
        assert!(matches!(
            results[0].1,
            Err(GroupSignalError::OtherAuthority { .. })
        ));
        assert!(results[1..].iter().all(|(_, result)| result.is_ok()));
        let asked = container.asked.lock().unwrap().clone();
        assert_eq!(asked, [(leader.pid(), Signal::KILL), (42, Signal::KILL)]);
        *container.gone.lock().unwrap() = true;
        let results = groups.terminate_all(term_only(SECOND));
        assert!(matches!(
            results[0].1,
            Err(GroupTerminateError::Signal(
                GroupSignalError::OtherAuthority { .. }
            ))
        ));
        assert!(!leader.wait_ended(Some(Duration::ZERO)).unwrap());
        let left: Vec<_> = groups.entries().into_iter().map(|e| e.label).collect();
        assert_eq!(left, ["here"]);
        groups.set_signaller(local);
        let results = groups.terminate_all(term_only(10 * SECOND));
        assert!(
            matches!(results[..], [(_, Ok(GroupEnd::By(Signal::TERM)))]),
            "{results:?}"
        );
        leader.reap().unwrap();
    });
}

#[test]
fn an_authority_that_can_only_signal_ends_groups_too() {
    let container = Arc::new(Container::default());
    let mut groups = ProcessGroups::new(container.clone());
    groups.register(elsewhere(42), "stubborn");
    let grace = SECOND / 20;
    let results = groups.terminate_all(GracefulTimeouts::both(grace));
    let survived = Err(GroupTerminateError::Survived { pid: 42 });
    assert_eq!(
        format!("{:?}", results[0].1),
        format!("{survived:?}", survived = survived as Result<GroupEnd, _>)
    );
    let mut sent: Vec<_> = container
        .asked
        .lock()
        .unwrap()
        .iter()
        .map(|(_, s)| *s)
        .collect();
    sent.retain(|signal| *signal != Signal::CONT);
    assert_eq!(sent, [Signal::INT, Signal::TERM, Signal::KILL]);
    *container.gone.lock().unwrap() = true;
    let results = groups.terminate_all(GracefulTimeouts::both(grace));
    assert!(matches!(results[..], [(_, Ok(GroupEnd::AlreadyGone))]));
}

#[test]
fn what_could_not_be_signalled_stays() {
    let container = Container {
        broken: true,
        ..Container::default()
    };
    let mut groups = ProcessGroups::new(Arc::new(container));
    groups.register(elsewhere(42), "out of reach");
    for _ in 0..2 {
        let results = groups.signal_all(Signal::TERM);
        assert!(matches!(
            results[..],
            [(_, Err(GroupSignalError::Failed { .. }))]
        ));
    }
    assert!(groups.forget(42) && !groups.forget(42));
}

#[test]
fn a_leader_again_gets_the_label_and_another_the_place() {
    let mut groups = ProcessGroups::new(Arc::new(Container::default()));
    groups.register(elsewhere(42), "first");
    groups.register(elsewhere(42), "second");
    let entries = groups.entries();
    assert_eq!((entries.len(), &*entries[0].label), (1, "second"));
    let other = ProcessIdentity {
        start_time: Some(8),
        ..elsewhere(42)
    };
    groups.register(other, "third");
    let entries = groups.entries();
    assert_eq!((entries.len(), &*entries[0].label), (1, "third"));
    assert_eq!(entries[0].leader, other);
}
