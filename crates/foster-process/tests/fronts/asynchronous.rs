//! What only the front under tokio has: visitors who wait, futures that are dropped, tasks beside each
//! other.

use std::io;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use ::tokio::time::{sleep, timeout};
use bytes::Bytes;
use foster_process::output::{
    CaptureSettings, CollectBytes, Consumers, Delivery, Gap, Keep, LineOptions, Pattern,
    PatternSet, Replay, StdStream, StreamEnd, StreamEvent,
};
use foster_process::tokio::{
    AsyncChunkVisitor, AsyncLineVisitor, OwnedLine, Process, Subscription, wait_for,
};
use foster_process::{
    CompletionOptions, ExitStatus, GracefulTimeouts, Input, OnDrop, Output, OutputError, Signal,
    StartError, UnixPhases, WaitedFor,
};

use crate::front::{SECOND, lives, script};

const SOON: Duration = Duration::from_millis(50);

fn start(command: foster_process::Command) -> Process {
    Process::start(command).unwrap()
}

fn shared(delivery: Delivery, replay: Replay) -> Output {
    let settings = CaptureSettings::builder().consumers(Consumers::Broadcast);
    let settings = settings.delivery(delivery).replay(replay);
    Output::Captured(settings.build().unwrap())
}

fn substring(text: &str) -> PatternSet {
    PatternSet::new([Pattern::substring(text)]).unwrap()
}

/// Returns the pids that a first line of output names after `ready`.
async fn ready(stdout: &mut Subscription) -> Vec<i32> {
    let line = PatternSet::new([Pattern::regex(r"^ready.*$").unwrap()]).unwrap();
    let WaitedFor::Found(found) = stdout.wait_for(&line, Some(10 * SECOND)).await.unwrap() else {
        panic!("it never was ready");
    };
    let pids = found.what.text.split_whitespace().skip(1);
    pids.map(|pid| pid.parse().unwrap()).collect()
}

fn term(grace: Duration) -> GracefulTimeouts {
    let builder = GracefulTimeouts::builder().unix(UnixPhases::terminate_only(grace));
    builder.windows(grace).build()
}

/// One who waits for something else each time.
#[derive(Default)]
struct Slow {
    bytes: Vec<u8>,
    lines: Vec<String>,
    enough: Option<usize>,
}

impl AsyncChunkVisitor for Slow {
    type Output = (Self, StreamEnd);

    async fn chunk(&mut self, chunk: Bytes) -> ControlFlow<()> {
        ::tokio::task::yield_now().await;
        self.bytes.extend_from_slice(&chunk);
        ControlFlow::Continue(())
    }

    async fn finish(self, end: &StreamEnd) -> Self::Output {
        (self, end.clone())
    }
}

impl AsyncLineVisitor for Slow {
    type Output = Self;

    async fn line(&mut self, line: OwnedLine) -> ControlFlow<()> {
        ::tokio::task::yield_now().await;
        self.lines.push(line.text);
        match self.enough {
            Some(enough) if self.lines.len() >= enough => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        }
    }

    async fn finish(self, _: &StreamEnd) -> Self {
        self
    }
}

#[::tokio::test]
async fn visitors_may_wait() {
    let process = start(script("seq 1 20000; printf end"));
    let mut stdout = process.stdout().unwrap();
    let (seen, end) = stdout.visit_async(Slow::default()).await.unwrap();
    assert!(end.is_eof());
    assert_eq!(seen.bytes.len(), 108_894 + 3);
    process.wait().await.unwrap();

    for enough in [None, Some(5)] {
        let process = start(script("seq 1 20000; printf end"));
        let mut stdout = process.stdout().unwrap();
        let slow = Slow {
            enough,
            ..Slow::default()
        };
        let options = LineOptions::default();
        let seen = stdout.visit_lines_async(slow, options).await.unwrap();
        assert_eq!(seen.lines.len(), enough.unwrap_or(20_001));
        assert!(enough.is_some() || seen.lines.last().unwrap() == "end");
        drop(stdout);
        process.wait().await.unwrap();
    }
}

#[::tokio::test]
async fn who_waited_for_another_reads_on_when_that_one_leaves() {
    let settings = CaptureSettings::builder().consumers(Consumers::Broadcast);
    let settings = settings.read_size(4096).buffer(8192).build().unwrap();
    let command = script("head -c 65536 /dev/zero; read x").stdin(Input::Piped);
    let process = start(command.stdout(Output::Captured(settings)));
    let mut stdout = process.stdout().unwrap();
    let idle = process.stdout().unwrap();
    let mut bytes = 0;
    while let Ok(event) = timeout(SOON, stdout.next_event()).await {
        let StreamEvent::Chunk(chunk) = event.unwrap() else {
            panic!("after {bytes} bytes");
        };
        bytes += chunk.len();
    }
    assert!(bytes <= 8192, "{bytes}");
    drop(idle);
    while bytes < 65536 {
        // Nothing more is written, so the pipe tells of nothing new.
        let event = timeout(10 * SECOND, stdout.next_event()).await;
        let StreamEvent::Chunk(chunk) = event.unwrap().unwrap() else {
            panic!("after {bytes} bytes");
        };
        bytes += chunk.len();
    }
    process.kill().await.unwrap();
}

