use std::collections::VecDeque;
use std::io;
use std::ops::ControlFlow;
use std::os::fd::BorrowedFd;
use std::sync::Arc;

use bytes::Bytes;

use super::bell::Bell;
use super::source::{Fill, Interest, Past, Pull, Reach, Source, State};
use crate::output::{
    ChunkVisitor, StdStream, StreamEnd, StreamEvent, SubscribeError, SubscriberId,
};

/// One who reads a stream.
#[derive(Debug)]
pub(crate) struct Reader {
    pub source: Arc<Source>,
    /// `None` for one who reads for nobody, as long as nobody else reads.
    id: Option<SubscriberId>,
    bell: Option<Arc<Bell>>,
    /// Whether the bell may ring: it is put among the sleepers', and is rung when it is taken away.
    asleep: bool,
    /// Where in the stream the next byte lies.
    offset: u64,
    /// What was taken and handed back, to be read again.
    returned: VecDeque<Bytes>,
    /// What is shown to a visitor without being kept lies here for that time.
    buffer: Vec<u8>,
}

/// What came of showing a visitor what comes next.
pub(crate) enum Shown {
    /// Something did; the visitor wants more or has enough.
    Flow(ControlFlow<()>),
    /// The stream is over.
    End(StreamEnd),
    /// There is nothing yet.
    Wait(Interest),
}

