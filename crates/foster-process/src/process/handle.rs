use std::io;
use std::sync::Arc;

use super::attend::Attendance;
use super::bell::Bell;
use super::error::{CompletionError, SignalError};
use super::on_drop::OnDrop;
use super::options::CompletionOptions;
use super::reader::{OutputError, Reader};
use super::running::{Running, Target};
use super::source::Source;
use crate::containment::Level;
use crate::identity::ProcessIdentity;
use crate::limits::LimitApplied;
use crate::output::{ChunkVisitor, StdStream};
use crate::signal::Signal;
use crate::usage::{Ended, TreeUsage};

/// What can be asked of a process and done to it without waiting: the part of a
/// [`blocking::Process`](crate::blocking::Process) and of a `tokio::Process` that is the same. Both
/// lend it out by `Deref`.
#[derive(Debug)]
pub struct Handle {
    pub(crate) running: Running,
    stdout: Option<Arc<Source>>,
    stderr: Option<Arc<Source>>,
}

impl Handle {
    pub(super) fn new(running: Running, [stdout, stderr]: [Option<Arc<Source>>; 2]) -> Self {
        Self {
            running,
            stdout,
            stderr,
        }
    }

    /// Returns the leader's number, for people. It is the leader's until the tree is empty.
    pub fn id(&self) -> i32 {
        self.running.pid()
    }

    /// Returns what tells the leader from every other process.
    pub fn identity(&self) -> ProcessIdentity {
        self.running.leader.identity()
    }

    /// Returns what it is called: the program alone, unless a name was given.
    pub fn name(&self) -> &str {
        &self.running.name
    }

    /// Returns how its tree is held.
    pub fn level(&self) -> Level {
        self.running.level
    }

    /// Returns what keeps each of the limits that were wished for.
    pub fn limits_applied(&self) -> &[LimitApplied] {
        &self.running.limits
    }

    /// Returns what the whole tree used so far. After its end that is known only of one that was
    /// started [`accounted`](crate::Command::accounted). What nobody counts is `None`: all of it
    /// without a control group.
    pub fn tree_usage(&self) -> TreeUsage {
        self.running.used()
    }

    /// Returns whether the leader runs. It only asks, and disarms nothing.
    ///
    /// # Errors
    /// The system's, if the leader or its tree can't be looked at; there is none for a process that
    /// has ended.
    pub fn is_running(&self) -> io::Result<bool> {
        self.running.peek().map(|ended| ended.is_none())
    }

    /// Returns whether nobody is left of the whole tree.
    ///
    /// # Errors
    /// The system's, if the leader or its tree can't be looked at; there is none for a process that
    /// has ended.
    pub fn is_tree_empty(&self) -> io::Result<bool> {
        self.running.is_empty()
    }

    /// Returns how the leader ended and what it used; `None` while it runs.
    ///
    /// # Errors
    /// The system's, if the leader or its tree can't be looked at; there is none for a process that
    /// has ended.
    pub fn try_wait(&self) -> io::Result<Option<Ended>> {
        let ended = self.running.peek()?;
        if ended.is_some() {
            self.running.conclude();
        }
        Ok(ended)
    }

    /// Sends a signal. To a process that has ended that is no error. To the tree it goes without a CONT
    /// after it, so who is stopped hears it once he goes on.
    ///
    /// # Errors
    /// [`SignalError::Partly`] if some of the tree could not be reached, for instance a set-user-id
    /// child; [`SignalError::NoGroup`] for [`Target::Group`] without a group of its own.
    pub fn signal(&self, target: Target, signal: Signal) -> Result<(), SignalError> {
        self.running.signal(target, signal)
    }

    /// Kills the tree and waits for nothing. Nobody is blamed for the handle any more.
    ///
    /// # Errors
    /// As for [`Handle::signal`].
    pub fn start_kill(&self) -> Result<(), SignalError> {
        self.running.start_kill()
    }

    /// Forgets what was kept to be replayed, and keeps nothing more: who comes later starts with
    /// what comes then.
    pub fn seal_replay(&self) {
        for source in [&self.stdout, &self.stderr].into_iter().flatten() {
            source.seal_replay();
        }
    }

    /// Returns whether nothing is kept any more of the outputs that are captured.
    pub fn is_replay_sealed(&self) -> bool {
        let mut captured = [&self.stdout, &self.stderr].into_iter().flatten();
        captured.all(|source| source.is_replay_sealed())
    }

    /// Changes what becomes of the tree when this is dropped.
    pub fn set_on_drop(&self, on_drop: OnDrop) {
        self.running.set_on_drop(on_drop);
    }

    /// Returns whether an output is captured, and not taken out: then it has to be read while the end is
    /// waited for.
    pub(crate) fn has_output(&self) -> bool {
        self.stdout.is_some() || self.stderr.is_some()
    }

    /// Returns one who reads a stream, and is woken by a bell of this kind.
    pub(crate) fn reader(
        &self,
        stream: StdStream,
        bell: fn() -> io::Result<Bell>,
    ) -> Result<Reader, OutputError> {
        let source = match stream {
            StdStream::Stdout => self.stdout.as_ref(),
            StdStream::Stderr => self.stderr.as_ref(),
        };
        Reader::new(source.ok_or(OutputError::NotCaptured(stream))?, bell)
    }

    /// Takes a stream out of it.
    pub(crate) fn forget(&mut self, stream: StdStream) {
        match stream {
            StdStream::Stdout => self.stdout = None,
            StdStream::Stderr => self.stderr = None,
        }
    }

    /// Returns the wait for what `options` want.
    pub(crate) fn attend<O: ChunkVisitor, E: ChunkVisitor>(
        &self,
        options: CompletionOptions<O, E>,
    ) -> Result<Attendance<'_, O, E>, CompletionError> {
        let sources = [self.stdout.as_ref(), self.stderr.as_ref()];
        Attendance::new(&self.running, sources, options)
    }
}