#[::tokio::test]
async fn a_dropped_next_event_loses_nothing() {
    let process = start(script("for i in $(seq 300); do echo $i; sleep 0.001; done"));
    let mut stdout = process.stdout().unwrap();
    let (mut text, mut dropped) = (Vec::new(), 0);
    loop {
        let event = timeout(Duration::from_micros(100), stdout.next_event()).await;
        match event.map(Result::unwrap) {
            Err(_) => dropped += 1,
            Ok(StreamEvent::Chunk(chunk)) => text.extend_from_slice(&chunk),
            Ok(StreamEvent::Gap(gap)) => panic!("{gap:?}"),
            Ok(StreamEvent::End(_)) => break,
        }
    }
    let text = String::from_utf8(text).unwrap();
    let numbers = text.lines().map(|line| line.parse::<u32>().unwrap());
    assert!(numbers.eq(1..=300), "{text}");
    assert!(dropped > 0);
}

#[::tokio::test]
async fn a_dropped_search_loses_no_half_prompt() {
    let command = script("printf 'ready\\npass'; read x; printf 'word: '; read x");
    let process = start(command.stdin(Input::Piped));
    let mut stdin = process.take_stdin().unwrap();
    let mut stdout = process.stdout().unwrap();
    ready(&mut stdout).await;
    let prompt = substring("password: ");
    for _ in 0..3 {
        let search = timeout(SOON, stdout.wait_for(&prompt, None));
        assert!(search.await.is_err(), "it is not there yet");
    }
    ::tokio::io::AsyncWriteExt::write_all(&mut stdin, b"\n")
        .await
        .unwrap();
    let found = stdout.wait_for(&prompt, Some(10 * SECOND)).await.unwrap();
    assert!(matches!(found, WaitedFor::Found(_)), "{found:?}");
}

#[::tokio::test]
async fn a_dropped_wait_loses_neither_status_nor_bytes() {
    let command = script("echo one; read x <&3; echo two; exit 7");
    let (gate, opened) = io::pipe().unwrap();
    let command = command.stdout(shared(Delivery::Reliable, Replay::All));
    let process = start(command.descriptor(3, gate));
    let all = || CompletionOptions::new().stdout(CollectBytes::new(Keep::All));
    for _ in 0..3 {
        assert!(
            timeout(SOON, process.wait_for_completion(all()))
                .await
                .is_err()
        );
        assert!(timeout(SOON, process.wait()).await.is_err());
        assert!(process.is_running().unwrap());
    }
    drop(opened);
    let done = process.wait_for_completion(all()).await.unwrap();
    assert_eq!(done.status(), Some(ExitStatus::Code(7)));
    assert_eq!(done.stdout.to_vec(), b"one\ntwo\n");
}

#[::tokio::test]
async fn a_dropped_termination_can_be_taken_up_and_leaves_the_guard_armed() {
    for again in [true, false] {
        let process = start(script(
            "trap '' TERM; sleep 100 & echo ready $! $$; wait; wait",
        ));
        let pids = ready(&mut process.stdout().unwrap()).await;
        let ending = timeout(SOON, process.terminate(term(100 * SECOND)));
        assert!(ending.await.is_err());
        assert!(lives(pids[1]), "it ignores TERM");
        if again {
            let ended = process.terminate(term(SOON)).await.unwrap();
            assert!(ended.report.empty);
            let status = ended.ended.unwrap().status;
            assert_eq!(status.signal(), Some(Signal::KILL));
        } else {
            process.set_on_drop(OnDrop::Kill);
            drop(process);
        }
        assert!(!lives(pids[0]) && !lives(pids[1]));
    }
}

/// Reads to the end, slowly or not, and returns how many bytes came and how many were lost.
async fn read_all(mut stream: Subscription, slow: bool) -> (u64, u64) {
    let (mut bytes, mut lost) = (0, 0);
    loop {
        match stream.next_event().await.unwrap() {
            StreamEvent::Chunk(chunk) => bytes += chunk.len() as u64,
            StreamEvent::Gap(Gap { bytes, .. }) => lost += bytes,
            StreamEvent::End(end) => {
                assert!(end.is_eof());
                return (bytes, lost);
            }
        }
        if slow {
            sleep(Duration::from_millis(3)).await;
        }
    }
}

