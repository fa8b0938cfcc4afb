use std::time::Duration;

use super::completion::Drain;
use crate::escalation::{Escalation, Report};
use crate::exit_status::ExitStatus;
use crate::output::{Discard, StdStream, StreamEnd};
use crate::usage::Ended;

/// What is wanted of waiting for a process: by default its end, however long it takes, with both
/// outputs read to their ends for nobody.
///
/// ```
/// # use std::time::Duration;
/// use foster_process::output::{CollectBytes, Keep};
/// use foster_process::{CompletionOptions, GracefulTimeouts};
///
/// let options = CompletionOptions::new()
///     .deadline(Duration::from_secs(60))
///     .terminate_at_deadline(GracefulTimeouts::both(Duration::from_secs(2)))
///     .stdout(CollectBytes::new(Keep::HeadAndTail { head: 4096, tail: 65536 }));
/// # let _ = options;
/// ```
#[derive(Debug, Clone)]
#[must_use = "it describes a wait and doesn't wait"]
pub struct CompletionOptions<O = Discard, E = Discard> {
    pub(crate) stdout: O,
    pub(crate) stderr: E,
    pub(crate) wanted: Vec<StdStream>,
    pub(crate) deadline: Option<Duration>,
    pub(crate) escalation: Option<Escalation>,
    pub(crate) drain: Drain,
}

impl CompletionOptions {
    /// Returns the wish for the end alone.
    pub fn new() -> Self {
        Self {
            stdout: Discard::default(),
            stderr: Discard::default(),
            wanted: Vec::new(),
            deadline: None,
            escalation: None,
            drain: Drain::default(),
        }
    }
}

impl Default for CompletionOptions {
    fn default() -> Self {
        Self::new()
    }
}

impl<O, E> CompletionOptions<O, E> {
    /// Waits no longer than that. What was read by then comes back all the same, and the process
    /// runs on unless it is to be ended too.
    pub fn deadline(mut self, after: Duration) -> Self {
        self.deadline = Some(after);
        self
    }

    /// Ends the tree at the deadline, through this escalation.
    pub fn terminate_at_deadline(mut self, escalation: impl Into<Escalation>) -> Self {
        self.escalation = Some(escalation.into());
        self
    }

    /// How long output is read on when the leader has ended and somebody else holds it open.
    pub fn drain(mut self, drain: Drain) -> Self {
        self.drain = drain;
        self
    }

    /// Gives standard output to this visitor. One that has enough is shown no more, and the rest is read
    /// for nobody, so that the process can end. It must be captured, and not be another's.
    pub fn stdout<V>(mut self, visitor: V) -> CompletionOptions<V, E> {
        self.wanted.push(StdStream::Stdout);
        CompletionOptions {
            stdout: visitor,
            stderr: self.stderr,
            wanted: self.wanted,
            deadline: self.deadline,
            escalation: self.escalation,
            drain: self.drain,
        }
    }

    /// Gives standard error to this visitor, likewise.
    pub fn stderr<V>(mut self, visitor: V) -> CompletionOptions<O, V> {
        self.wanted.push(StdStream::Stderr);
        CompletionOptions {
            stdout: self.stdout,
            stderr: visitor,
            wanted: self.wanted,
            deadline: self.deadline,
            escalation: self.escalation,
            drain: self.drain,
        }
    }
}

/// What waiting for a process came to. The status and the bytes are here together, whatever
/// happened: neither is lost for the sake of the other.
#[derive(Debug)]
pub struct Completed<O, E> {
    /// How the leader ended, and what it used; `None` if it still ran at the deadline.
    pub ended: Option<Ended>,
    /// What the visitor made of standard output.
    pub stdout: O,
    /// What the visitor made of standard error.
    pub stderr: E,
    /// How reading standard output ended; [`StreamEnd::Eof`] also if it is not captured, or another
    /// reads it.
    pub stdout_end: StreamEnd,
    /// How reading standard error ended, likewise.
    pub stderr_end: StreamEnd,
    /// What was done to end the tree, if the deadline came and it was to be ended.
    pub termination: Option<Report>,
}

impl<O, E> Completed<O, E> {
    /// Returns how the leader ended; `None` if it still ran at the deadline.
    pub fn status(&self) -> Option<ExitStatus> {
        self.ended.as_ref().map(|ended| ended.status)
    }

    /// Returns whether the deadline came first.
    pub fn is_late(&self) -> bool {
        self.ended.is_none() || self.termination.is_some()
    }
}
