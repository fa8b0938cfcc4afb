//! What was measured of Fresh 0.5.7: its terminals, and its agent at the far end of an ssh.

use foster_process::output::{CollectBytes, Keep};
use foster_process::{CompletionOptions, Containment, Drain, ExitStatus, Input, Output};

use crate::front::{Front, SECOND, lives, script, started};
use crate::{term, through_both};

through_both![
    a_shell_with_job_control_ends_with_all_its_jobs,
    a_cancelled_command_ends_with_its_children,
    whoever_reads_its_input_sees_the_link_go,
    a_held_pipe_keeps_the_code,
];

/// Row 1: TERM killed nothing, and KILL left 3 of 4: jobs of an interactive shell have groups of their
/// own.
fn a_shell_with_job_control_ends_with_all_its_jobs<F: Front>() {
    for level in [Containment::Auto, Containment::Group] {
        let text = "set -m; trap '' TERM; sleep 100 & a=$!; nohup sleep 100 >/dev/null & b=$!
            setsid sleep 100 & c=$!; echo ready $$ $a $b $c; wait; wait; wait";
        let command = foster_process::Command::new("bash").args(["-c", text]);
        let command = command.stdout(Output::captured()).stderr(Output::Null);
        let (process, pids) = started::<F>(command.containment(level));
        assert_eq!(pids.len(), 4);
        let report = process.terminate(term(SECOND / 10)).unwrap().report;
        assert!(report.empty);
        assert!(!pids.iter().any(|pid| lives(*pid)), "{level:?}");
    }
}

/// Row 2: the shell alone was killed, and its children went to init.
fn a_cancelled_command_ends_with_its_children<F: Front>() {
    let text = "sleep 100 & a=$!; sleep 100 & echo ready $a $!; wait";
    let (process, pids) = started::<F>(script(text));
    process.kill().unwrap();
    assert!(!lives(pids[0]) && !lives(pids[1]));
}

/// Row 2: with the link gone the agent ended, and its command ran on. What becomes of a tree whose
/// owner is gone: see `a_killed_owner_takes_its_namespace_along`. Here the owner lets go.
fn whoever_reads_its_input_sees_the_link_go<F: Front>() {
    let text = "sleep 100 & echo ready $!; cat; exit 8";
    let (process, pids) = started::<F>(script(text).stdin(Input::Piped));
    assert_eq!(process.wait().unwrap().status, ExitStatus::Code(8));
    drop(process);
    assert!(!lives(pids[0]));
}

/// Row 2: "timed out", and code 7 was lost.
fn a_held_pipe_keeps_the_code<F: Front>() {
    let process = F::start(script("sleep 100 & echo out; exit 7")).unwrap();
    let drain = Drain {
        quiet: SECOND / 10,
        at_most: SECOND,
    };
    let options = CompletionOptions::new().stdout(CollectBytes::new(Keep::All));
    let done = process.complete(options.drain(drain)).unwrap();
    assert_eq!(done.status(), Some(ExitStatus::Code(7)));
    assert_eq!(done.stdout.to_vec(), b"out\n");
}
