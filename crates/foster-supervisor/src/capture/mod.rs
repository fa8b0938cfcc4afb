mod found;
mod loss;
mod redacted;

use std::fs::File;
use std::io;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::fs::FileExt as _;
use std::time::{Instant, SystemTime};

use foster_model::StreamTotals;
use foster_process::{Moved, move_bytes};
use foster_store::{RunFolder, Stream, StreamWriter, TimelineWriter};

use crate::log_file::LogFile;
use crate::matching::Matching;
use crate::redaction::{RedactedStream, Taken};

pub use loss::Loss;

/// How many bytes one system call may move: more than a pipe of the default size holds.
const CHUNK: u64 = 1 << 20;

/// How many chunks of one stream are moved before the other events get their turn.
const TURN: usize = 16;

/// Moves a job's output from its pipes to its files.
pub struct Capture {
    pipes: [Option<OwnedFd>; 2],
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
        redaction: Option<[RedactedStream; 2]>,
    ) -> io::Result<Self> {
        let mut capture = Self {
            pipes,
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
        for (redacted, writer) in capture.redaction.iter_mut().flatten().zip(&capture.writers) {
            redacted.resume(writer.position())?;
        }
        Ok(capture)
    }

    /// Lets go of the files, for another process that goes on with them, and returns the pipes and the
    /// output on its way. [`Capture::flush`] comes first: what is kept back here is lost with it.
    pub fn into_pipes(self) -> ([Option<OwnedFd>; 2], Option<[RedactedStream; 2]>) {
        (self.pipes, self.redaction)
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

    /// Moves what there is of a stream, up to a turn's worth. Returns whether anything came and
    /// whether the stream ended; then it is to be abandoned.
    pub fn pump(&mut self, stream: Stream) -> io::Result<Pumped> {
        let mut pumped = Pumped::default();
        for _ in 0..TURN {
            match self.move_chunk(stream)? {
                Moved::Bytes(n) => {
                    pumped.moved = true;
                    self.last_output = Instant::now();
                    foster_fault::step("supervisor.bytes_moved");
                    self.note(stream, n as u64);
                    foster_fault::step("supervisor.bytes_noted");
                }
                Moved::Nothing | Moved::Cut { .. } => break,
                Moved::End => {
                    pumped.ended = true;
                    break;
                }
            }
        }
        Ok(pumped)
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
        let writer = &mut self.writers[stream.index()];
        let looks = self.log.is_some() || self.matching.is_some();
        let offset = writer.position();
        let moved = writer.target().and_then(|(file, room)| {
            let before = looks.then(|| end_of(file)).transpose()?;
            let moved = move_bytes(pipe, file, room.min(CHUNK) as usize)?;
            if let (Some(before), Moved::Bytes(n)) = (before, moved) {
                self.scratch.resize(n, 0);
                // They were written a moment ago. A log without them is a lesser evil than a
                // supervisor that ends for it.
                if file.read_exact_at(&mut self.scratch, before).is_ok() {
                    show(
                        &mut self.log,
                        &mut self.matching,
                        stream,
                        offset,
                        &self.scratch,
                    );
                }
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
        if let Err(error) = self.timeline.flush() {
            self.lose_timeline(Stream::Stdout, &error);
        }
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

    /// Writes out everything, also lines whose end never came.
    pub fn finish(&mut self) {
        for stream in Stream::ALL {
            // What can't be looked at any more is what a full system costs.
            let _ = self.write_undecided(stream);
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
