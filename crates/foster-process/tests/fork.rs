//! A forked copy supervises by itself, and the original can take over from it. Without the harness,
//! since only a process with a single thread may fork.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "this is a test")]

mod common;

use std::io::{BufRead as _, Read as _};
use std::os::fd::AsFd as _;

use common::{SECOND, environment, hear, hearing, null, start, strangers, term_then_kill, words};
use foster_process::{
    Containment, ExitStatus, Forked, Level, Poller, ProcessRef, Scope, SharedSlot, Signal,
    SpawnPlan, Tree, exit_now, fork, fork_orphan, set_subreaper, spawn, start_session, terminate,
};

fn main() {
    if common::is_case("fork") {
        a_copy_hears_its_own_children();
        an_orphan_is_out_of_the_session_at_once();
        a_copy_that_is_killed_is_taken_over_from();
        println!("1 passed");
    } else if std::env::args().any(|argument| argument == "--list") {
        println!("fork: test");
    } else {
        common::isolated("fork", common::As::Caller, || {});
        println!("test fork ... ok");
    }
}

fn plain() -> Scope {
    let subreaper = Scope::prepare(Containment::Subreaper, "");
    subreaper
        .or_else(|_| Scope::prepare(Containment::Group, ""))
        .unwrap()
}

/// What the copy does; it ends without running what is its original's.
fn in_a_copy(work: impl FnOnce() + std::panic::UnwindSafe) -> ProcessRef {
    match fork().unwrap() {
        Forked::Parent(copy) => copy,
        Forked::Child => exit_now(i32::from(std::panic::catch_unwind(work).is_err())),
    }
}

fn a_copy_hears_its_own_children() {
    // The original has a child and a poller of its own before, and still afterwards.
    let (_, out) = hearing();
    let poller = Poller::new().unwrap();
    let child = start(&["sleep", "300"], &mut plain(), &out).unwrap().leader;
    poller.add(&child, 1).unwrap();
    let copy = in_a_copy(|| {
        start_session().unwrap();
        let (_, out) = hearing();
        let poller = Poller::new().unwrap();
        let own = start(&["sleep", "300"], &mut plain(), &out).unwrap().leader;
        poller.add(&own, 5).unwrap();
        own.signal(Signal::KILL).unwrap();
        let ready = poller.wait(Some(10 * SECOND)).unwrap();
        assert!(ready.iter().any(|ready| ready.token == 5));
        assert!(own.wait_ended(Some(10 * SECOND)).unwrap());
        assert_eq!(own.reap().unwrap().unwrap().signal(), Some(Signal::KILL));
    });
    assert!(copy.wait_ended(Some(20 * SECOND)).unwrap());
    assert_eq!(copy.reap().unwrap(), Some(ExitStatus::Code(0)));
    assert_eq!(child.peek_status().unwrap(), None);
    child.signal(Signal::KILL).unwrap();
    let heard = (0..10).any(|_| !poller.wait(Some(SECOND)).unwrap().is_empty());
    assert!(heard && child.wait_ended(Some(10 * SECOND)).unwrap());
    child.reap().unwrap();
}

/// A hang-up of the terminal would end it otherwise before it comes to do anything.
fn an_orphan_is_out_of_the_session_at_once() {
    let copy = in_a_copy(|| {
        start_session().unwrap();
        let session = || rustix::process::getsid(None).unwrap().as_raw_nonzero();
        let (mut told, out) = std::io::pipe().unwrap();
        if fork_orphan().unwrap() {
            let written = rustix::io::write(&out, &session().get().to_ne_bytes());
            exit_now(i32::from(written.is_err()));
        }
        drop(out);
        let mut its = [0; 4];
        told.read_exact(&mut its).unwrap();
        assert_ne!(i32::from_ne_bytes(its), session().get());
    });
    assert!(copy.wait_ended(Some(20 * SECOND)).unwrap());
    assert_eq!(copy.reap().unwrap(), Some(ExitStatus::Code(0)));
}

fn a_copy_that_is_killed_is_taken_over_from() {
    set_subreaper().unwrap();
    let slot = SharedSlot::new().unwrap();
    let (mut told, out) = hearing();
    let copy = in_a_copy(|| {
        let (argv, env) = (
            words(&["sh", "-c", "echo up; (sleep 300 &); read x; exit 11"]),
            environment(),
        );
        let (keep, stdin) = std::io::pipe().unwrap();
        let null = null();
        let plan = SpawnPlan::new(&argv, &env, [keep.as_fd(), out.as_fd(), null.as_fd()]);
        spawn(&plan, &mut plain(), &slot).unwrap();
        // Sleeps until it is killed; then the command's input ends, and it exits.
        let (mut never, _end) = std::io::pipe().unwrap();
        drop(never.read(&mut [0]));
        drop(stdin);
    });
    drop(out);
    hear(&mut told, 1);
    let leader = slot.pid().unwrap();
    copy.signal(Signal::KILL).unwrap();
    assert!(copy.wait_ended(Some(10 * SECOND)).unwrap());
    copy.reap().unwrap();
    if plain().level() == Level::Group {
        // No system but Linux gives the orphan to us.
        return;
    }
    let leader = ProcessRef::open(leader).unwrap();
    assert!(leader.wait_ended(Some(10 * SECOND)).unwrap());
    assert_eq!(leader.peek_status().unwrap(), Some(ExitStatus::Code(11)));
    let tree = Tree::of_descendants(plain());
    let report = terminate(&tree, Some(&leader), term_then_kill(SECOND)).unwrap();
    assert!(report.empty && report.phases.len() == 1, "{report:?}");
    assert_eq!(leader.reap().unwrap(), Some(ExitStatus::Code(11)));
    assert_eq!(strangers(), Vec::<String>::new());
    // All who held the output are gone.
    let mut rest = String::new();
    assert_eq!(told.read_line(&mut rest).unwrap(), 0);
}
