use std::collections::VecDeque;
use std::io;

use foster_model::Time;
use foster_model::answer::LogPosition;

use crate::output::lane::Lane;
use crate::{Chunk, DamageError, RunFolder, Stream, TimelineReader};

/// A line as the command printed it, or a piece of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawLine {
    /// When its last byte was read; `None` if that is not known.
    pub at: Option<Time>,
    /// On which stream.
    pub stream: Stream,
    /// The logical offset of its first byte.
    pub offset: u64,
    /// Its bytes, without the newline.
    pub bytes: Vec<u8>,
    /// Whether it is only a piece: the line is longer than 64 KiB, a cap dropped its end, or its
    /// end never came.
    pub partial: bool,
    /// Whether a newline ended it.
    pub terminated: bool,
}

impl RawLine {
    /// Returns the logical offset after its last byte, the newline included.
    pub(crate) fn end(&self) -> u64 {
        self.offset + self.bytes.len() as u64 + u64::from(self.terminated)
    }
}

/// Makes lines of the timeline and both streams, in the order in which they were completed.
///
/// Lines are put together for each stream by itself. One longer than 64 KiB comes in pieces, cut
/// on borders of characters. Bytes on disk that the timeline does not tell of (a takeover came
/// between) come last, without a time; bytes that a cap dropped are jumped over.
#[derive(Debug)]
pub struct LineMerger {
    timeline: TimelineReader,
    /// Whether the timeline turned out to be damaged: the rest has no times.
    timeline_lost: bool,
    /// By [`Stream::index`]; `None` for a stream that is not wanted.
    lanes: [Option<Lane>; 2],
    chunk: Option<Chunk>,
    since: Option<Time>,
    since_reached: bool,
    lines: VecDeque<RawLine>,
    given: [u64; 2],
}

impl LineMerger {
    /// Begins at `from`, in each stream: a place that [`LineMerger::position`] told of, or any
    /// other, where the rest of a line then counts as one. Lines that were complete before `since`
    /// are left out. Neither is read, only the timeline.
    pub fn new(
        run: &RunFolder,
        from: LogPosition,
        only: Option<Stream>,
        since: Option<Time>,
    ) -> Result<Self, DamageError> {
        let given = [from.stdout, from.stderr];
        let lane = |stream: Stream| -> Result<Option<Lane>, DamageError> {
            if only.is_some_and(|only| only != stream) {
                return Ok(None);
            }
            Ok(Some(Lane::new(
                stream,
                run.stream_log(stream)?,
                given[stream.index()],
            )))
        };
        Ok(Self {
            timeline: run.timeline()?,
            timeline_lost: false,
            lanes: [lane(Stream::Stdout)?, lane(Stream::Stderr)?],
            chunk: None,
            since,
            since_reached: since.is_none(),
            lines: VecDeque::new(),
            given,
        })
    }

    /// Returns the next complete line, or `None` if there is none at present.
    pub fn next_line(&mut self) -> io::Result<Option<RawLine>> {
        loop {
            if let Some(line) = self.take_line() {
                return Ok(Some(line));
            }
            if let Some(chunk) = self.chunk {
                self.work_on(chunk)?;
            } else if let Some(chunk) = self.next_chunk()? {
                self.begin(chunk);
            } else {
                return Ok(None);
            }
        }
    }

    fn take_line(&mut self) -> Option<RawLine> {
        loop {
            let line = self.lines.pop_front()?;
            self.given[line.stream.index()] = line.end();
            if line.at.is_none() || line.at >= self.since {
                return Some(line);
            }
        }
    }

    fn next_chunk(&mut self) -> io::Result<Option<Chunk>> {
        if self.timeline_lost {
            return Ok(None);
        }
        match self.timeline.next() {
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                self.timeline_lost = true;
                Ok(None)
            }
            result => result,
        }
    }

    fn begin(&mut self, chunk: Chunk) {
        let Some(lane) = &mut self.lanes[chunk.stream.index()] else {
            return;
        };
        if chunk.end() <= lane.position {
            return;
        }
        self.since_reached |= Some(time_of(chunk)) >= self.since;
        if self.since_reached {
            self.chunk = Some(chunk);
        } else {
            lane.pass_over(chunk.end());
        }
    }

    fn work_on(&mut self, chunk: Chunk) -> io::Result<()> {
        let lane = self.lanes[chunk.stream.index()].as_mut();
        if let Some(lane) = lane.filter(|lane| lane.position < chunk.end()) {
            return lane.step(chunk.end(), Some(time_of(chunk)), &mut self.lines);
        }
        self.chunk = None;
        Ok(())
    }

    /// Returns the rest when the output is over, also lines without an end; call it until `None`.
    pub fn finish(&mut self) -> io::Result<Option<RawLine>> {
        loop {
            if let Some(line) = self.next_line()? {
                return Ok(Some(line));
            }
            if !self.finish_step()? {
                return Ok(None);
            }
        }
    }

    /// Brings out some more of what the timeline does not tell of; `false` if nothing is left.
    fn finish_step(&mut self) -> io::Result<bool> {
        for lane in self.lanes.iter_mut().flatten() {
            let end = lane.refresh()?;
            if lane.position < end {
                lane.step(end, None, &mut self.lines)?;
                return Ok(true);
            }
        }
        let rests = self
            .lanes
            .iter_mut()
            .flatten()
            .filter(|lane| lane.has_rest());
        // The one that was printed first; what has no time came after all that has one.
        match rests.min_by_key(|lane| (lane.at.is_none(), lane.at)) {
            Some(lane) => lane.give_rest(&mut self.lines),
            None => return Ok(false),
        }
        Ok(true)
    }

    /// Returns what there is of a line that was begun, as a piece: what follows of it is another line, which begins
    /// where the piece ends. `None` if no line was begun, or only a character.
    pub fn begun_line(&mut self) -> Option<RawLine> {
        for lane in self.lanes.iter_mut().flatten() {
            lane.give_begun(&mut self.lines);
        }
        self.take_line()
    }

    /// Returns whether [`begun_line`](Self::begun_line) would return one.
    pub fn has_begun_a_line(&self) -> bool {
        self.lanes.iter().flatten().any(|lane| lane.begun() > 0)
    }

    /// Returns the place after the last byte of the lines that were given out.
    pub fn position(&self) -> LogPosition {
        let [stdout, stderr] = self.given;
        LogPosition { stdout, stderr }
    }
}

fn time_of(chunk: Chunk) -> Time {
    Time::from_unix_ms(chunk.at_unix_us.div_euclid(1000))
}
