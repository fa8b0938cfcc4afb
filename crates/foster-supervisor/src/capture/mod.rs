mod found;
mod loss;
mod pace;
mod redacted;
mod width;

use std::fs::File;
use std::io;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::fs::FileExt as _;
use std::time::{Instant, SystemTime};

use foster_model::StreamTotals;
use foster_process::{Moved, Relay, move_bytes};
use foster_store::{RunFolder, Stream, StreamWriter, TimelineWriter};

use crate::log_file::LogFile;
use crate::matching::Matching;
use crate::redaction::{RedactedStream, Taken};

pub use loss::Loss;
use pace::Pace;
use width::Width;

/// How many bytes one system call may move: more than a pipe holds.
const CHUNK: u64 = 1 << 20;

/// How much is shown at once to those who look at output: what fits into a processor's cache.
const SHOWN: usize = 64 * 1024;

/// How many chunks of one stream are moved before the other events get their turn.
const TURN: usize = 16;

/// What lies between the pipes and the files of a job, and outlives whoever moves its output.
#[derive(Debug, Default)]
pub struct Transit {
    pub redaction: Option<[RedactedStream; 2]>,
    /// For output in bulk; none where it is redacted.
    pub relays: Option<[Relay; 2]>,
}

/// Moves a job's output from its pipes to its files.
pub struct Capture {
    pipes: [Option<OwnedFd>; 2],
    relays: Option<[Relay; 2]>,
    /// Which streams come in bulk, by what was moved last.
    bulky: [bool; 2],
    widths: [Width; 2],
    paces: [Pace; 2],
    writers: [StreamWriter; 2],
    timeline: TimelineWriter,
    log: Option<LogFile>,
    redaction: Option<[RedactedStream; 2]>,
    matching: Option<Matching>,
    last_output: Instant,
    losses: Vec<Loss>,
    losing: [bool; 2],
    timeline_lost: bool,
    scratch: Vec<u8>,
}

impl Capture {
    /// Returns a capture that goes on where the files of the run end.
    pub fn new(
        run: &RunFolder,
        pipes: [Option<OwnedFd>; 2],
        cap: Option<u64>,
        log: Option<LogFile>,
        transit: Transit,
    ) -> io::Result<Self> {
        let Transit { redaction, relays } = transit;
        let mut capture = Self {
            pipes,
            relays,
            bulky: [false; 2],
            widths: Default::default(),
            paces: Default::default(),
            writers: [
                run.stream_writer(Stream::Stdout, cap)?,
                run.stream_writer(Stream::Stderr, cap)?,
            ],
            timeline: run.timeline_writer()?,
            log,
            redaction,
            matching: None,
            last_output: Instant::now(),
            losses: Vec::new(),
            losing: [false; 2],
            timeline_lost: false,
            scratch: Vec::new(),
        };
        capture.cover_gap();
        for relay in capture.relays.iter_mut().flatten() {
            relay.recount()?;
        }
        for (redacted, writer) in capture.redaction.iter_mut().flatten().zip(&capture.writers) {
            redacted.resume(writer.position())?;
        }
        Ok(capture)
    }

    /// Lets go of the files, for another process that goes on with them, and returns the pipes and the
    /// output on its way. [`Capture::flush`] comes first: what is kept back here is lost with it.
    pub fn into_pipes(self) -> ([Option<OwnedFd>; 2], Transit) {
        let Self {
            redaction, relays, ..
        } = self;
        (self.pipes, Transit { redaction, relays })
    }

    /// Brings the files together where a predecessor was stopped between two of them: it had moved
    /// bytes and not noted them, or noted bytes at the end that it could not keep.
    fn cover_gap(&mut self) {
        let covered = self.timeline.covered();
        for stream in Stream::ALL {
            let writer = &mut self.writers[stream.index()];
            let (noted, kept) = (covered[stream.index()], writer.position());
            writer.skip(noted.saturating_sub(kept));
            if kept > noted {
                self.note(stream, kept - noted);
            }
        }
    }

