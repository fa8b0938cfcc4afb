//! One captured stream: the pipe, and what was read from it for those who want it.
//!
//! There is no task and no thread that reads in the background. Whoever waits for a byte reads the
//! pipe himself, for himself and for the others: what nobody asks for stays in the pipe, and the
//! child waits (that is the backpressure), at no cost of switching from one task to another.

use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use bytes::Bytes;

use crate::output::{
    CaptureSettings, Consumers, Hub, StdStream, StreamEnd, StreamEvent, SubscribeError,
    SubscriberId,
};
use crate::sys;

/// A captured stream.
#[derive(Debug)]
pub(crate) struct Source {
    pub stream: StdStream,
    read_size: usize,
    /// Whether several may read it, so that one has to be told of what another did.
    shared: bool,
    pipe: OwnedFd,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    hub: Hub,
    /// What the next read goes into.
    spare: Vec<u8>,
    last_output: Option<Instant>,
    /// Whether the newest read emptied the pipe: it got less than it asked for.
    drained: bool,
    ended: bool,
    /// Who waits for what another reader does.
    sleepers: Vec<Arc<Bell>>,
    /// Who reads for nobody, and waits until nobody else reads.
    bystanders: Vec<Arc<Bell>>,
    /// What an only reader had handed back when he left, with where in the stream that ends.
    leftover: (VecDeque<Bytes>, u64),
}

/// What wakes one who waits for what another reader of the stream does.
#[derive(Debug)]
pub(crate) struct Bell {
    heard: OwnedFd,
    rung: OwnedFd,
}

/// What came of an attempt to read.
enum Fill {
    /// There is something new: this.
    Read(Bytes),
    /// Nothing is there yet.
    Empty,
    /// One who must miss nothing has not taken what he has.
    Full,
    /// Nothing will come any more.
    Ended,
}

/// What one who found nothing has to wait for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Interest {
    /// Whether bytes in the pipe concern him.
    pub pipe: bool,
    /// Whether the bell does.
    pub bell: bool,
}

/// What a reader gets.
#[derive(Debug)]
pub(crate) enum Pull {
    Event(StreamEvent),
    Wait(Interest),
}

impl Source {
    pub fn new(stream: StdStream, pipe: OwnedFd, settings: &CaptureSettings) -> Self {
        Self {
            stream,
            read_size: settings.read_size(),
            shared: settings.consumers() == Consumers::Broadcast,
            pipe,
            state: Mutex::new(State {
                hub: Hub::new(*settings),
                spare: Vec::new(),
                last_output: None,
                drained: false,
                ended: false,
                sleepers: Vec::new(),
                bystanders: Vec::new(),
                leftover: (VecDeque::new(), 0),
            }),
        }
    }

