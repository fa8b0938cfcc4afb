//! What was found in vtcode-bash-runner 0.181.2. That nobody could construct its types has no row
//! here: these tests do nothing else with ours.

use foster_process::low_level::{
    Outcome, Signalled, graceful_kill_process_group, graceful_kill_process_group_of,
    kill_process_group, kill_process_group_of,
};
use foster_process::output::{CaptureSettings, CollectBytes, Consumers, Discard, Keep};
use foster_process::{
    Command, CompletionOptions, Containment, Drain, ExitStatus, Output, ProcessRef, Signal,
};

use crate::front::{Front, SECOND, lives, script, started, timed};
use crate::{term, through_both};

through_both![
    a_command_runs_in_its_directory,
    what_is_cancelled_has_ended,
    a_group_that_is_gone_is_no_error,
    who_has_exited_counts_as_gone_before_he_is_reaped,
    a_group_has_ended_when_all_of_it_has,
    a_signal_is_told_as_one,
    all_bytes_come_by_default,
    who_left_the_session_is_reached,
    a_held_output_costs_no_time,
];

/// Every command failed: "Not a directory".
fn a_command_runs_in_its_directory<F: Front>() {
    let dir = tempfile::tempdir().unwrap();
    let real = dir.path().canonicalize().unwrap();
    let command = Command::new("pwd").current_dir(&real);
    let process = F::start(command.stdout(Output::captured())).unwrap();
    let options = CompletionOptions::new().stdout(CollectBytes::new(Keep::All));
    let text = process.complete(options).unwrap().stdout.to_vec();
    assert_eq!(text, format!("{}\n", real.display()).into_bytes());
}

/// `Ok` and `Failed`, while it ran on and turned to `Completed`.
fn what_is_cancelled_has_ended<F: Front>() {
    let (process, pids) = started::<F>(script("echo ready $$; exec sleep 100"));
    let status = process.kill().unwrap().ended.unwrap().status;
    assert!(!lives(pids[0]));
    assert_eq!(status.signal(), Some(Signal::KILL));
    assert_eq!(process.wait().unwrap().status, status);
}

/// One function said `Ok`, the other `ESRCH`.
fn a_group_that_is_gone_is_no_error<F: Front>() {
    let process = F::start(script("exit 0")).unwrap();
    let pid = process.id();
    let leader = ProcessRef::open(pid).unwrap();
    process.wait().unwrap();
    drop(process);
    let gone = Signalled::Gone;
    assert_eq!(kill_process_group(pid, Signal::TERM).unwrap(), gone);
    assert_eq!(kill_process_group_of(&leader, Signal::TERM).unwrap(), gone);
    let already = Outcome::AlreadyExited;
    let by_number = graceful_kill_process_group(pid, Signal::TERM, SECOND);
    assert_eq!(by_number.unwrap(), already);
    let held = graceful_kill_process_group_of(&leader, Signal::TERM, SECOND);
    assert_eq!(held.unwrap(), already);
}

/// 502 ms and `ForcefulKill` for one that exited at once with 0.
fn who_has_exited_counts_as_gone_before_he_is_reaped<F: Front>() {
    let text = "trap 'exit 0' TERM; echo ready; while :; do sleep 0.01; done";
    let (process, _) = started::<F>(script(text));
    let leader = ProcessRef::open(process.id()).unwrap();
    let kill = || graceful_kill_process_group_of(&leader, Signal::TERM, 20 * SECOND).unwrap();
    let (outcome, took) = timed(kill);
    assert!(outcome == Outcome::Exited && took < 5 * SECOND, "{took:?}");
    // Nobody has reaped it yet.
    assert_eq!(process.wait().unwrap().status, ExitStatus::Code(0));
}

/// `GracefulExit`, while a member that ignores TERM lived.
fn a_group_has_ended_when_all_of_it_has<F: Front>() {
    let text = "sh -c 'trap \"\" TERM; echo ready $$; sleep 100; sleep 100' & wait";
    let (process, pids) = started::<F>(script(text));
    let leader = ProcessRef::open(process.id()).unwrap();
    let outcome = graceful_kill_process_group_of(&leader, Signal::TERM, SECOND / 10);
    assert_eq!(outcome.unwrap(), Outcome::Killed);
    assert!(!lives(pids[0]));
}

/// −1.
fn a_signal_is_told_as_one<F: Front>() {
    let status = F::start(script("kill -SEGV $$"))
        .unwrap()
        .wait()
        .unwrap()
        .status;
    assert_eq!(status.signal().map(Signal::number), Some(11));
}

/// 43.8–62.2 % of the bytes came, with code 0 and no mark.
fn all_bytes_come_by_default<F: Front>() {
    const BYTES: u64 = 128 << 20;
    for consumers in [Consumers::Single, Consumers::Broadcast] {
        let settings = CaptureSettings::builder().consumers(consumers);
        let captured = Output::Captured(settings.build().unwrap());
        let command = script(&format!("head -c {BYTES} /dev/zero")).stdout(captured);
        let options = CompletionOptions::new().stdout(Discard::default());
        let done = F::start(command).unwrap().complete(options).unwrap();
        assert_eq!(done.stdout.bytes, BYTES);
        assert_eq!(done.stdout.gaps.bytes, 0);
    }
}

/// It survived.
fn who_left_the_session_is_reached<F: Front>() {
    for level in [Containment::Auto, Containment::Group] {
        let text = "setsid sh -c 'echo ready $$; exec sleep 100' & wait";
        let (process, pids) = started::<F>(script(text).containment(level));
        process.terminate(term(SECOND)).unwrap();
        assert!(!lives(pids[0]), "{level:?}");
    }
}

/// As good there: code 7 in 52 ms, and the drop killed the holder.
fn a_held_output_costs_no_time<F: Front>() {
    let (process, pids) = started::<F>(script("sleep 100 & echo ready $!; exit 7"));
    let drain = Drain {
        quiet: SECOND / 20,
        at_most: SECOND / 2,
    };
    let complete = || process.complete(CompletionOptions::new().drain(drain));
    let (done, took) = timed(complete);
    assert_eq!(done.unwrap().status(), Some(ExitStatus::Code(7)));
    assert!(took < 2 * SECOND, "{took:?}");
    drop(process);
    assert!(!lives(pids[0]));
}
