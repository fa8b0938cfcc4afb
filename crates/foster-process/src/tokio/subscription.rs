use std::io;
use std::ops::ControlFlow;
use std::time::Duration;

use ::tokio::io::{AsyncWrite, AsyncWriteExt as _};

use super::lines::AsyncLines;
use super::ready::{Ready, first_ready};
use super::visit::{AsyncChunkVisitor, AsyncLineVisitor};
use super::wait::Guard;
use crate::output::{
    ChunkVisitor, LineOptions, LineVisitor, Lines, OnWriteError, PatternSet, StdStream, StreamEnd,
    StreamEvent, WriteFailed, Writing, Written,
};
use crate::process::{
    Hunts, HuntsTurn, Interest, OutputError, Pull, Reach, Reader, Shown, WaitedFor,
};

/// One who reads a captured output. Dropping it makes room for another.
#[derive(Debug)]
pub struct Subscription {
    reader: Reader,
    watched: Ready,
}

impl Subscription {
    pub(super) fn new(reader: Reader) -> Result<Self, OutputError> {
        let stream = reader.source.stream;
        let watched = Ready::new(&reader).map_err(|error| OutputError::Watch(stream, error))?;
        Ok(Self { reader, watched })
    }

    /// Returns which output this is.
    pub fn stream(&self) -> StdStream {
        self.reader.source.stream
    }

    /// Returns what comes next, waiting for it. After the end comes the end again. Dropping the
    /// future loses nothing.
    ///
    /// # Errors
    /// If the system can't wait for it.
    pub async fn next_event(&mut self) -> io::Result<StreamEvent> {
        self.look(|reader, reach| match reader.pull(reach) {
            Pull::Event(event) => Ok(event),
            Pull::Wait(interest) => Err(interest),
        })
        .await
    }

    /// Looks until something is found, waiting for what `look` says in between. As tokio does, it
    /// reads the pipe only when that was told to be readable: what is read in vain costs more.
    async fn look<T>(
        &mut self,
        mut look: impl FnMut(&mut Reader, Reach) -> Result<T, Interest>,
    ) -> io::Result<T> {
        // A flood would never have to wait, and no other task of the thread would have its turn.
        ::tokio::task::coop::consume_budget().await;
        let mut interest = match look(&mut self.reader, Reach::Memory) {
            Ok(found) => return Ok(found),
            Err(interest) => interest,
        };
        loop {
            let ready = self.watched.wait(&self.reader, interest).await?;
            let looked = look(&mut self.reader, Reach::Pipe);
            // Not if others have to take what they have before the pipe is read on: bytes that lie in
            // it already are not told of again.
            let emptied = match &looked {
                Ok(_) => self.reader.is_drained(),
                Err(wanted) => wanted.pipe,
            };
            if let Some(mut ready) = ready
                && emptied
            {
                ready.clear_ready();
            }
            match looked {
                Ok(found) => return Ok(found),
                Err(wanted) => interest = wanted,
            }
        }
    }

    /// Shows a visitor all that comes, until it has enough or the stream ends.
    ///
    /// # Errors
    /// If the system can't wait for it.
    pub async fn visit<V: ChunkVisitor>(&mut self, mut visitor: V) -> io::Result<V::Output> {
        let end = loop {
            let shown = self.look(|reader, reach| match reader.show(&mut visitor, reach) {
                Shown::Wait(interest) => Err(interest),
                shown => Ok(shown),
            });
            match shown.await? {
                Shown::End(end) => break end,
                Shown::Flow(ControlFlow::Break(())) => break StreamEnd::Eof,
                Shown::Flow(ControlFlow::Continue(())) | Shown::Wait(_) => {}
            }
        };
        Ok(visitor.finish(&end))
    }

    /// Shows a visitor all lines that come.
    ///
    /// # Errors
    /// If the system can't wait for it.
    pub async fn visit_lines<V: LineVisitor>(
        &mut self,
        visitor: V,
        options: LineOptions,
    ) -> io::Result<V::Output> {
        self.visit(Lines::new(options, visitor)).await
    }

