//! Programs, readers and callers that make it hard.

use std::time::Duration;

use foster_process::output::{
    CaptureSettings, CollectBytes, Consumers, Keep, Pattern, PatternSet, StdStream, StreamEvent,
};
use foster_process::{
    CompletionOptions, Containment, Drain, ExitStatus, Input, Output, Signal, WaitedFor,
};

use crate::front::{Front, SECOND, end, lives, script, started, timed};
use crate::through_both;

through_both![
    a_flood_does_not_put_off_the_deadline_of_a_search,
    a_half_prompt_is_searched_again,
    half_a_prompt_on_the_other_stream_is_not_lost,
    who_has_read_the_end_holds_nobody_up,
    a_drain_may_be_without_limit,
    a_child_that_never_reads_is_not_waited_for,
    a_subscriber_who_never_looks_does_not_stop_an_end,
    a_program_whose_first_thread_has_ended_is_alive,
    a_program_that_a_thread_executes_is_the_same_process,
];

fn substring(text: &str) -> PatternSet {
    PatternSet::new([Pattern::substring(text)]).unwrap()
}

fn a_flood_does_not_put_off_the_deadline_of_a_search<F: Front>() {
    let process = F::start(script("exec yes")).unwrap();
    let mut stdout = process.subscribe(StdStream::Stdout).unwrap();
    // Slower than what comes, so that there is always more.
    let slow = Pattern::predicate(|_| {
        let began = std::time::Instant::now();
        while began.elapsed() < Duration::from_micros(1) {}
        false
    });
    let slow = PatternSet::new([slow]).unwrap();
    let at_most = Duration::from_millis(200);
    let search = || process.wait_for(&mut [&mut stdout], &slow, Some(at_most));
    // Were the search endless, the flood would be ended from here and the search with it.
    let pid = process.id();
    let (done, over) = std::sync::mpsc::channel::<()>();
    let guard = std::thread::spawn(move || {
        if over.recv_timeout(5 * SECOND).is_err() {
            end(pid);
        }
    });
    let (waited, took) = timed(search);
    done.send(()).ok();
    guard.join().unwrap();
    assert!(matches!(waited, WaitedFor::Deadline), "{waited:?}");
    assert!(took < 4 * SECOND, "{took:?}");
}

fn a_half_prompt_is_searched_again<F: Front>() {
    let command = script("printf 'login: pass'; read x; printf 'word: '; read x");
    let mut process = F::start(command.stdin(Input::Piped)).unwrap();
    let mut stdout = process.subscribe(StdStream::Stdout).unwrap();
    let login = process.wait_for(&mut [&mut stdout], &substring("login: "), Some(10 * SECOND));
    assert!(matches!(login, WaitedFor::Found(_)), "{login:?}");
    let soon = Some(Duration::from_millis(100));
    let half = process.wait_for(&mut [&mut stdout], &substring("password: "), soon);
    assert!(matches!(half, WaitedFor::Deadline), "{half:?}");
    process.write("\n");
    let whole = process.wait_for(
        &mut [&mut stdout],
        &substring("password: "),
        Some(10 * SECOND),
    );
    assert!(matches!(whole, WaitedFor::Found(_)), "{whole:?}");
}

fn half_a_prompt_on_the_other_stream_is_not_lost<F: Front>() {
    let text = "printf 'pass' >&2; printf first; read x; printf 'word: ' >&2; read x";
    let mut process = F::start(script(text).stdin(Input::Piped)).unwrap();
    let mut streams = [StdStream::Stderr, StdStream::Stdout].map(|s| process.subscribe(s).unwrap());
    let patterns = PatternSet::new([
        Pattern::substring("first"),
        Pattern::substring("password: "),
    ])
    .unwrap();
    for expected in ["first", "password: "] {
        let [err, out] = &mut streams;
        let found = process.wait_for(&mut [err, out], &patterns, Some(5 * SECOND));
        let WaitedFor::Found(found) = found else {
            panic!("{expected}: {found:?}");
        };
        assert_eq!(found.what.text, expected);
        process.write("\n");
    }
}

/// The one who waits reads for nobody, and has stepped back before the end is read.
fn who_has_read_the_end_holds_nobody_up<F: Front>() {
    for consumers in [Consumers::Single, Consumers::Broadcast] {
        let settings = CaptureSettings::builder().consumers(consumers);
        let captured = Output::Captured(settings.build().unwrap());
        let process = F::start(
            script("sleep 0.3 & exit 5")
                .stdout(captured)
                .stderr(Output::Null),
        );
        let process = process.unwrap();
        let mut reader = process.subscribe(StdStream::Stdout).unwrap();
        let ((done, event), took) = timed(|| process.complete_beside(&mut reader));
        assert!(matches!(event, StreamEvent::End(_)), "{event:?}");
        assert_eq!(done.status(), Some(ExitStatus::Code(5)));
        assert!(done.stdout_end.is_eof(), "{:?}", done.stdout_end);
        assert!(took < SECOND, "{took:?}");
    }
}

