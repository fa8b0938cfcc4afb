//! Both fronts under one name each thing.

use std::io::Write;
use std::time::{Duration, Instant};

use ::tokio::io::AsyncWrite;
use foster_process::output::{
    ChunkVisitor, Discard, OnWriteError, PatternSet, StdStream, StreamEvent, WriteFailed, Written,
};
use foster_process::{
    Command, Completed, CompletionError, CompletionOptions, Ended, Escalation, OnDrop, Output,
    OutputError, SignalError, StartError, Target, TerminateError, Terminated, WaitedFor,
};
use foster_process::{Signal, blocking, tokio as asynchronous};

/// Makes a test of each case for each front.
#[macro_export]
macro_rules! through_both {
    ($($case:ident),+ $(,)?) => {
        mod blocking {
            $(#[test] fn $case() { super::$case::<$crate::front::Blocking>(); })+
        }
        mod tokio {
            $(#[test] fn $case() { super::$case::<$crate::front::Tokio>(); })+
        }
    };
}

pub const SECOND: Duration = Duration::from_secs(1);

pub trait Front: Sized {
    type Subscription;

    fn start(command: Command) -> Result<Self, StartError>;
    fn name(&self) -> String;
    fn id(&self) -> i32;
    fn is_running(&self) -> bool;
    fn is_tree_empty(&self) -> bool;
    fn try_wait(&self) -> Option<Ended>;
    fn wait(&self) -> Result<Ended, CompletionError>;
    fn complete<O: ChunkVisitor + Send, E: ChunkVisitor + Send>(
        &self,
        options: CompletionOptions<O, E>,
    ) -> Result<Completed<O::Output, E::Output>, CompletionError>;
    fn signal(&self, target: Target, signal: Signal) -> Result<(), SignalError>;
    fn terminate(&self, escalation: impl Into<Escalation>) -> Result<Terminated, TerminateError>;
    fn kill(&self) -> Result<Terminated, TerminateError>;
    fn start_kill(&self) -> Result<(), SignalError>;
    fn write(&mut self, text: &str);
    fn set_on_drop(&self, on_drop: OnDrop);
    fn subscribe(&self, stream: StdStream) -> Result<Self::Subscription, OutputError>;
    fn next_event(&self, subscription: &mut Self::Subscription) -> StreamEvent;
    fn visit<V: ChunkVisitor + Send>(
        &self,
        subscription: &mut Self::Subscription,
        visitor: V,
    ) -> V::Output;
    fn write_to<W: Write + AsyncWrite + Unpin>(
        &self,
        subscription: &mut Self::Subscription,
        writer: W,
        on_error: OnWriteError,
    ) -> Result<Written<W>, WriteFailed>;
    fn wait_for(
        &self,
        subscriptions: &mut [&mut Self::Subscription],
        patterns: &PatternSet,
        at_most: Option<Duration>,
    ) -> WaitedFor;
    /// Waits for the whole while the subscriber waits for one event.
    fn complete_beside(
        &self,
        subscription: &mut Self::Subscription,
    ) -> (Completed<Discard, Discard>, StreamEvent);
}

#[derive(Debug)]
pub struct Blocking(pub blocking::Process);

#[derive(Debug)]
pub struct Tokio {
    pub process: asynchronous::Process,
    runtime: ::tokio::runtime::Runtime,
}

impl Front for Blocking {
    type Subscription = blocking::Subscription;

    fn start(command: Command) -> Result<Self, StartError> {
        blocking::Process::start(command).map(Self)
    }
    fn name(&self) -> String {
        self.0.name().to_owned()
    }
    fn id(&self) -> i32 {
        self.0.id()
    }
    fn is_running(&self) -> bool {
        self.0.is_running().unwrap()
    }
    fn is_tree_empty(&self) -> bool {
        self.0.is_tree_empty().unwrap()
    }
    fn try_wait(&self) -> Option<Ended> {
        self.0.try_wait().unwrap()
    }
    fn wait(&self) -> Result<Ended, CompletionError> {
        self.0.wait()
    }
    fn complete<O: ChunkVisitor + Send, E: ChunkVisitor + Send>(
        &self,
        options: CompletionOptions<O, E>,
    ) -> Result<Completed<O::Output, E::Output>, CompletionError> {
        self.0.wait_for_completion(options)
    }
    fn signal(&self, target: Target, signal: Signal) -> Result<(), SignalError> {
        self.0.signal(target, signal)
    }
    fn terminate(&self, escalation: impl Into<Escalation>) -> Result<Terminated, TerminateError> {
        self.0.terminate(escalation)
    }
    fn kill(&self) -> Result<Terminated, TerminateError> {
        self.0.kill()
    }
    fn start_kill(&self) -> Result<(), SignalError> {
        self.0.start_kill()
    }
    fn write(&mut self, text: &str) {
        let stdin = self.0.stdin().unwrap();
        stdin.write_all(text.as_bytes()).unwrap();
    }
    fn set_on_drop(&self, on_drop: OnDrop) {
        self.0.set_on_drop(on_drop);
    }
    fn subscribe(&self, stream: StdStream) -> Result<Self::Subscription, OutputError> {
        match stream {
            StdStream::Stdout => self.0.stdout(),
            StdStream::Stderr => self.0.stderr(),
        }
    }
    fn next_event(&self, subscription: &mut Self::Subscription) -> StreamEvent {
        subscription.next_event().unwrap()
    }
    fn visit<V: ChunkVisitor + Send>(
        &self,
        subscription: &mut Self::Subscription,
        visitor: V,
    ) -> V::Output {
        subscription.visit(visitor).unwrap()
    }
    fn write_to<W: Write + AsyncWrite + Unpin>(
        &self,
        subscription: &mut Self::Subscription,
        writer: W,
        on_error: OnWriteError,
    ) -> Result<Written<W>, WriteFailed> {
        subscription.write_to(writer, on_error)
    }
    fn wait_for(
        &self,
        subscriptions: &mut [&mut Self::Subscription],
        patterns: &PatternSet,
        at_most: Option<Duration>,
    ) -> WaitedFor {
        blocking::wait_for(subscriptions, patterns, at_most).unwrap()
    }
    fn complete_beside(
        &self,
        subscription: &mut Self::Subscription,
    ) -> (Completed<Discard, Discard>, StreamEvent) {
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| self.complete(CompletionOptions::new()).unwrap());
            let event = self.next_event(subscription);
            (waiting.join().unwrap(), event)
        })
    }
}