    /// Shows all that comes to a visitor who may wait for something else.
    ///
    /// # Errors
    /// If the system can't wait for it.
    pub async fn visit_async<V: AsyncChunkVisitor>(
        &mut self,
        mut visitor: V,
    ) -> io::Result<V::Output> {
        let end = loop {
            match self.next_event().await? {
                StreamEvent::End(end) => break end,
                StreamEvent::Gap(gap) => visitor.gap(gap).await,
                StreamEvent::Chunk(chunk) => {
                    if visitor.chunk(chunk).await == ControlFlow::Break(()) {
                        break StreamEnd::Eof;
                    }
                }
            }
        };
        Ok(visitor.finish(&end).await)
    }

    /// Shows all lines that come to a visitor who may wait for something else.
    ///
    /// # Errors
    /// If the system can't wait for it.
    pub async fn visit_lines_async<V: AsyncLineVisitor>(
        &mut self,
        visitor: V,
        options: LineOptions,
    ) -> io::Result<V::Output> {
        self.visit_async(AsyncLines::new(visitor, options)).await
    }

    /// Writes all that comes to `writer`, and flushes it at the end. A writer that is slow makes the
    /// process wait.
    ///
    /// # Errors
    /// What the writer said, if that is to be the end of it.
    pub async fn write_to<W: AsyncWrite + Unpin>(
        &mut self,
        mut writer: W,
        on_error: OnWriteError,
    ) -> Result<Written<W>, WriteFailed> {
        let mut writing = Writing::new(self.stream(), on_error);
        let end = loop {
            let event = self.next_event().await;
            match writing.take(event.map_err(|error| writing.broken_off(error))?) {
                ControlFlow::Continue(Some(chunk)) => {
                    writing.wrote(chunk.len(), writer.write_all(&chunk).await)?;
                }
                ControlFlow::Continue(None) => {}
                ControlFlow::Break(end) => break end,
            }
        };
        let flushed = writer.flush().await;
        flushed.map_err(|error| writing.broken_off(error))?;
        Ok(writing.finish(writer, end))
    }

    /// Waits until one of the patterns comes, for at most that long (`None`: until the end). What
    /// came before it, and it itself, is taken; what follows is there for the next who reads.
    /// So is, if it did not come, the line that is not finished; that holds
    /// also if the future is dropped.
    ///
    /// # Errors
    /// If the system can't wait for it. That nothing was found is none: see [`WaitedFor`].
    pub async fn wait_for(
        &mut self,
        patterns: &PatternSet,
        at_most: Option<Duration>,
    ) -> io::Result<WaitedFor> {
        wait_for(&mut [self], patterns, at_most).await
    }
}

/// Waits until one of the patterns comes in one of the streams, for at most that long (`None`: until
/// all of them have ended). What was found is taken, with what came before it in that stream; of the
/// other streams what was looked at is taken too.
///
/// # Errors
/// If the system can't wait for them. That nothing was found is none: see [`WaitedFor`].
pub async fn wait_for(
    streams: &mut [&mut Subscription],
    patterns: &PatternSet,
    at_most: Option<Duration>,
) -> io::Result<WaitedFor> {
    let (readers, ready): (Vec<_>, Vec<_>) = streams
        .iter_mut()
        .map(|stream| (&mut stream.reader, &stream.watched))
        .unzip();
    let mut hunts = Hunts::new(readers.into_iter(), patterns);
    let found = async {
        let mut guard: Option<(usize, Option<Guard<'_>>)> = None;
        loop {
            match hunts.turn() {
                HuntsTurn::Done(done) => return Ok(done),
                HuntsTurn::Again => ::tokio::task::yield_now().await,
                HuntsTurn::Wait(waiting) => {
                    let emptied = |index| {
                        let mut waits = waiting.iter();
                        waits.any(|(waiting, wants)| *waiting == index && wants.pipe)
                    };
                    if let Some((index, Some(mut told))) = guard.take()
                        && emptied(index)
                    {
                        told.clear_ready();
                    }
                    guard = Some(first_ready(&ready, &hunts, &waiting).await?);
                }
            }
        }
    };
    match at_most {
        None => found.await,
        Some(at_most) => ::tokio::time::timeout(at_most, found)
            .await
            .unwrap_or(Ok(WaitedFor::Deadline)),
    }
}