    /// Returns the pipe of a stream, while it is open.
    pub fn pipe(&self, stream: Stream) -> Option<BorrowedFd<'_>> {
        self.pipes[stream.index()].as_ref().map(|fd| fd.as_fd())
    }

    /// Returns whether both streams were read to their end.
    pub fn ended(&self) -> bool {
        self.pipes.iter().all(Option::is_none)
    }

    /// Returns when bytes were last read.
    pub fn last_output(&self) -> Instant {
        self.last_output
    }

    /// Returns how much came on a stream.
    pub fn totals(&self, stream: Stream) -> StreamTotals {
        let writer = &self.writers[stream.index()];
        StreamTotals {
            observed_bytes: writer.position(),
            omitted_bytes: writer.omitted_bytes(),
            redactions: self
                .redaction
                .as_ref()
                .map_or(0, |redaction| redaction[stream.index()].replaced()),
        }
    }

    /// Returns the losses that began since the last call.
    pub fn take_losses(&mut self) -> Vec<Loss> {
        std::mem::take(&mut self.losses)
    }

    /// Closes a stream of which no more is wanted.
    pub fn abandon(&mut self, stream: Stream) {
        self.pipes[stream.index()] = None;
    }

    /// Returns when a stream is to be looked into though nothing is told of it; `None` if the kernel is
    /// to tell.
    pub fn next_look(&self, stream: Stream) -> Option<Instant> {
        self.pipe(stream)?;
        if self.held(stream) > 0 {
            return Some(self.last_output);
        }
        self.paces[stream.index()].next_look()
    }

    /// Moves what there is of a stream, up to a turn's worth. Returns whether anything came and
    /// whether the stream ended; then it is to be abandoned.
    pub fn pump(&mut self, stream: Stream) -> io::Result<Pumped> {
        let mut pumped = Pumped::default();
        let mut bytes = 0;
        for _ in 0..TURN {
            match self.move_chunk(stream)? {
                Moved::Bytes(n) => {
                    pumped.moved = true;
                    bytes += n as u64;
                    self.last_output = Instant::now();
                    foster_fault::step("supervisor.bytes_moved");
                    self.note(stream, n as u64);
                    if self.losing[stream.index()] {
                        // In no file but this one: who comes after a kill has nothing else to count by.
                        self.flush_timeline();
                    }
                    foster_fault::step("supervisor.bytes_noted");
                    if self.has_emptied_it(stream, n as u64) {
                        break;
                    }
                }
                Moved::Nothing | Moved::Cut { .. } => break,
                Moved::End => {
                    pumped.ended = true;
                    break;
                }
            }
        }
        let capacity = self.widths[stream.index()].capacity();
        self.paces[stream.index()].looked(Instant::now(), bytes, capacity);
        Ok(pumped)
    }

    /// Returns whether a chunk of so many bytes was all that the pipe held, and far less than it can
    /// hold: what comes from now on is told of, and one call that would find nothing is saved.
    fn has_emptied_it(&mut self, stream: Stream, chunk: u64) -> bool {
        let width = &mut self.widths[stream.index()];
        if let Some(pipe) = &self.pipes[stream.index()]
            && width.held(chunk, pipe)
        {
            let capacity = width.capacity();
            if let Some(redaction) = &mut self.redaction {
                redaction[stream.index()].widen(capacity);
            }
            if let Some(relays) = &mut self.relays {
                // One that may be no wider takes as much as before.
                let _ = relays[stream.index()].widen(capacity as usize);
            }
        }
        self.bulky[stream.index()] = chunk >= width.capacity() / 2;
        let whole = self.redaction.is_none() && !self.writers[stream.index()].is_full();
        whole && self.held(stream) == 0 && !self.bulky[stream.index()]
    }

    /// Returns how many bytes of a stream have left its pipe, and are in no file yet.
    fn held(&self, stream: Stream) -> usize {
        let relays = self.relays.as_ref();
        relays.map_or(0, |relays| relays[stream.index()].held())
    }

    fn move_chunk(&mut self, stream: Stream) -> io::Result<Moved> {
        let Some(pipe) = &self.pipes[stream.index()] else {
            return Ok(Moved::End);
        };
        if let Some(redaction) = &mut self.redaction {
            return match redaction[stream.index()].take(pipe, CHUNK as usize)? {
                Taken::Piece(piece) => self.write_piece(stream, piece),
                Taken::Nothing => Ok(Moved::Nothing),
                Taken::End => Ok(Moved::End),
            };
        }
        let mut relay = self
            .relays
            .as_mut()
            .map(|relays| &mut relays[stream.index()]);
        if let Some(relay) = &mut relay
            && relay.held() == 0
            && self.bulky[stream.index()]
            && let Moved::End = relay.fill(pipe, CHUNK as usize)?
        {
            return Ok(Moved::End);
        }
        let held = relay.filter(|relay| relay.held() > 0);
        let writer = &mut self.writers[stream.index()];
        let looks = self.log.is_some() || self.matching.is_some();
        let offset = writer.position();
        let moved = writer.target().and_then(|(file, room)| {
            let before = looks.then(|| end_of(file)).transpose()?;
            let at_most = room.min(CHUNK) as usize;
            let moved = match held {
                Some(relay) => relay.move_to(file, at_most)?,
                None => move_bytes(pipe, file, at_most)?,
            };
            if let (Some(from), Moved::Bytes(n)) = (before, moved) {
                self.scratch.resize(SHOWN, 0);
                let (log, matching) = (&mut self.log, &mut self.matching);
                read_back(file, from, n, &mut self.scratch, |at, bytes| {
                    show(log, matching, stream, offset + at, bytes);
                });
            }
            Ok(moved)
        });
        match moved {
            Ok(Moved::Bytes(n)) => {
                writer.advance(n as u64);
                self.losing[stream.index()] = false;
                Ok(Moved::Bytes(n))
            }
            Ok(Moved::Cut { kept, lost, errno }) => {
                writer.advance(kept as u64);
                self.lose(stream, lost, &io::Error::from_raw_os_error(errno));
                Ok(Moved::Bytes(kept + lost))
            }
            Ok(other) => Ok(other),
            Err(error) => self.lose_chunk(stream, &error),
        }
    }

    fn note(&mut self, stream: Stream, bytes: u64) {
        let at = now_us();
        let mut left = bytes;
        while left > 0 {
            let part = left.min(u64::from(u32::MAX));
            left -= part;
            if let Err(error) = self.timeline.append(at, stream, part as u32) {
                self.lose_timeline(stream, &error);
            }
        }
    }

    /// Writes out what was kept back to be joined with what might follow at once.
    pub fn flush(&mut self) {
        self.flush_timeline();
        if let Some(log) = &mut self.log
            && let Err(error) = log.flush()
        {
            self.losses.push(Loss {
                stream: "log",
                from: 0,
                reason: error.to_string(),
            });
            self.log = None;
        }
    }

    fn flush_timeline(&mut self) {
        if let Err(error) = self.timeline.flush() {
            self.lose_timeline(Stream::Stdout, &error);
        }
    }

    /// Writes out everything, also lines whose end never came.
    pub fn finish(&mut self) {
        for stream in Stream::ALL {
            // What can't be looked at any more is what a full system costs.
            let _ = self.write_undecided(stream);
            while self.held(stream) > 0 && self.pump(stream).is_ok_and(|pumped| pumped.moved) {}
        }
        if let Some(log) = &mut self.log {
            log.finish(now());
        }
        self.flush();
    }
}

