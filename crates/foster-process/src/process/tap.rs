use std::io;
use std::ops::ControlFlow;
use std::os::fd::BorrowedFd;
use std::sync::Arc;
use std::time::Instant;

use super::bell::Bell;
use super::reader::{OutputError, Reader, Shown};
use super::source::{Interest, Reach, Source};
use crate::output::{ChunkVisitor, Discard, StdStream, StreamEnd};
use crate::sys::{self, Poller};

/// How many chunks are taken from a stream before the other has its turn.
const TURN: usize = 16;

/// The tokens of the poller: nothing is read off them, all is looked at after each wait.
pub(super) const ANY: u64 = 0;

/// One stream that is read to its end.
pub(super) struct Tap<V: ChunkVisitor> {
    /// `None` for a stream that is not captured, or that somebody else reads.
    reader: Option<Reader>,
    visitor: V,
    /// Whether the visitor has all that it wants. The rest is read for nobody, so that the child
    /// does not wait.
    satisfied: bool,
    pub(super) end: Option<StreamEnd>,
    watched: Interest,
}

impl<V: ChunkVisitor> Tap<V> {
    pub(super) fn new(reader: Option<Reader>, visitor: V) -> Self {
        Self {
            end: reader.is_none().then_some(StreamEnd::Eof),
            reader,
            visitor,
            satisfied: false,
            watched: Interest::default(),
        }
    }

    /// Reads what there is. Returns whether there may be more already.
    pub(super) fn read(&mut self, poller: &Poller) -> io::Result<bool> {
        let Some(reader) = &mut self.reader else {
            return Ok(false);
        };
        for _ in 0..TURN {
            let shown = if self.satisfied {
                reader.show(&mut Discard::default(), Reach::Pipe)
            } else {
                reader.show(&mut self.visitor, Reach::Pipe)
            };
            match shown {
                Shown::Wait(interest) => {
                    switch(poller, reader, &mut self.watched, interest)?;
                    return Ok(false);
                }
                Shown::End(end) => {
                    switch(poller, reader, &mut self.watched, Interest::default())?;
                    self.end = Some(end);
                    self.reader = None;
                    return Ok(false);
                }
                Shown::Flow(flow) => self.satisfied |= flow == ControlFlow::Break(()),
            }
            if reader.is_drained() {
                // Nothing would be found by another look; the poller tells of what comes.
                switch(poller, reader, &mut self.watched, Interest::PIPE)?;
                return Ok(false);
            }
        }
        Ok(true)
    }

    pub(super) fn last_output(&self) -> Option<Instant> {
        self.reader.as_ref()?.source.last_output()
    }

    /// Returns what the visitor made of it, and how it ended; a stream that did not end was given up
    /// at the deadline, or is held by somebody.
    pub(super) fn finish(self, late: bool) -> (V::Output, StreamEnd) {
        let end = match (self.end, self.reader) {
            (Some(end), _) => end,
            (None, Some(reader)) if !late => {
                let holders = sys::pipe_holders(reader.source.pipe()).unwrap_or_default();
                let pids = holders.into_iter().map(|(pid, _)| pid).collect();
                StreamEnd::HeldOpen { pids }
            }
            (None, _) => StreamEnd::Deadline,
        };
        (self.visitor.finish(&end), end)
    }
}

/// Has the poller watch what concerns a reader now, and nothing else: what is readable and is not
/// read would wake the loop for ever.
fn switch(
    poller: &Poller,
    reader: &Reader,
    watched: &mut Interest,
    wanted: Interest,
) -> io::Result<()> {
    turn_on(poller, reader.source.pipe(), watched.pipe, wanted.pipe)?;
    if let Some(bell) = reader.bell_descriptor() {
        turn_on(poller, bell, watched.bell, wanted.bell)?;
    }
    *watched = wanted;
    Ok(())
}

fn turn_on(poller: &Poller, fd: BorrowedFd<'_>, was: bool, wanted: bool) -> io::Result<()> {
    match (was, wanted) {
        (false, true) => poller.add(fd, ANY),
        (true, false) => poller.remove(fd),
        _ => Ok(()),
    }
}

/// Returns one who reads the stream: because it is wanted, or for nobody while nobody else reads it,
/// since the child would wait.
pub(super) fn reader(
    stream: StdStream,
    source: Option<&Arc<Source>>,
    wanted: bool,
) -> Result<Option<Reader>, OutputError> {
    match source {
        Some(source) if wanted => Reader::new(source, Bell::for_poll).map(Some),
        Some(source) => Ok(Some(Reader::for_nobody(source))),
        None if wanted => Err(OutputError::NotCaptured(stream)),
        None => Ok(None),
    }
}