#[::tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_tasks_read_one_stream() {
    const BYTES: u64 = 10_000_000;
    for delivery in [Delivery::Reliable, Delivery::Lossy] {
        let command = script("read x; head -c 10000000 /dev/zero; exit 2");
        let command = command
            .stdin(Input::Piped)
            .stdout(shared(delivery, Replay::None));
        let process = Arc::new(start(command));
        let readers: Vec<_> = (0..6)
            .map(|n| ::tokio::spawn(read_all(process.stdout().unwrap(), n == 0)))
            .collect();
        let waiting = Arc::clone(&process);
        let waiting = ::tokio::spawn(async move { waiting.wait().await.unwrap().status });
        for reader in readers {
            let (bytes, lost) = timeout(60 * SECOND, reader).await.unwrap().unwrap();
            assert_eq!(bytes + lost, BYTES, "{delivery:?}");
            assert!(lost == 0 || delivery == Delivery::Lossy);
        }
        let status = timeout(10 * SECOND, waiting).await.unwrap().unwrap();
        assert_eq!(status, ExitStatus::Code(2));
    }
}

#[::tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_task_waits_while_another_reads_and_ends() {
    for way in ["terminate", "kill", "start_kill"] {
        let process = Arc::new(start(script("echo ready; exec yes")));
        let mut stdout = process.stdout().unwrap();
        ready(&mut stdout).await;
        let reading = ::tokio::spawn(read_all(stdout, false));
        let waiting = Arc::clone(&process);
        let waiting = ::tokio::spawn(async move { waiting.wait().await.unwrap().status });
        sleep(SOON).await;
        match way {
            "terminate" => drop(process.terminate(term(SECOND)).await.unwrap()),
            "kill" => drop(process.kill().await.unwrap()),
            _ => process.start_kill().unwrap(),
        }
        let status = timeout(10 * SECOND, waiting).await.unwrap().unwrap();
        assert!(status.signal().is_some(), "{way}: {status:?}");
        let (bytes, lost) = timeout(10 * SECOND, reading).await.unwrap().unwrap();
        assert!(bytes > 0 && lost == 0);
    }
}

#[::tokio::test]
async fn a_timer_beside_a_wait() {
    let process = start(script("exec sleep 100"));
    ::tokio::select! {
        ended = process.wait() => panic!("{ended:?}"),
        () = sleep(SOON) => {}
    }
    assert!(process.is_running().unwrap());
    process
        .signal(foster_process::Target::Leader, Signal::TERM)
        .unwrap();
    ::tokio::select! {
        ended = process.wait() => assert_eq!(ended.unwrap().status.signal(), Some(Signal::TERM)),
        () = sleep(10 * SECOND) => panic!("it does not end"),
    }
}

/// Reading what comes faster than it is read never has to wait, and must let others run.
#[::tokio::test]
async fn a_flood_leaves_the_thread_to_others() {
    let process = start(script("exec cat /dev/zero"));
    let mut stdout = process.stdout().unwrap();
    ::tokio::select! {
        _ = stdout.visit(Busy(0)) => panic!("there is no end"),
        () = sleep(SOON) => {}
    }
}

/// One who takes his time for each chunk, and gives up after far too many.
struct Busy(u32);

impl foster_process::output::ChunkVisitor for Busy {
    type Output = ();

    fn chunk(&mut self, _: &[u8]) -> ControlFlow<()> {
        let began = std::time::Instant::now();
        while began.elapsed() < Duration::from_millis(1) {}
        self.0 += 1;
        if self.0 > 3000 {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }

    fn finish(self, _: &StreamEnd) {}
}

#[test]
fn without_a_runtime_there_are_errors() {
    for input in [Input::Null, Input::Piped] {
        let started = Process::start(script("exec sleep 100").stdin(input));
        assert!(
            matches!(started, Err(StartError::Runtime(_))),
            "{started:?}"
        );
    }
    let runtime = ::tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = runtime.unwrap();
    let process = runtime.block_on(async { start(script("echo ready; exec sleep 100")) });
    let refused = process.stdout();
    assert!(
        matches!(refused, Err(OutputError::Watch(..))),
        "{refused:?}"
    );
    // It can be read within one, and is not lost.
    let mut stdout = runtime.block_on(async { process.stdout() }).unwrap();
    runtime.block_on(ready(&mut stdout));
    let polled =
        std::pin::pin!(process.wait()).poll(&mut Context::from_waker(std::task::Waker::noop()));
    assert!(matches!(polled, Poll::Ready(Err(_))), "{polled:?}");
    let pid = process.id();
    process.start_kill().unwrap();
    drop(process);
    assert!(!lives(pid));
}

#[::tokio::test]
async fn two_streams_are_searched_at_once_and_again() {
    let process = start(script("printf out; printf err >&2; exec sleep 100"));
    let (mut out, mut err) = (process.stdout().unwrap(), process.stderr().unwrap());
    let mut found = Vec::new();
    for text in ["out", "err"] {
        let (mut streams, text) = ([&mut out, &mut err], substring(text));
        let waited = wait_for(&mut streams, &text, Some(10 * SECOND)).await;
        let WaitedFor::Found(it) = waited.unwrap() else {
            panic!("{text:?} never came");
        };
        found.push(it.stream);
    }
    assert_eq!(found, [StdStream::Stdout, StdStream::Stderr]);
}
