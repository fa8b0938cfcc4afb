//! The status and the bytes come back, whatever happened.

use std::time::Duration;

use foster_process::output::{CollectBytes, Keep, StreamEnd};
use foster_process::{CompletionOptions, Containment, Drain, ExitStatus, GracefulTimeouts, Signal};

use crate::front::{Front, SECOND, end, lives, script, started, timed, wait_gone};
use crate::through_both;

through_both![
    a_status_is_a_code_or_a_signal,
    all_bytes_of_both_outputs_come,
    held_output_is_told_with_its_holders,
    a_deadline_returns_what_there_is,
    a_deadline_can_end_the_tree,
    input_is_closed_first,
    a_wait_needs_no_reader,
    many_waits_get_the_same_answer,
    what_was_used_is_told,
];

fn all() -> CollectBytes {
    CollectBytes::new(Keep::All)
}

fn a_status_is_a_code_or_a_signal<F: Front>() {
    for code in [0, 7, 255] {
        let process = F::start(script(&format!("exit {code}"))).unwrap();
        assert_eq!(process.wait().unwrap().status, ExitStatus::Code(code));
        assert_eq!(process.try_wait().unwrap().status, ExitStatus::Code(code));
    }
    let process = F::start(script("kill -SEGV $$")).unwrap();
    let status = process.wait().unwrap().status;
    assert_eq!(status.signal().map(Signal::name).as_deref(), Some("SEGV"));
}

fn all_bytes_of_both_outputs_come<F: Front>() {
    let text = "head -c 3000000 /dev/zero | tr '\\0' o; head -c 2000000 /dev/zero | tr '\\0' e >&2";
    let process = F::start(script(text)).unwrap();
    let options = CompletionOptions::new().stdout(all()).stderr(all());
    let done = process.complete(options).unwrap();
    assert_eq!(done.status(), Some(ExitStatus::Code(0)));
    assert!(!done.is_late() && done.stdout_end.is_eof() && done.stderr_end.is_eof());
    let (out, err) = (done.stdout.to_vec(), done.stderr.to_vec());
    assert_eq!((out.len(), err.len()), (3_000_000, 2_000_000));
    assert!(out.iter().all(|b| *b == b'o') && err.iter().all(|b| *b == b'e'));
    assert!(!done.stdout.truncated());
    assert!(process.is_tree_empty());
}

/// The status and the bytes were lost by others when a descendant held the pipe.
fn held_output_is_told_with_its_holders<F: Front>() {
    let process = F::start(script("setsid sleep 100 & echo $!; exit 7")).unwrap();
    let drain = Drain {
        quiet: Duration::from_millis(100),
        at_most: SECOND,
    };
    let options = CompletionOptions::new().stdout(all()).drain(drain);
    let (done, took) = timed(|| process.complete(options).unwrap());
    assert!(took < 5 * SECOND, "{took:?}");
    assert_eq!(done.status(), Some(ExitStatus::Code(7)));
    let text = done.stdout.to_string_lossy_with_marker();
    let holder: i32 = text.trim().parse().unwrap();
    let StreamEnd::HeldOpen { pids } = done.stdout_end else {
        panic!("{:?}", done.stdout_end);
    };
    assert_eq!(pids, [holder]);
    assert!(lives(holder) && !process.is_tree_empty());
    let terminated = process.kill().unwrap();
    assert!(terminated.report.empty && !lives(holder));
}

fn a_deadline_returns_what_there_is<F: Front>() {
    let process = F::start(script("echo so far; exec sleep 100")).unwrap();
    let deadline = Duration::from_millis(300);
    let options = CompletionOptions::new().stdout(all()).deadline(deadline);
    let (done, took) = timed(|| process.complete(options).unwrap());
    assert!(took >= deadline && took < 5 * SECOND, "{took:?}");
    assert!(done.is_late() && done.status().is_none() && done.termination.is_none());
    assert_eq!(done.stdout.to_vec(), b"so far\n");
    assert!(matches!(done.stdout_end, StreamEnd::Deadline));
    assert!(process.is_running());
    let ended = process.kill().unwrap().ended.unwrap();
    assert_eq!(ended.status.signal(), Some(Signal::KILL));
}

fn a_deadline_can_end_the_tree<F: Front>() {
    let text = "trap 'echo goodbye; exit 3' TERM; echo hello; while :; do sleep 0.01; done";
    let process = F::start(script(text)).unwrap();
    let term = GracefulTimeouts::builder()
        .unix(foster_process::UnixPhases::terminate_only(10 * SECOND))
        .windows(10 * SECOND)
        .build();
    let options = CompletionOptions::new()
        .stdout(all())
        .deadline(Duration::from_millis(300))
        .terminate_at_deadline(term);
    let done = process.complete(options).unwrap();
    assert_eq!(done.status(), Some(ExitStatus::Code(3)));
    assert_eq!(done.stdout.to_vec(), b"hello\ngoodbye\n");
    let report = done.termination.unwrap();
    assert!(report.empty && report.phases.len() == 1, "{report:?}");
    assert!(process.is_tree_empty());
}

fn input_is_closed_first<F: Front>() {
    let command = script("cat").stdin(foster_process::Input::Piped);
    let mut process = F::start(command).unwrap();
    process.write("to and fro\n");
    let done = process
        .complete(CompletionOptions::new().stdout(all()))
        .unwrap();
    assert_eq!(done.stdout.to_vec(), b"to and fro\n");
    assert_eq!(done.status(), Some(ExitStatus::Code(0)));
}

/// More than a pipe holds, and nobody reads it.
fn a_wait_needs_no_reader<F: Front>() {
    let process = F::start(script("head -c 1000000 /dev/zero; exit 4")).unwrap();
    assert_eq!(process.wait().unwrap().status, ExitStatus::Code(4));
}

fn many_waits_get_the_same_answer<F: Front>() {
    let (process, pids) = started::<F>(script("sleep 100 & echo ready $!; exit 9"));
    for _ in 0..3 {
        assert_eq!(process.wait().unwrap().status, ExitStatus::Code(9));
        assert!(!process.is_running());
    }
    assert!(lives(pids[0]), "it is not the leader that was waited for");
    drop(process);
    wait_gone(pids[0]);
}

fn what_was_used_is_told<F: Front>() {
    let process = F::start(script("i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done")).unwrap();
    let usage = process.wait().unwrap().usage.unwrap();
    assert!(usage.user > Duration::from_millis(10), "{usage:?}");
}

#[test]
fn a_tree_of_a_group_alone_is_told_from_others() {
    let held = |n| script("setsid sleep 100 & echo ready $!; sleep 100").name(format!("tree {n}"));
    let group = |n| held(n).containment(Containment::Group);
    let (one, in_one) = started::<crate::front::Blocking>(group(1));
    let (two, in_two) = started::<crate::front::Blocking>(group(2));
    one.kill().unwrap();
    assert!(!lives(in_one[0]) && lives(in_two[0]));
    two.kill().unwrap();
    assert!(!lives(in_two[0]));
    end(in_two[0]);
}
