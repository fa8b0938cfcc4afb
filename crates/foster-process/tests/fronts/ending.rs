//! An end is the end of the tree, never of the leader alone.

use std::time::Duration;

use foster_process::{
    Containment, ExitStatus, GracefulTimeouts, Signal, Target, TerminateError, UnixPhases,
};

use crate::front::{Blocking, Front, SECOND, lives, script, started, timed, wait_gone};
use crate::through_both;

through_both![
    who_left_the_session_is_ended_too,
    a_member_that_ignores_term_is_killed_when_the_leader_is_gone,
    what_a_leader_left_behind_is_reached,
    who_is_stopped_dies_of_term,
    ending_again_is_no_error,
    a_signal_to_one_that_has_ended_is_no_error,
    a_signal_goes_to_whom_it_is_for,
    kill_needs_no_wait,
    a_crowd_that_ignores_term_is_gone,
    a_namespace_is_ended_whatever_is_in_it,
];

fn term(grace: Duration) -> GracefulTimeouts {
    let builder = GracefulTimeouts::builder().unix(UnixPhases::terminate_only(grace));
    builder.windows(grace).build()
}

/// The strongest that is had without asking, and the weakest.
const LEVELS: [Containment; 2] = [Containment::Auto, Containment::Group];

fn who_left_the_session_is_ended_too<F: Front>() {
    for level in LEVELS {
        let text = "setsid sh -c 'trap \"\" TERM; echo ready $$; exec sleep 100' & exec sleep 100";
        let (process, pids) = started::<F>(script(text).containment(level));
        assert!(lives(pids[0]));
        let terminated = process.terminate(term(Duration::from_millis(50))).unwrap();
        assert!(terminated.report.empty && !lives(pids[0]), "{level:?}");
    }
}

fn a_member_that_ignores_term_is_killed_when_the_leader_is_gone<F: Front>() {
    for level in LEVELS {
        let text = "(trap '' TERM; sleep 100 & echo ready $!; wait) & wait";
        let (process, pids) = started::<F>(script(text).containment(level));
        let grace = Duration::from_millis(200);
        let (terminated, took) = timed(|| process.terminate(term(grace)).unwrap());
        assert!(took >= grace, "the leader's end was taken for the tree's");
        assert!(terminated.report.empty && !lives(pids[0]), "{level:?}");
        assert_eq!(terminated.report.phases.len(), 2);
        let status = terminated.ended.unwrap().status;
        assert_eq!(status.signal(), Some(Signal::TERM));
    }
}

fn what_a_leader_left_behind_is_reached<F: Front>() {
    for level in LEVELS {
        for way in ["terminate", "kill", "start_kill", "drop"] {
            let text = "sleep 100 & echo ready $!; exit 5";
            let (process, pids) = started::<F>(script(text).containment(level));
            assert_eq!(process.wait().unwrap().status, ExitStatus::Code(5));
            assert!(lives(pids[0]));
            match way {
                "terminate" => drop(process.terminate(term(SECOND)).unwrap()),
                "kill" => drop(process.kill().unwrap()),
                "start_kill" => process.start_kill().unwrap(),
                _ => drop(process),
            }
            wait_gone(pids[0]);
        }
    }
}

fn who_is_stopped_dies_of_term<F: Front>() {
    let (process, _) = started::<F>(script("echo ready; kill -STOP $$; sleep 100"));
    let (terminated, took) = timed(|| process.terminate(term(20 * SECOND)).unwrap());
    assert!(took < 5 * SECOND, "{took:?}");
    let status = terminated.ended.unwrap().status;
    assert_eq!(status.signal(), Some(Signal::TERM));
}

fn ending_again_is_no_error<F: Front>() {
    let (process, _) = started::<F>(script("echo ready; sleep 100"));
    process.terminate(term(SECOND)).unwrap();
    let again = process.terminate(term(SECOND)).unwrap();
    assert!(again.report.empty && again.report.phases.is_empty());
    assert_eq!(again.ended.unwrap().status.signal(), Some(Signal::TERM));
    process.kill().unwrap();
    process.start_kill().unwrap();
}

fn a_signal_to_one_that_has_ended_is_no_error<F: Front>() {
    let process = F::start(script("exit 6")).unwrap();
    process.wait().unwrap();
    for target in [Target::Leader, Target::Group, Target::Tree] {
        process.signal(target, Signal::TERM).unwrap();
    }
    assert_eq!(process.wait().unwrap().status, ExitStatus::Code(6));
}

fn a_signal_goes_to_whom_it_is_for<F: Front>() {
    let child = "trap 'echo child; exit' USR1; echo ready; while :; do sleep 0.01; done";
    let text = format!("trap 'echo leader' USR1; sh -c \"{child}\" & wait; wait; echo end");
    for (target, expected) in [
        (Target::Leader, vec!["leader"]),
        (Target::Group, vec!["child", "leader"]),
        (Target::Tree, vec!["child", "leader"]),
    ] {
        use foster_process::output::{CollectBytes, Keep};
        let (process, _) = started::<F>(script(&text));
        process.signal(target, "USR1".parse().unwrap()).unwrap();
        let options = foster_process::CompletionOptions::new()
            .stdout(CollectBytes::new(Keep::All))
            .deadline(Duration::from_millis(500))
            .terminate_at_deadline(foster_process::Escalation::kill());
        let done = process.complete(options).unwrap();
        let text = done.stdout.to_string_lossy_with_marker();
        let lines = text.lines().filter(|line| !line.is_empty());
        let mut heard: Vec<_> = lines.filter(|line| *line != "end").collect();
        heard.sort_unstable();
        assert_eq!(heard, expected, "{target:?}");
    }
}

