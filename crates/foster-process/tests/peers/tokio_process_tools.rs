//! The table of tortures that tokio-process-tools 0.11.3 was put to. Its rows 9 and 15 are empty.

use foster_process::output::{
    CaptureSettings, CollectBytes, CollectLines, Consumers, Delivery, Keep, KeepLines, LineOptions,
    LineOverflow, Lines, Pattern, PatternSet, Replay, StdStream, StreamEnd, StreamEvent,
};
use foster_process::{
    CompletionOptions, Containment, Drain, ExitStatus, Input, OnDrop, Output, Signal, WaitedFor,
};

use crate::common::{As, is_case, isolated, strangers};
use crate::front::{Blocking, Front, SECOND, Tokio, lives, script, started, timed, wait_gone};
use crate::{term, through_both};

through_both![
    who_left_the_session_ends_with_the_tree,
    it_is_over_when_the_whole_group_is,
    what_a_leader_left_is_ended_after_a_wait,
    what_a_leader_left_is_ended_without_a_wait,
    held_output_costs_neither_status_nor_bytes,
    a_deadline_keeps_what_came,
    no_line_is_lost,
    what_a_slow_reader_loses_is_told,
    what_is_dropped_is_killed_and_reaped,
    the_input_that_was_chosen_is_had,
    who_is_stopped_is_woken_to_end,
    a_cut_line_is_cut_between_characters,
    a_prompt_needs_no_newline,
    fifty_who_ignore_term_are_ended,
    a_panic_ends_it_as_gracefully_as_anything,
];

const LEVELS: [Containment; 2] = [Containment::Auto, Containment::Group];

/// Row 1: `Ok`, and the grandchild lived.
fn who_left_the_session_ends_with_the_tree<F: Front>() {
    for level in LEVELS {
        let text = "setsid sleep 100 & echo ready $!; wait";
        let (process, pids) = started::<F>(script(text).containment(level));
        let report = process.terminate(term(SECOND)).unwrap().report;
        assert!(report.empty && !lives(pids[0]), "{level:?}");
    }
}

/// Row 2: `Ok` when the leader was gone; a later kill did nothing.
fn it_is_over_when_the_whole_group_is<F: Front>() {
    for level in LEVELS {
        let text = "sh -c 'trap \"\" TERM; echo ready $$; sleep 100; sleep 100' & wait";
        let (process, pids) = started::<F>(script(text).containment(level));
        let report = process.terminate(term(SECOND / 10)).unwrap().report;
        assert!(report.empty && !lives(pids[0]), "{level:?}");
        assert_eq!(report.phases.len(), 2, "TERM was not enough");
    }
}

/// Row 3: survived wait, then terminate, kill, and drop.
fn what_a_leader_left_is_ended_after_a_wait<F: Front>() {
    left_behind::<F>(true);
}

/// Rows 3b, 3c, 3d: the same without the wait; and the handle panicked when it was dropped.
fn what_a_leader_left_is_ended_without_a_wait<F: Front>() {
    left_behind::<F>(false);
}

fn left_behind<F: Front>(waits: bool) {
    for level in LEVELS {
        for way in ["terminate", "kill", "is_running, then drop"] {
            let text = "sleep 100 & echo ready $!; exit 3";
            let (process, pids) = started::<F>(script(text).containment(level));
            if waits {
                assert_eq!(process.wait().unwrap().status, ExitStatus::Code(3));
            } else {
                while process.is_running() {}
            }
            match way {
                "terminate" => assert!(process.terminate(term(SECOND)).unwrap().report.empty),
                "kill" => assert!(process.kill().unwrap().report.empty),
                _ => drop(process),
            }
            assert!(!lives(pids[0]), "{level:?}: {way}");
        }
    }
}

/// Row 4: the status and the bytes were lost.
fn held_output_costs_neither_status_nor_bytes<F: Front>() {
    let process = F::start(script("setsid sleep 100 & echo bytes; exit 7")).unwrap();
    let drain = Drain {
        quiet: SECOND / 10,
        at_most: SECOND,
    };
    let options = CompletionOptions::new().drain(drain);
    let done = process
        .complete(options.stdout(CollectBytes::new(Keep::All)))
        .unwrap();
    assert_eq!(done.status(), Some(ExitStatus::Code(7)));
    assert_eq!(done.stdout.to_vec(), b"bytes\n");
    assert!(matches!(done.stdout_end, StreamEnd::HeldOpen { pids } if pids.len() == 1));
}

/// Row 5: partial output was thrown away.
fn a_deadline_keeps_what_came<F: Front>() {
    let (process, _) = started::<F>(script("echo ready; echo partial; exec sleep 100"));
    let options = CompletionOptions::new().deadline(SECOND / 5);
    let done = process
        .complete(options.stdout(CollectBytes::new(Keep::All)))
        .unwrap();
    assert!(done.is_late() && process.is_running());
    assert_eq!(done.stdout.to_vec(), b"\npartial\n");
}

