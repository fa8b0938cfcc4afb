//! A foreground run passes the command's status on and leaves nothing behind.
#![cfg(all(target_os = "linux", not(foster_portable)))]
#![expect(clippy::unwrap_used, reason = "this is a test")]

mod common;

use std::io::Read as _;
use std::os::fd::{AsFd as _, OwnedFd};

use common::{As, SECOND, environment, hearing, isolated, null, strangers, term_then_kill, words};
use foster_process::{
    Containment, ExitStatus, Foreground, ForegroundEnd, Scope, Session, Signal, SpawnPlan,
};

fn run(script: &str, wanted: Containment, default_signals: bool, out: OwnedFd) -> ForegroundEnd {
    let (argv, env, null) = (words(&["sh", "-c", script]), environment(), null());
    let plan = SpawnPlan {
        session: Session::Inherit,
        default_signals,
        ..SpawnPlan::new(&argv, &env, [null.as_fd(), out.as_fd(), out.as_fd()])
    };
    let foreground =
        Foreground::start(&plan, Scope::prepare(wanted, "foreground").unwrap()).unwrap();
    drop(out);
    let end = foreground.finish(term_then_kill(SECOND / 5)).unwrap();
    assert!(end.report.empty, "{end:?}");
    assert_eq!(strangers(), Vec::<String>::new());
    end
}

#[test]
fn the_status_is_the_commands_and_the_tree_is_gone() {
    isolated(
        "the_status_is_the_commands_and_the_tree_is_gone",
        As::Caller,
        || {
            for wanted in [Containment::Subreaper, Containment::Auto] {
                let (_heard, out) = hearing();
                let script =
                    "setsid sh -c 'trap \"\" TERM; sleep 300' & (setsid sleep 300 &); exit 7";
                let end = run(script, wanted, true, out);
                assert_eq!(end.status, ExitStatus::Code(7));
                assert!(!end.report.phases.is_empty());
            }
        },
    );
}

#[test]
fn a_signal_is_passed_on() {
    isolated("a_signal_is_passed_on", As::DeafToTerm, || {
        let (_heard, out) = hearing();
        let script = "trap 'exit 9' TERM; kill -TERM $PPID; sleep 300 & wait";
        assert_eq!(
            run(script, Containment::Subreaper, true, out).status,
            ExitStatus::Code(9)
        );
    });
}

#[test]
fn a_signal_without_a_name_ends_it_too() {
    isolated("a_signal_without_a_name_ends_it_too", As::Caller, || {
        let (_heard, out) = hearing();
        let end = run("kill -33 $$", Containment::Subreaper, true, out);
        assert_eq!(end.status.signal().map(Signal::number), Some(33));
    });
}

#[test]
fn the_command_is_not_deaf_to_what_is_passed_on() {
    isolated(
        "the_command_is_not_deaf_to_what_is_passed_on",
        As::Caller,
        || {
            let (mut heard, out) = hearing();
            run(
                "grep SigBlk /proc/self/status",
                Containment::Subreaper,
                false,
                out,
            );
            let mut text = String::new();
            heard.read_to_string(&mut text).unwrap();
            assert_eq!(text, "SigBlk:\t0000000000000000\n");
        },
    );
}
