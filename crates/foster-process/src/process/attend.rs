//! A process that is waited for, with its output: all but the waiting itself.

use std::io;
use std::os::fd::AsFd as _;
use std::sync::Arc;
use std::time::Instant;

use super::completion::{Completion, Due, Facts, Finish, Progress};
use super::error::CompletionError;
use super::options::{Completed, CompletionOptions};
use super::running::{Running, moment};
use super::source::Source;
use super::tap::{ANY, Tap, reader};
use crate::escalation::{Escalation, Report};
use crate::output::{ChunkVisitor, StdStream};
use crate::sys::Poller;
use crate::terminate::{self, Termination, Watch};

/// What is to be done next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// Take another turn.
    Again,
    /// Wait for the poller, until this moment at most.
    Wait(Option<Instant>),
    /// It is over.
    Done(Finish),
}

/// A process that is waited for.
pub(crate) struct Attendance<'a, O: ChunkVisitor, E: ChunkVisitor> {
    running: &'a Running,
    /// What the driver waits for.
    pub poller: Poller,
    stdout: Tap<O>,
    stderr: Tap<E>,
    completion: Completion,
    escalation: Option<Escalation>,
    termination: Option<Termination>,
    watch: Option<Watch>,
    terminated: Option<(Instant, Report)>,
    leader_watched: bool,
}

impl<'a, O: ChunkVisitor, E: ChunkVisitor> Attendance<'a, O, E> {
    /// Returns the wait for all that `options` want.
    pub fn new(
        running: &'a Running,
        sources: [Option<&Arc<Source>>; 2],
        options: CompletionOptions<O, E>,
    ) -> Result<Self, CompletionError> {
        let drain = Some(options.drain);
        let [stdout, stderr] = [StdStream::Stdout, StdStream::Stderr].map(|stream| {
            let source = sources[stream as usize];
            reader(stream, source, options.wanted.contains(&stream))
        });
        let deadline = options.deadline.and_then(moment);
        let watch = |source| running.watch_error(source);
        let attendance = Self {
            running,
            poller: Poller::new().map_err(watch)?,
            stdout: Tap::new(stdout?, options.stdout),
            stderr: Tap::new(stderr?, options.stderr),
            completion: Completion::new(deadline, options.escalation.is_some(), drain),
            escalation: options.escalation,
            termination: None,
            watch: None,
            terminated: None,
            leader_watched: true,
        };
        attendance
            .poller
            .add(running.leader.as_fd(), ANY)
            .map_err(watch)?;
        Ok(attendance)
    }

    /// The leader's end is all that counts; output goes on being read until then.
    pub fn leader_only(mut self) -> Self {
        self.completion.drain = None;
        self
    }

    /// Ends the tree now, while output goes on being read.
    pub fn terminate(mut self, escalation: Escalation) -> Result<Self, CompletionError> {
        let watch = |source| self.running.watch_error(source);
        self.begin_termination(escalation).map_err(watch)?;
        self.completion.drain = None;
        Ok(self)
    }

    /// Does what can be done without waiting.
    pub fn turn(&mut self) -> io::Result<Turn> {
        self.forget_watch()?;
        let more = self.stdout.read(&self.poller)? | self.stderr.read(&self.poller)?;
        let until = self.attend_termination()?;
        // Asked last: a termination that is over has seen the leader's end, and so must we.
        let exited = self.leader_has_ended()?;
        let termination = match (&self.termination, &self.terminated) {
            (Some(_), _) => Progress::UnderWay,
            (None, Some((at, _))) => Progress::Over(*at),
            (None, None) => Progress::None,
        };
        let facts = Facts {
            exited,
            open: self.stdout.end.is_none() || self.stderr.end.is_none(),
            last_output: self.stdout.last_output().max(self.stderr.last_output()),
            termination,
        };
        match self.completion.poll(Instant::now(), facts) {
            Due::Wait(_) if more => Ok(Turn::Again),
            Due::Wait(due) => Ok(Turn::Wait(until.or(due))),
            Due::Finish(finish) => Ok(Turn::Done(finish)),
            Due::Terminate => {
                if let Some(escalation) = self.escalation.take() {
                    self.begin_termination(escalation)?;
                }
                Ok(Turn::Again)
            }
        }
    }

    /// Returns what it all came to. Nobody is to be blamed for a process whose end was seen.
    pub fn finish(
        self,
        finish: Finish,
    ) -> Result<Completed<O::Output, E::Output>, CompletionError> {
        let watch = |source| self.running.watch_error(source);
        let ended = self.running.peek().map_err(watch)?;
        if ended.is_some() {
            self.running.conclude();
        }
        let late = finish == Finish::Deadline;
        let (stdout, stdout_end) = self.stdout.finish(late);
        let (stderr, stderr_end) = self.stderr.finish(late);
        Ok(Completed {
            ended,
            stdout,
            stderr,
            stdout_end,
            stderr_end,
            termination: self.terminated.map(|(_, report)| report),
        })
    }

    fn leader_has_ended(&mut self) -> io::Result<bool> {
        let ended = self.running.peek()?.is_some();
        if ended && std::mem::take(&mut self.leader_watched) {
            // What stays readable would wake the loop for ever.
            self.poller.remove(self.running.leader.as_fd())?;
        }
        Ok(ended)
    }

    fn begin_termination(&mut self, escalation: Escalation) -> io::Result<()> {
        self.termination = Some(Termination::new(escalation));
        let cgroup = self.running.tree.scope().events_fd();
        cgroup.map_or(Ok(()), |fd| self.poller.add_urgent(fd, ANY))
    }

    /// Goes on with the termination, if one is under way, and returns until when it waits.
    fn attend_termination(&mut self) -> io::Result<Option<Instant>> {
        let Some(termination) = &mut self.termination else {
            return Ok(None);
        };
        let leader = Some(&*self.running.leader);
        match termination.turn(&self.running.tree, leader)? {
            terminate::Turn::Wait(watch) => {
                for fd in watch.descriptors(&self.running.tree) {
                    self.poller.add(fd, ANY)?;
                }
                Ok(Some(self.watch.insert(watch).until))
            }
            terminate::Turn::Done(report) => {
                self.termination = None;
                self.terminated = Some((Instant::now(), report));
                let cgroup = self.running.tree.scope().events_fd();
                cgroup.map_or(Ok(()), |fd| self.poller.remove(fd))?;
                Ok(None)
            }
        }
    }

    fn forget_watch(&mut self) -> io::Result<()> {
        let Some(watch) = self.watch.take() else {
            return Ok(());
        };
        let mut fds = watch.descriptors(&self.running.tree);
        fds.try_for_each(|fd| self.poller.remove(fd))
    }
}