/// Row 6: 40 of 40 runs lost lines, and said nothing.
fn no_line_is_lost<F: Front>() {
    for consumers in [Consumers::Single, Consumers::Broadcast] {
        for _ in 0..5 {
            let settings = CaptureSettings::builder().consumers(consumers);
            let captured = Output::Captured(settings.build().unwrap());
            let process = F::start(script("seq 1 300000").stdout(captured)).unwrap();
            let lines = CollectLines::new(KeepLines::All);
            let lines = Lines::new(LineOptions::default(), lines);
            let done = process.complete(CompletionOptions::new().stdout(lines));
            let kept = done.unwrap().stdout;
            assert!(!kept.truncated());
            assert_eq!(kept.lines().count(), 300_000);
        }
    }
}

/// Row 7: 1 % of the bytes came, `truncated` was false, and the ends of the gap were glued together.
fn what_a_slow_reader_loses_is_told<F: Front>() {
    let settings = CaptureSettings::builder()
        .consumers(Consumers::Broadcast)
        .delivery(Delivery::Lossy);
    let captured = Output::Captured(settings.build().unwrap());
    let command = script("read x; seq 1 1000000").stdin(Input::Piped);
    let mut process = F::start(command.stdout(captured)).unwrap();
    let mut slow = process.subscribe(StdStream::Stdout).unwrap();
    let mut fast = process.subscribe(StdStream::Stdout).unwrap();
    process.write("\n");
    // The one reads all before the other looks.
    let all = process.visit(&mut fast, CollectBytes::new(Keep::All));
    let mut lossy = CollectBytes::new(Keep::All);
    let (mut came, mut lost) = (0, 0);
    loop {
        use foster_process::output::ChunkVisitor as _;
        match process.next_event(&mut slow) {
            StreamEvent::Chunk(chunk) => {
                came += chunk.len() as u64;
                let _ = lossy.chunk(&chunk);
            }
            StreamEvent::Gap(gap) => {
                lost += gap.bytes;
                lossy.gap(gap);
            }
            StreamEvent::End(_) => break,
        }
    }
    assert_eq!((came + lost, lost > 0), (6_888_896, true));
    let kept = lossy.so_far();
    assert!(kept.truncated() && kept.gaps().bytes == lost);
    assert!(all.total() == 6_888_896 || all.truncated());
}

/// Row 8: as promised there too.
fn what_is_dropped_is_killed_and_reaped<F: Front>() {
    let (process, pids) = started::<F>(script("sleep 100 & echo ready $! $$; wait"));
    drop(process);
    assert!(!lives(pids[0]));
    let leader = std::path::Path::new("/proc").join(pids[1].to_string());
    assert!(!leader.exists(), "it is a zombie");
}

/// Row 10: `Command::stdin` was ignored.
fn the_input_that_was_chosen_is_had<F: Front>() {
    let process = F::start(script("readlink /proc/self/fd/0").stdin(Input::Null)).unwrap();
    let options = CompletionOptions::new().stdout(CollectBytes::new(Keep::All));
    let done = process.complete(options).unwrap();
    assert_eq!(done.stdout.to_vec(), b"/dev/null\n");
}

/// Row 11: the whole timeout went by, and then it was killed.
fn who_is_stopped_is_woken_to_end<F: Front>() {
    let text = "trap 'exit 4' TERM; echo ready; kill -STOP $$; while :; do sleep 0.01; done";
    let (process, _) = started::<F>(script(text));
    let (terminated, took) = timed(|| process.terminate(term(20 * SECOND)).unwrap());
    assert!(took < 10 * SECOND, "{took:?}");
    assert_eq!(terminated.ended.unwrap().status, ExitStatus::Code(4));
}

/// Row 12: a character was split, and `\r` stayed.
fn a_cut_line_is_cut_between_characters<F: Front>() {
    let process = F::start(script(
        "printf 'h\\303\\251h\\303\\251h\\303\\251\\r\\nnext\\r\\n'",
    ));
    let options = LineOptions::default().with_overflow(LineOverflow::Split);
    let options = options.with_max_length(4).unwrap();
    let lines = Lines::new(options, CollectLines::new(KeepLines::All));
    let done = process
        .unwrap()
        .complete(CompletionOptions::new().stdout(lines))
        .unwrap();
    let lines: Vec<_> = { done.stdout.lines() }
        .map(|line| line.text().into_owned())
        .collect();
    assert_eq!(lines.concat(), "héhéhénext");
    assert!(lines.len() > 2 && lines.iter().all(|line| !line.contains('\u{fffd}')));
}

/// Row 16: `Timeout`.
fn a_prompt_needs_no_newline<F: Front>() {
    let process = F::start(script("printf 'password: '; exec sleep 100")).unwrap();
    let mut stdout = process.subscribe(StdStream::Stdout).unwrap();
    let prompt = PatternSet::new([Pattern::substring("password: ")]).unwrap();
    let found = process.wait_for(&mut [&mut stdout], &prompt, Some(10 * SECOND));
    let WaitedFor::Found(found) = found else {
        panic!("{found:?}");
    };
    assert_eq!(found.what.text, "password: ");
}