fn a_drain_may_be_without_limit<F: Front>() {
    let process = F::start(script("sleep 0.2 & exit 3")).unwrap();
    let drain = Drain {
        quiet: Duration::MAX,
        at_most: Duration::MAX,
    };
    let options = CompletionOptions::new().drain(drain);
    let done = process.complete(options).unwrap();
    assert_eq!(done.status(), Some(ExitStatus::Code(3)));
    assert!(done.stdout_end.is_eof());
}

/// More is written than a pipe holds, and the child never reads: the wait closes the pipe.
fn a_child_that_never_reads_is_not_waited_for<F: Front>() {
    let command = script("echo ready; sleep 0.1; exit 4").stdin(Input::Piped);
    let (mut process, _) = started::<F>(command);
    process.write(&"x".repeat(4000));
    assert_eq!(process.wait().unwrap().status, ExitStatus::Code(4));
}

fn a_subscriber_who_never_looks_does_not_stop_an_end<F: Front>() {
    for consumers in [Consumers::Single, Consumers::Broadcast] {
        let settings = CaptureSettings::builder().consumers(consumers);
        let captured = Output::Captured(settings.build().unwrap());
        let process = F::start(script("exec yes").stdout(captured)).unwrap();
        let held = process.subscribe(StdStream::Stdout).unwrap();
        let (terminated, took) = timed(|| process.kill().unwrap());
        assert!(terminated.report.empty && took < 2 * SECOND, "{took:?}");
        drop(held);
    }
}

/// A shell command that runs this Python program, which says `ready`.
const PYTHON: &str = "import threading, os, ctypes, time, sys\n";

fn python(text: &str) -> Option<foster_process::Command> {
    let found = std::process::Command::new("python3")
        .arg("--version")
        .output();
    if !found.is_ok_and(|found| found.status.success()) {
        crate::common::not_run(&"there is no Python");
        return None;
    }
    let command = foster_process::Command::new("python3");
    let command = command.args(["-c", &format!("{PYTHON}{text}")]);
    Some(command.stdout(Output::captured()).stderr(Output::Null))
}

/// `/proc/PID/stat` shows such a process as a zombie.
fn a_program_whose_first_thread_has_ended_is_alive<F: Front>() {
    let text = "
def work():
    first = '/proc/%d/task/%d/stat' % (os.getpid(), os.getpid())
    while ') Z' not in open(first).read(): time.sleep(0.01)
    os.write(1, b'ready %d\\n' % os.getpid())
    time.sleep(100)
threading.Thread(target=work).start()
ctypes.CDLL(None).pthread_exit(None)
";
    for level in [Containment::Auto, Containment::Group] {
        for apart in [false, true] {
            let Some(command) = python(text) else { return };
            let command = if apart {
                // A daemon in a session of its own: only the environment tells whose it is.
                let text = format!(
                    "if os.fork() == 0:\n os.setsid()\n if os.fork() == 0: exec({text:?})\n \
                     else: os._exit(0)\nelse:\n time.sleep(100)\n"
                );
                python(&text).unwrap()
            } else {
                command
            };
            let (process, pids) = started::<F>(command.containment(level));
            if !apart {
                assert!(process.is_running());
            }
            let case = format!("{level:?}, apart: {apart}");
            assert!(!process.is_tree_empty(), "{case}");
            let process_ref = foster_process::ProcessRef::open(pids[0]).unwrap();
            let report = process.kill().unwrap().report;
            let gone = process_ref.wait_ended(Some(Duration::ZERO)).unwrap();
            let _ = process_ref.signal(Signal::KILL);
            assert!(gone && report.empty, "{case}: it survived");
        }
    }
}

fn a_program_that_a_thread_executes_is_the_same_process<F: Front>() {
    let text = "
def work(): os.execvp('sh', ['sh', '-c', 'echo ready $$; read x; exit 6'])
threading.Thread(target=work).start()
time.sleep(100)
";
    let Some(command) = python(text) else { return };
    let (process, pids) = started::<F>(command.stdin(Input::Piped));
    assert!(process.is_running() && process.id() == pids[0] && lives(pids[0]));
    assert_eq!(process.wait().unwrap().status, ExitStatus::Code(6));
}

/// What was read for a search that found nothing is there for the next who reads, as far as it may
/// be the beginning of what is searched for.
#[test]
fn nothing_but_what_can_not_match_is_taken() {
    let process = crate::front::Blocking::start(script("printf abcpass; exec sleep 100")).unwrap();
    let mut stdout = process.subscribe(StdStream::Stdout).unwrap();
    let soon = Some(Duration::from_millis(100));
    let waited = process.wait_for(&mut [&mut stdout], &substring("password"), soon);
    assert!(matches!(waited, WaitedFor::Deadline), "{waited:?}");
    process.kill().unwrap();
    let rest = process.visit(&mut stdout, CollectBytes::new(Keep::All));
    let rest = rest.to_vec();
    assert!(rest.ends_with(b"pass"), "{rest:?}");
}