/// What a turn of moving brought.
#[derive(Debug, Default, Clone, Copy)]
pub struct Pumped {
    /// Whether any bytes came.
    pub moved: bool,
    /// Whether the stream is at its end.
    pub ended: bool,
}

/// Shows bytes to those who look at them.
fn show(
    log: &mut Option<LogFile>,
    matching: &mut Option<Matching>,
    stream: Stream,
    offset: u64,
    bytes: &[u8],
) {
    if let Some(log) = log {
        log.take(stream, bytes, now());
    }
    if let Some(matching) = matching {
        matching.take(stream, offset, bytes, Instant::now());
    }
}

/// Reads what was written a moment ago, in pieces, each with its place in it. What can't be read is left
/// out: a log without it is a lesser evil than a supervisor that ends for it.
fn read_back(
    file: &File,
    from: u64,
    bytes: usize,
    buffer: &mut [u8],
    mut each: impl FnMut(u64, &[u8]),
) {
    let mut at = 0;
    while at < bytes {
        let piece = buffer.len().min(bytes - at);
        let piece = &mut buffer[..piece];
        if file.read_exact_at(piece, from + at as u64).is_err() {
            return;
        }
        each(at as u64, piece);
        at += piece.len();
    }
}

fn end_of(mut file: &File) -> io::Result<u64> {
    io::Seek::stream_position(&mut file)
}

fn now() -> foster_model::Time {
    SystemTime::now().into()
}

fn now_us() -> i64 {
    let since = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}