    pub fn pipe(&self) -> BorrowedFd<'_> {
        self.pipe.as_fd()
    }

    pub fn last_output(&self) -> Option<Instant> {
        self.state().last_output
    }

    pub fn seal_replay(&self) {
        self.state().hub.seal_replay();
    }

    pub fn is_replay_sealed(&self) -> bool {
        self.state().hub.is_replay_sealed()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Reads once, if there is room for it.
    fn fill(&mut self, source: &Source) -> Fill {
        let Source {
            pipe, read_size, ..
        } = source;
        let read_size = *read_size;
        if self.ended {
            return Fill::Ended;
        }
        if !self.hub.wants_input() {
            return Fill::Full;
        }
        if self.spare.capacity() < read_size {
            self.spare = Vec::with_capacity(read_size);
        }
        let end = match rustix::io::read(pipe, rustix::buffer::spare_capacity(&mut self.spare)) {
            Ok(0) => StreamEnd::Eof,
            Ok(_) => {
                self.last_output = Some(Instant::now());
                self.drained = self.spare.len() < read_size;
                let chunk = self.take_chunk(read_size);
                self.hub.push(chunk.clone());
                self.wake_others(None);
                return Fill::Read(chunk);
            }
            Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR) => return Fill::Empty,
            Err(error) => StreamEnd::Failed(Arc::new(error.into())),
        };
        self.ended = true;
        self.hub.finish(end);
        self.wake_others(None);
        Fill::Ended
    }

    /// Takes what was read. A small piece is copied out, so that it does not keep a large buffer.
    fn take_chunk(&mut self, read_size: usize) -> Bytes {
        if self.spare.len() * 4 >= read_size {
            return std::mem::take(&mut self.spare).into();
        }
        let chunk = Bytes::copy_from_slice(&self.spare);
        self.spare.clear();
        chunk
    }

    /// Returns what an only reader left, if what lies at this offset follows it: otherwise it was
    /// read for nobody since, or comes again by replay.
    fn take_leftover(&mut self, offset: u64) -> VecDeque<Bytes> {
        let (left, end) = std::mem::take(&mut self.leftover);
        if end == offset { left } else { VecDeque::new() }
    }

    fn wake_others(&mut self, but: Option<&Arc<Bell>>) {
        self.sleepers.retain(|bell| {
            let stays = but.is_some_and(|own| Arc::ptr_eq(own, bell));
            if !stays {
                bell.ring();
            }
            stays
        });
    }

    /// Has those look again who wait until nobody else reads: one has left, or was told the end.
    fn wake_bystanders(&mut self) {
        for bystander in self.bystanders.drain(..) {
            bystander.ring();
        }
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
    let own = match bell.take().map_or_else(|| Bell::new().map(Arc::new), Ok) {
        Ok(own) => own,
        Err(error) => return Pull::Event(StreamEvent::End(StreamEnd::Failed(Arc::new(error)))),
    };
    lie_down(&mut state.bystanders, &own);
    *bell = Some(own);
    let (pipe, bell) = (false, true);
    Pull::Wait(Interest { pipe, bell })
}

impl Bell {
    fn new() -> io::Result<Self> {
        let (heard, rung) = sys::pipe()?;
        let flags = rustix::fs::fcntl_getfl(&rung)? | rustix::fs::OFlags::NONBLOCK;
        rustix::fs::fcntl_setfl(&rung, flags)?;
        Ok(Self { heard, rung })
    }

    fn ring(&self) {
        // A pipe that is full is heard all the same.
        let _ = rustix::io::write(&self.rung, b"!");
    }

    fn hush(&self) {
        let mut buffer = [0; 64];
        while rustix::io::read(&self.heard, &mut buffer).is_ok_and(|n| n == buffer.len()) {}
    }
}

/// One who reads a stream.
#[derive(Debug)]
pub(crate) struct Reader {
    pub source: Arc<Source>,
    /// `None` for one who reads for nobody, as long as nobody else reads.
    id: Option<SubscriberId>,
    bell: Option<Arc<Bell>>,
    /// Where in the stream the next byte lies.
    offset: u64,
    /// What was taken and handed back, to be read again.
    returned: VecDeque<Bytes>,
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
    pub fn new(source: &Arc<Source>) -> Result<Self, OutputError> {
        let bell = source.shared.then(Bell::new).transpose();
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
            returned,
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
            returned: VecDeque::new(),
        }
    }

    /// Returns where in the stream that begins which comes next.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Returns what comes next, reading the pipe if there is nothing.
    pub fn pull(&mut self) -> Pull {
        let pull = match self.returned.pop_front() {
            Some(chunk) => Pull::Event(StreamEvent::Chunk(chunk)),
            None => self.take(),
        };
        match &pull {
            Pull::Event(StreamEvent::Chunk(chunk)) => self.offset += chunk.len() as u64,
            Pull::Event(StreamEvent::Gap(gap)) => self.offset = gap.end(),
            _ => {}
        }
        pull
    }

    fn take(&mut self) -> Pull {
        let mut state = self.source.state();
        if let Some(bell) = &self.bell {
            bell.hush();
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
                return stand_back(&mut self.bell, &mut state);
            }
            let pipe = match state.fill(&self.source) {
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

    pub fn bell(&self) -> Option<BorrowedFd<'_>> {
        self.bell.as_ref().map(|bell| bell.heard.as_fd())
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
