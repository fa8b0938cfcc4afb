//! One captured stream: the pipe, and what was read from it for those who want it.
//!
//! There is no task and no thread that reads in the background. Whoever waits for a byte reads the
//! pipe himself, for himself and for the others: what nobody asks for stays in the pipe, and the
//! child waits (that is the backpressure), at no cost of switching from one task to another.

use std::collections::VecDeque;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use bytes::Bytes;

use super::bell::Bell;
use crate::output::{
    CaptureSettings, Consumers, DEFAULT_BUFFER, DEFAULT_READ_SIZE, Hub, StdStream, StreamEnd,
    StreamEvent, SubscriberId,
};

/// How many chunks are remembered for their memory: as many as wait at most for one subscriber unless
/// told otherwise, and one that is read meanwhile.
const RECENT: usize = DEFAULT_BUFFER / DEFAULT_READ_SIZE + 1;

/// A captured stream.
#[derive(Debug)]
pub(crate) struct Source {
    pub stream: StdStream,
    pub(super) read_size: usize,
    /// Whether several may read it, so that one has to be told of what another did.
    pub(super) shared: bool,
    pipe: OwnedFd,
    state: Mutex<State>,
}

#[derive(Debug)]
pub(super) struct State {
    pub hub: Hub,
    /// What the next read goes into.
    spare: Vec<u8>,
    /// What was read last, for its memory: the newest at the end.
    recent: VecDeque<Bytes>,
    last_output: Option<Instant>,
    /// Whether the newest read emptied the pipe: it got less than it asked for.
    pub drained: bool,
    pub ended: bool,
    /// Who waits for what another reader does.
    pub sleepers: Vec<Arc<Bell>>,
    /// Who reads for nobody, and waits until nobody else reads.
    pub bystanders: Vec<Arc<Bell>>,
    /// What an only reader had handed back when he left, with where in the stream that ends.
    pub leftover: (VecDeque<Bytes>, u64),
}

/// What came of an attempt to read.
pub(super) enum Fill {
    /// There is something new: this.
    Read(Bytes),
    /// Nothing is there yet.
    Empty,
    /// One who must miss nothing has not taken what he has.
    Full,
    /// Nothing will come any more.
    Ended,
}

/// What came of an attempt to read past the hub.
pub(super) enum Past {
    /// So many bytes.
    Read(usize),
    /// Nothing is there yet.
    Empty,
    /// That can't be, or not now.
    Refused,
}

/// Where one looks for what comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// At what was read already: nothing is known of the pipe, or it is known to be empty.
    #[cfg_attr(
        not(feature = "tokio"),
        expect(dead_code, reason = "who blocks tries to read at once")
    )]
    Memory,
    /// Into the pipe, if there is nothing else.
    Pipe,
}

/// What one who found nothing has to wait for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Interest {
    /// Whether bytes in the pipe concern him.
    pub pipe: bool,
    /// Whether the bell does.
    pub bell: bool,
}

impl Interest {
    /// That of one who reads alone and has emptied the pipe.
    pub const PIPE: Self = Self {
        pipe: true,
        bell: false,
    };
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
                recent: VecDeque::new(),
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

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Reads once, if there is room for it.
    pub fn fill(&mut self, source: &Source) -> Fill {
        let Source {
            pipe, read_size, ..
        } = source;
        let read_size = *read_size;
        match self.unfilled() {
            Fill::Empty => {}
            because => return because,
        }
        self.make_room(read_size);
        let spare = &mut self.spare;
        let read = rustix::io::retry_on_intr(|| {
            rustix::io::read(pipe, rustix::buffer::spare_capacity(spare))
        });
        let end = match read {
            Ok(0) => StreamEnd::Eof,
            Ok(_) => {
                self.last_output = Some(Instant::now());
                self.drained = self.spare.len() < read_size;
                let chunk = self.take_chunk(read_size);
                self.hub.push(chunk.clone());
                self.wake_others(None);
                return Fill::Read(chunk);
            }
            Err(rustix::io::Errno::AGAIN) => return Fill::Empty,
            Err(error) => StreamEnd::Failed(Arc::new(error.into())),
        };
        self.ended = true;
        self.recent.clear();
        self.hub.finish(end);
        self.wake_others(None);
        Fill::Ended
    }

    /// Returns what keeps one from reading who does not try to.
    pub fn unfilled(&self) -> Fill {
        if self.ended {
            Fill::Ended
        } else if self.hub.wants_input() {
            Fill::Empty
        } else {
            Fill::Full
        }
    }

    /// Reads once into `room`, for this subscriber alone, past the hub.
    pub fn read_past(&mut self, source: &Source, id: SubscriberId, room: &mut [u8]) -> Past {
        if self.ended || source.shared || !self.hub.may_pass(id) {
            return Past::Refused;
        }
        match rustix::io::read(&source.pipe, &mut *room) {
            // The end, and what goes wrong, are the hub's to tell.
            Ok(0) => Past::Refused,
            Ok(length) => {
                self.last_output = Some(Instant::now());
                self.drained = length < room.len();
                self.hub.pass(id, length);
                Past::Read(length)
            }
            Err(rustix::io::Errno::AGAIN) => Past::Empty,
            Err(_) => Past::Refused,
        }
    }

    /// Makes room for the next read: in the memory of the newest chunk that nobody holds any more.
    ///
    /// It is still in the processor's cache; and memory that is freed and allocated each time may be
    /// given back to the system and fetched again, page by page, at each chunk.
    fn make_room(&mut self, read_size: usize) {
        if self.spare.capacity() >= read_size {
            return;
        }
        let free = self.recent.iter().rposition(Bytes::is_unique);
        let free = free.and_then(|index| self.recent.remove(index));
        if let Some(Ok(mut used)) = free.map(Bytes::try_into_mut) {
            used.clear();
            self.spare = used.into();
        }
        self.spare.reserve_exact(read_size);
    }

    /// Takes what was read. A small piece is copied out, so that it does not keep a large buffer.
    fn take_chunk(&mut self, read_size: usize) -> Bytes {
        if self.spare.len() * 4 >= read_size {
            let chunk = Bytes::from(std::mem::take(&mut self.spare));
            if self.recent.len() == RECENT {
                self.recent.pop_front();
            }
            self.recent.push_back(chunk.clone());
            return chunk;
        }
        let chunk = Bytes::copy_from_slice(&self.spare);
        self.spare.clear();
        chunk
    }

    /// Returns what an only reader left, if what lies at this offset follows it: otherwise it was
    /// read for nobody since, or comes again by replay.
    pub fn take_leftover(&mut self, offset: u64) -> VecDeque<Bytes> {
        let (left, end) = std::mem::take(&mut self.leftover);
        if end == offset { left } else { VecDeque::new() }
    }

    pub fn will_ring(&self, bell: &Arc<Bell>) -> bool {
        let mut waiting = self.sleepers.iter().chain(&self.bystanders);
        waiting.any(|other| Arc::ptr_eq(other, bell))
    }

    pub fn wake_others(&mut self, but: Option<&Arc<Bell>>) {
        self.sleepers.retain(|bell| {
            let stays = but.is_some_and(|own| Arc::ptr_eq(own, bell));
            if !stays {
                bell.ring();
            }
            stays
        });
    }

    /// Has those look again who wait until nobody else reads: one has left, or was told the end.
    pub fn wake_bystanders(&mut self) {
        for bystander in self.bystanders.drain(..) {
            bystander.ring();
        }
    }
}