/// Row 17: none survived there either.
fn fifty_who_ignore_term_are_ended<F: Front>() {
    for level in LEVELS {
        let text = "trap '' TERM; for i in $(seq 50); do sleep 100 & done; echo ready; wait";
        let (process, _) = started::<F>(script(text).containment(level));
        let (terminated, took) = timed(|| process.terminate(term(SECOND / 2)).unwrap());
        assert!(terminated.report.empty && took < 5 * SECOND, "{took:?}");
    }
}

/// Row 18: it was killed, and not asked.
fn a_panic_ends_it_as_gracefully_as_anything<F: Front + Send + 'static>() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("goodbye");
    let text = format!(
        "trap 'echo asked > {}; exit' TERM; echo ready $$; while :; do sleep 0.01; done",
        file.display()
    );
    let (process, pids) = started::<F>(script(&text));
    process.set_on_drop(OnDrop::Terminate(term(10 * SECOND)));
    let panicking = std::thread::spawn(move || {
        let _held = process;
        std::panic::resume_unwind(Box::new("as planned"));
    });
    assert!(panicking.join().is_err());
    assert!(!lives(pids[0]));
    assert_eq!(std::fs::read_to_string(file).unwrap(), "asked\n");
}

/// Row 13: 11.8 MB more for 1 MB of replay, a piece of memory for each byte written.
#[test]
fn replay_of_single_bytes_takes_few_more_than_them() {
    let name = "tokio_process_tools::replay_of_single_bytes_takes_few_more_than_them";
    isolated(name, As::Caller, || {
        let settings = CaptureSettings::builder()
            .consumers(Consumers::Broadcast)
            .replay(Replay::LastBytes(1 << 20));
        let captured = Output::Captured(settings.build().unwrap());
        let command = script("echo ready; exec dd if=/dev/zero bs=1 count=600000");
        let (process, _) = started::<Blocking>(command.stdout(captured));
        let mut stdout = process.subscribe(StdStream::Stdout).unwrap();
        let before = resident();
        while !matches!(process.next_event(&mut stdout), StreamEvent::End(_)) {}
        let grown = resident().saturating_sub(before);
        println!("600000 single bytes of replay: {} KiB more", grown / 1024);
        assert!(grown < 8 << 20, "{grown} bytes");
    });
}

/// Returns how many bytes of this process are in memory.
fn resident() -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap();
    let kilobytes = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = kilobytes.unwrap().trim().trim_end_matches(" kB");
    kilobytes.parse::<u64>().unwrap() * 1024
}

/// Row 14, with fewer: 500 in 0.74 s, ended in 36 ms.
#[test]
fn a_hundred_at_once_are_started_and_ended() {
    let start = || (0..100).map(|_| Blocking::start(script("exec sleep 100")).unwrap());
    let (all, starting) = timed(|| start().collect::<Vec<_>>());
    let pids: Vec<i32> = all.iter().map(Front::id).collect();
    let ((), ending) = timed(|| {
        for process in &all {
            process.start_kill().unwrap();
        }
        for process in &all {
            assert!(process.terminate(term(SECOND)).unwrap().report.empty);
        }
    });
    println!("100 started in {starting:?}, ended in {ending:?}");
    assert!(starting < 10 * SECOND && ending < 10 * SECOND);
    assert!(pids.iter().all(|pid| !lives(*pid)));
}

/// Row 19: the child lived on. In a PID namespace it doesn't; `tests/guardian.rs` has the same for
/// trees at any level.
#[test]
fn a_killed_owner_takes_its_namespace_along() {
    const OWNER: &str = "an owner to be killed";
    let name = "tokio_process_tools::a_killed_owner_takes_its_namespace_along";
    if is_case(OWNER) {
        let text =
            "trap '' TERM HUP; setsid sleep 100 & env -i setsid sleep 100 & echo ready; wait";
        let command = script(text).containment(Containment::PidNamespace);
        let (_process, _) = started::<Tokio>(command);
        println!("owning {}", strangers().len());
        let _ = std::io::Read::read(&mut std::io::stdin(), &mut [0]);
        return;
    }
    isolated(name, As::Caller, || {
        use std::io::BufRead as _;
        let mut owner = std::process::Command::new(std::env::current_exe().unwrap())
            .args([name, "--exact", "--nocapture", "--test-threads=1"])
            .env("FOSTER_PROCESS_TEST_CASE", OWNER)
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let out = std::io::BufReader::new(owner.stdout.take().unwrap());
        let mut lines = out.lines().map(Result::unwrap);
        let owning = lines.find(|line| line.contains("owning ")).unwrap();
        assert!(!owning.ends_with("owning 0"), "{owning}");
        owner.kill().unwrap();
        let status = owner.wait().unwrap();
        assert_eq!(
            std::os::unix::process::ExitStatusExt::signal(&status),
            Some(Signal::KILL.number())
        );
        for stat in strangers() {
            wait_gone(stat.split(' ').next().unwrap().parse().unwrap());
        }
        assert_eq!(strangers(), Vec::<String>::new());
    });
}