impl Tokio {
    fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }
}

impl Front for Tokio {
    type Subscription = asynchronous::Subscription;

    fn start(command: Command) -> Result<Self, StartError> {
        // One thread: nothing may need more.
        let runtime = ::tokio::runtime::Builder::new_current_thread();
        let runtime = { runtime }.enable_all().build().unwrap();
        let process = runtime.block_on(async { asynchronous::Process::start(command) })?;
        Ok(Self { process, runtime })
    }
    fn name(&self) -> String {
        self.process.name().to_owned()
    }
    fn id(&self) -> i32 {
        self.process.id()
    }
    fn is_running(&self) -> bool {
        self.process.is_running().unwrap()
    }
    fn is_tree_empty(&self) -> bool {
        self.process.is_tree_empty().unwrap()
    }
    fn try_wait(&self) -> Option<Ended> {
        self.process.try_wait().unwrap()
    }
    fn wait(&self) -> Result<Ended, CompletionError> {
        self.block_on(self.process.wait())
    }
    fn complete<O: ChunkVisitor + Send, E: ChunkVisitor + Send>(
        &self,
        options: CompletionOptions<O, E>,
    ) -> Result<Completed<O::Output, E::Output>, CompletionError> {
        self.block_on(self.process.wait_for_completion(options))
    }
    fn signal(&self, target: Target, signal: Signal) -> Result<(), SignalError> {
        self.process.signal(target, signal)
    }
    fn terminate(&self, escalation: impl Into<Escalation>) -> Result<Terminated, TerminateError> {
        self.block_on(self.process.terminate(escalation))
    }
    fn kill(&self) -> Result<Terminated, TerminateError> {
        self.block_on(self.process.kill())
    }
    fn start_kill(&self) -> Result<(), SignalError> {
        self.process.start_kill()
    }
    fn write(&mut self, text: &str) {
        use ::tokio::io::AsyncWriteExt as _;
        let stdin = self.process.stdin().unwrap();
        self.runtime
            .block_on(stdin.write_all(text.as_bytes()))
            .unwrap();
    }
    fn set_on_drop(&self, on_drop: OnDrop) {
        self.process.set_on_drop(on_drop);
    }
    fn subscribe(&self, stream: StdStream) -> Result<Self::Subscription, OutputError> {
        self.block_on(async {
            match stream {
                StdStream::Stdout => self.process.stdout(),
                StdStream::Stderr => self.process.stderr(),
            }
        })
    }
    fn next_event(&self, subscription: &mut Self::Subscription) -> StreamEvent {
        self.block_on(subscription.next_event()).unwrap()
    }
    fn visit<V: ChunkVisitor + Send>(
        &self,
        subscription: &mut Self::Subscription,
        visitor: V,
    ) -> V::Output {
        self.block_on(subscription.visit(visitor)).unwrap()
    }
    fn write_to<W: Write + AsyncWrite + Unpin>(
        &self,
        subscription: &mut Self::Subscription,
        writer: W,
        on_error: OnWriteError,
    ) -> Result<Written<W>, WriteFailed> {
        self.block_on(subscription.write_to(writer, on_error))
    }
    fn wait_for(
        &self,
        subscriptions: &mut [&mut Self::Subscription],
        patterns: &PatternSet,
        at_most: Option<Duration>,
    ) -> WaitedFor {
        self.block_on(asynchronous::wait_for(subscriptions, patterns, at_most))
            .unwrap()
    }
    fn complete_beside(
        &self,
        subscription: &mut Self::Subscription,
    ) -> (Completed<Discard, Discard>, StreamEvent) {
        let waiting = self.process.wait_for_completion(CompletionOptions::new());
        let both = async { ::tokio::join!(waiting, subscription.next_event()) };
        let (completed, event) = self.block_on(both);
        (completed.unwrap(), event.unwrap())
    }
}