fn kill_needs_no_wait<F: Front>() {
    let (process, _) = started::<F>(script("trap '' TERM; echo ready; sleep 100"));
    process.start_kill().unwrap();
    let status = process.wait().unwrap().status;
    assert_eq!(status.signal(), Some(Signal::KILL));
}

fn a_crowd_that_ignores_term_is_gone<F: Front>() {
    let text = "trap '' TERM; for i in $(seq 50); do sleep 100 & done; echo ready; wait";
    for level in LEVELS {
        let (process, _) = started::<F>(script(text).containment(level));
        let report = process
            .terminate(term(Duration::from_millis(50)))
            .unwrap()
            .report;
        assert!(report.empty && report.phases.len() == 2, "{report:?}");
        assert_eq!(report.phases[0].sent, 51);
        assert!(process.is_tree_empty());
    }
}

/// The numbers that its members print are its own, so only the whole can be looked at.
fn a_namespace_is_ended_whatever_is_in_it<F: Front>() {
    let text = "trap '' TERM; setsid sleep 100 & (env -i setsid sleep 100 &) ; echo ready; exit 5";
    for way in ["terminate", "kill", "start_kill"] {
        let (process, _) = started::<F>(script(text).containment(Containment::PidNamespace));
        assert_eq!(process.wait().unwrap().status, ExitStatus::Code(5));
        assert!(!process.is_tree_empty());
        match way {
            "terminate" => {
                let grace = Duration::from_millis(50);
                let terminated = process.terminate(term(grace)).unwrap();
                assert_eq!(terminated.report.phases.len(), 2);
            }
            "kill" => drop(process.kill().unwrap()),
            _ => process.start_kill().unwrap(),
        }
        let report = process.terminate(term(SECOND)).unwrap().report;
        assert!(report.empty && process.is_tree_empty(), "{way}");
    }
}

/// As many rounds as fit into the time for races.
fn rounds() -> impl Iterator<Item = u32> {
    let began = std::time::Instant::now();
    let seconds = std::env::var("FOSTER_RACE_SECONDS").unwrap_or_else(|_| "1".into());
    let time = Duration::from_secs_f64(seconds.parse().unwrap());
    (1..).take_while(move |_| began.elapsed() < time)
}

/// Two who end a tree at once, and the tree that ends by itself.
#[test]
fn ends_race_with_each_other_and_with_the_exit() {
    for round in rounds() {
        let (process, _) = started::<Blocking>(script("echo ready; exit 3"));
        let ends = std::thread::scope(|scope| {
            let end = || {
                process
                    .terminate(term(SECOND))
                    .map(|t| t.ended.unwrap().status)
            };
            let wait = scope.spawn(|| process.wait().unwrap().status);
            let others = [scope.spawn(end), scope.spawn(end)];
            let waited = wait.join().unwrap();
            others.map(|other| (waited, other.join().unwrap().unwrap()))
        });
        for (waited, ended) in ends {
            assert_eq!(
                waited, ended,
                "round {round}: one process has ended in two ways"
            );
        }
        assert!(process.is_tree_empty());
    }
}

#[test]
fn who_survives_is_named() {
    // Nobody survives KILL; this one is not given time.
    let (process, _) = started::<Blocking>(script("trap '' TERM; echo ready; sleep 100"));
    let at_once = foster_process::Escalation::new(
        vec![foster_process::Phase {
            signal: Signal::TERM,
            grace: Duration::ZERO,
        }],
        Duration::ZERO,
    );
    match process.terminate(at_once.unwrap()) {
        Ok(terminated) => assert!(terminated.report.empty),
        Err(TerminateError::Survived { name, terminated }) => {
            assert_eq!(name, "sh");
            assert!(!terminated.report.survivors.is_empty());
        }
        Err(error) => panic!("{error}"),
    }
}

/// Known by its environment alone, and that is not there to be seen while a program is executed.
#[test]
fn who_is_always_being_executed_is_ended() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    let again = dir.path().join("again");
    std::fs::write(&again, "#!/bin/sh\nexec \"$0\"\n").unwrap();
    std::fs::set_permissions(&again, std::fs::Permissions::from_mode(0o700)).unwrap();
    let text = format!(
        "(setsid sh -c 'echo ready $$; exec {}' &); exec sleep 100",
        again.display()
    );
    for _ in rounds() {
        let command = script(&text).containment(Containment::Group);
        let (process, pids) = started::<Blocking>(command);
        process.kill().unwrap();
        assert!(!lives(pids[0]), "it lives on");
    }
}
