use std::io::{self, Write};
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use crate::output::{
    ChunkVisitor, LineOptions, LineVisitor, Lines, OnWriteError, PatternSet, StdStream, StreamEnd,
    StreamEvent, WriteFailed, Writing, Written,
};
use crate::process::{Hunts, HuntsTurn, Interest, Pull, Reach, Reader, Shown, WaitedFor};
use crate::sys;

/// One who reads a captured output. Dropping it makes room for another.
#[derive(Debug)]
pub struct Subscription(pub(super) Reader);

impl Subscription {
    /// Returns which output this is.
    pub fn stream(&self) -> StdStream {
        self.0.source.stream
    }

    /// Returns what comes next, waiting for it. After the end comes the end again.
    ///
    /// # Errors
    /// If the system can't wait for it.
    pub fn next_event(&mut self) -> io::Result<StreamEvent> {
        loop {
            match self.0.pull(Reach::Pipe) {
                Pull::Event(event) => return Ok(event),
                Pull::Wait(interest) => {
                    wait([(&self.0, interest)].into_iter(), None)?;
                }
            }
        }
    }

    /// Shows a visitor all that comes, until it has enough or the stream ends.
    ///
    /// # Errors
    /// If the system can't wait for it.
    pub fn visit<V: ChunkVisitor>(&mut self, mut visitor: V) -> io::Result<V::Output> {
        let end = loop {
            if self.0.is_drained() {
                wait([(&self.0, Interest::PIPE)].into_iter(), None)?;
            }
            match self.0.show(&mut visitor, Reach::Pipe) {
                Shown::End(end) => break end,
                Shown::Flow(ControlFlow::Break(())) => break StreamEnd::Eof,
                Shown::Flow(ControlFlow::Continue(())) => {}
                Shown::Wait(interest) => wait([(&self.0, interest)].into_iter(), None)?,
            }
        };
        Ok(visitor.finish(&end))
    }

    /// Shows a visitor all lines that come.
    ///
    /// # Errors
    /// If the system can't wait for it.
    pub fn visit_lines<V: LineVisitor>(
        &mut self,
        visitor: V,
        options: LineOptions,
    ) -> io::Result<V::Output> {
        self.visit(Lines::new(options, visitor))
    }

    /// Writes all that comes to `writer`, and flushes it at the end. A writer that is slow makes the
    /// process wait.
    ///
    /// # Errors
    /// What the writer said, if that is to be the end of it. One that would have to wait and does
    /// not says [`io::ErrorKind::WouldBlock`], which is an error like any other.
    pub fn write_to<W: Write>(
        &mut self,
        mut writer: W,
        on_error: OnWriteError,
    ) -> Result<Written<W>, WriteFailed> {
        let mut writing = Writing::new(self.stream(), on_error);
        let end = loop {
            let event = self.next_event();
            match writing.take(event.map_err(|error| writing.broken_off(error))?) {
                ControlFlow::Continue(Some(chunk)) => {
                    writing.wrote(chunk.len(), writer.write_all(&chunk))?;
                }
                ControlFlow::Continue(None) => {}
                ControlFlow::Break(end) => break end,
            }
        };
        let flushed = writer.flush();
        flushed.map_err(|error| writing.broken_off(error))?;
        Ok(writing.finish(writer, end))
    }

    /// Waits until one of the patterns comes, for at most that long (`None`: until the end). What
    /// came before it, and it itself, is taken; what follows is there for the next who reads.
    /// So is, if it did not come, the line that is not finished.
    ///
    /// # Errors
    /// If the system can't wait for it. That nothing was found is none: see [`WaitedFor`].
    pub fn wait_for(
        &mut self,
        patterns: &PatternSet,
        at_most: Option<Duration>,
    ) -> io::Result<WaitedFor> {
        wait_for(&mut [self], patterns, at_most)
    }
}

/// Waits until one of the patterns comes in one of the streams, for at most that long (`None`: until
/// all of them have ended). What was found is taken, with what came before it in that stream; of the
/// other streams what was looked at is taken too.
///
/// # Errors
/// If the system can't wait for them. That nothing was found is none: see [`WaitedFor`].
pub fn wait_for(
    streams: &mut [&mut Subscription],
    patterns: &PatternSet,
    at_most: Option<Duration>,
) -> io::Result<WaitedFor> {
    let deadline = at_most.and_then(|after| Instant::now().checked_add(after));
    let mut hunts = Hunts::new(streams.iter_mut().map(|stream| &mut stream.0), patterns);
    loop {
        let waiting = match hunts.turn() {
            HuntsTurn::Wait(waiting) => Some(waiting),
            HuntsTurn::Again => None,
            HuntsTurn::Done(done) => return Ok(done),
        };
        if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            return Ok(WaitedFor::Deadline);
        }
        if let Some(waiting) = waiting {
            let readers = waiting.iter();
            let readers = readers.map(|(index, interest)| (hunts.reader(*index), *interest));
            wait(readers, deadline)?;
        }
    }
}

/// Waits for what concerns these readers.
fn wait<'a>(
    readers: impl Iterator<Item = (&'a Reader, Interest)>,
    deadline: Option<Instant>,
) -> io::Result<()> {
    let mut fds = Vec::new();
    for (reader, interest) in readers {
        fds.extend(interest.pipe.then(|| reader.source.pipe()));
        fds.extend(reader.bell_descriptor().filter(|_| interest.bell));
    }
    let left = deadline.map_or(Duration::MAX, |at| {
        at.saturating_duration_since(Instant::now())
    });
    sys::wait_any(&fds, None, left)
}