/// A shell that runs this script, with both outputs captured.
pub fn script(text: &str) -> Command {
    Command::new("sh")
        .args(["-c", text])
        .stdout(Output::captured())
        .stderr(Output::captured())
}

/// Starts a script that tells when it is ready by a first line of its output, and returns the pids
/// that this line names.
pub fn started<F: Front>(command: Command) -> (F, Vec<i32>) {
    let process = F::start(command).unwrap();
    let mut stdout = process.subscribe(StdStream::Stdout).unwrap();
    let line = PatternSet::new([foster_process::output::Pattern::regex(r"^ready.*$").unwrap()]);
    let line = line.unwrap();
    let WaitedFor::Found(found) = process.wait_for(&mut [&mut stdout], &line, Some(10 * SECOND))
    else {
        panic!("it never was ready");
    };
    let pids = found.what.text.split_whitespace().skip(1);
    let pids = pids.map(|pid| pid.parse().unwrap()).collect();
    (process, pids)
}

/// Whether a process is there and runs: a zombie doesn't.
pub fn lives(pid: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = stat
        .rsplit_once(") ")
        .and_then(|(_, rest)| rest.chars().next());
    state.is_some_and(|state| !"ZXx".contains(state))
}

/// Waits until a process has ended.
pub fn wait_gone(pid: i32) {
    let Ok(process) = foster_process::ProcessRef::open(pid) else {
        return;
    };
    assert!(
        process.wait_ended(Some(10 * SECOND)).unwrap(),
        "pid {pid} lives on"
    );
}

/// Ends a process of a test's own, which is to live no longer than it.
pub fn end(pid: i32) {
    if let Ok(process) = foster_process::ProcessRef::open(pid) {
        let _ = process.signal(Signal::KILL);
    }
}

/// How long something took.
pub fn timed<T>(what: impl FnOnce() -> T) -> (T, Duration) {
    let began = Instant::now();
    let result = what();
    (result, began.elapsed())
}