/// Why a stream can't be read.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// It is not captured: it was given away when the process was started, or taken since.
    #[error("{0} is not captured")]
    NotCaptured(StdStream),
    /// It is captured for one consumer, and has one.
    #[error("{0} has a consumer already")]
    Taken(StdStream, #[source] SubscribeError),
    /// The system gave no descriptor for it.
    #[error("{0} can't be watched")]
    Watch(StdStream, #[source] io::Error),
}

impl Reader {
    /// Returns one who gets all that comes from now on, after what is kept for replay. He is woken by
    /// a bell of this kind, if there may be others.
    pub fn new(source: &Arc<Source>, bell: fn() -> io::Result<Bell>) -> Result<Self, OutputError> {
        let bell = source.shared.then(bell).transpose();
        let bell = bell.map_err(|error| OutputError::Watch(source.stream, error))?;
        let mut state = source.state();
        let id = state.hub.subscribe();
        let id = id.map_err(|error| OutputError::Taken(source.stream, error))?;
        let position = state.hub.position(id).unwrap_or(0);
        let returned = state.take_leftover(position);
        Ok(Self {
            offset: position - length_of(&returned),
            source: Arc::clone(source),
            id: Some(id),
            bell: bell.map(Arc::new),
            asleep: false,
            returned,
            buffer: Vec::new(),
        })
    }

    /// Returns one who reads for nobody, so that the process need not wait, and steps back for
    /// whoever subscribes.
    pub fn for_nobody(source: &Arc<Source>) -> Self {
        Self {
            offset: source.state().hub.offset(),
            source: Arc::clone(source),
            id: None,
            bell: None,
            asleep: false,
            returned: VecDeque::new(),
            buffer: Vec::new(),
        }
    }

    /// Returns where in the stream that begins which comes next.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Returns what comes next.
    pub fn pull(&mut self, reach: Reach) -> Pull {
        let pull = match self.returned.pop_front() {
            Some(chunk) => Pull::Event(StreamEvent::Chunk(chunk)),
            None => self.take(reach),
        };
        match &pull {
            Pull::Event(StreamEvent::Chunk(chunk)) => self.offset += chunk.len() as u64,
            Pull::Event(StreamEvent::Gap(gap)) => self.offset = gap.end(),
            _ => {}
        }
        pull
    }

    /// Shows a visitor what comes next. If nobody else could want it, it goes from the pipe to the
    /// visitor past the hub, through memory that is used again and again.
    pub fn show<V: ChunkVisitor>(&mut self, visitor: &mut V, reach: Reach) -> Shown {
        if reach == Reach::Pipe
            && let Some(shown) = self.show_past(visitor)
        {
            return shown;
        }
        match self.pull(reach) {
            Pull::Wait(interest) => Shown::Wait(interest),
            Pull::Event(StreamEvent::End(end)) => Shown::End(end),
            Pull::Event(StreamEvent::Chunk(chunk)) => Shown::Flow(visitor.chunk(&chunk)),
            Pull::Event(StreamEvent::Gap(gap)) => {
                visitor.gap(gap);
                Shown::Flow(ControlFlow::Continue(()))
            }
        }
    }

    fn show_past<V: ChunkVisitor>(&mut self, visitor: &mut V) -> Option<Shown> {
        let id = self.id.filter(|_| self.returned.is_empty())?;
        if let Some(room) = visitor.room() {
            let past = self.source.state().read_past(&self.source, id, room);
            return self.passed(past, |length| {
                visitor.placed(length);
                ControlFlow::Continue(())
            });
        }
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.resize(self.source.read_size, 0);
        // The visitor is called without the lock: it may ask for anything.
        let past = self.source.state().read_past(&self.source, id, &mut buffer);
        let shown = self.passed(past, |length| visitor.chunk(&buffer[..length]));
        self.buffer = buffer;
        shown
    }

    fn passed(&mut self, past: Past, show: impl FnOnce(usize) -> ControlFlow<()>) -> Option<Shown> {
        match past {
            Past::Refused => None,
            Past::Empty => Some(Shown::Wait(Interest::PIPE)),
            Past::Read(length) => {
                self.offset += length as u64;
                Some(Shown::Flow(show(length)))
            }
        }
    }

    fn take(&mut self, reach: Reach) -> Pull {
        let mut state = self.source.state();
        if let Some(bell) = &self.bell
            && self.asleep
            && !state.will_ring(bell)
        {
            bell.hush();
            self.asleep = false;
        }
        loop {
            if let Some(event) = self.id.and_then(|id| state.hub.next(id)) {
                // There may be room now that another waits for.
                state.wake_others(self.bell.as_ref());
                if matches!(event, StreamEvent::End(_)) {
                    state.wake_bystanders();
                }
                return Pull::Event(event);
            }
            if self.id.is_none() && state.hub.has_subscribers() {
                self.asleep = true;
                return stand_back(&mut self.bell, &mut state);
            }
            let fill = match reach {
                Reach::Pipe => state.fill(&self.source),
                Reach::Memory => state.unfilled(),
            };
            let pipe = match fill {
                Fill::Read(chunk) if self.id.is_none() => {
                    return Pull::Event(StreamEvent::Chunk(chunk));
                }
                Fill::Read(_) => continue,
                Fill::Ended if self.id.is_some_and(|id| state.hub.has_next(id)) => continue,
                Fill::Ended => {
                    let end = state.hub.end().cloned();
                    return Pull::Event(StreamEvent::End(end.unwrap_or(StreamEnd::Eof)));
                }
                Fill::Empty => true,
                Fill::Full => false,
            };
            if let Some(bell) = &self.bell {
                lie_down(&mut state.sleepers, bell);
                self.asleep = true;
            }
            let bell = self.bell.is_some();
            return Pull::Wait(Interest { pipe, bell });
        }
    }

    /// Hands back what was taken last, to be the next thing that is read.
    pub fn hand_back(&mut self, chunk: Bytes) {
        self.offset -= chunk.len() as u64;
        if !chunk.is_empty() {
            self.returned.push_front(chunk);
        }
    }

    /// Returns whether the newest read emptied the pipe, and all of it was taken by this reader: the
    /// only one, so that nothing else has to be looked at. A short read of a pipe needs no second one
    /// to tell that nothing is left
    /// ([epoll(7)](https://man7.org/linux/man-pages/man7/epoll.7.html)).
    pub fn is_drained(&self) -> bool {
        self.bell.is_none() && self.returned.is_empty() && {
            let state = self.source.state();
            state.drained && !state.ended && !self.id.is_some_and(|id| state.hub.has_next(id))
        }
    }

    /// Returns what tells of other readers, if there may be some.
    pub fn bell(&self) -> Option<&Bell> {
        self.bell.as_deref()
    }

    /// Returns what is readable once others did something that concerns this one.
    pub fn bell_descriptor(&self) -> Option<BorrowedFd<'_>> {
        self.bell().and_then(Bell::descriptor)
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let mut state = self.source.state();
        if let Some(id) = self.id {
            state.hub.unsubscribe(id);
            if !self.source.shared {
                let end = self.offset + length_of(&self.returned);
                state.leftover = (std::mem::take(&mut self.returned), end);
            }
        }
        // What was there for this one to read, another has to read now.
        state.wake_others(None);
        state.wake_bystanders();
    }
}

fn length_of(chunks: &VecDeque<Bytes>) -> u64 {
    chunks.iter().map(|chunk| chunk.len() as u64).sum()
}

/// Has a bell rung for this one when there is something to hear.
fn lie_down(sleepers: &mut Vec<Arc<Bell>>, bell: &Arc<Bell>) {
    sleepers.retain(|other| !Arc::ptr_eq(bell, other));
    sleepers.push(Arc::clone(bell));
}

/// Waits until nobody else reads, for one who reads for nobody.
fn stand_back(bell: &mut Option<Arc<Bell>>, state: &mut State) -> Pull {
    let own = match bell
        .take()
        .map_or_else(|| Bell::for_poll().map(Arc::new), Ok)
    {
        Ok(own) => own,
        Err(error) => return Pull::Event(StreamEvent::End(StreamEnd::Failed(Arc::new(error)))),
    };
    lie_down(&mut state.bystanders, &own);
    *bell = Some(own);
    let (pipe, bell) = (false, true);
    Pull::Wait(Interest { pipe, bell })
}
