use std::fs::File;
use std::io::{self, Seek as _, SeekFrom};
use std::os::unix::fs::MetadataExt as _;

use rustix::fs::OFlags;

use crate::dir::Dir;
use crate::output::segments::{self, Segment};
use crate::{RunFolder, Stream};

/// No cap is smaller, in bytes: below it, head and tail would hold no line.
const SMALLEST_CAP: u64 = 8 * 1024;
/// No segment is smaller, in bytes, so that a small cap does not mean a file for each write.
const SMALLEST_SEGMENT: u64 = 4 * 1024;

/// How the kept bytes are divided.
#[derive(Debug, Clone, Copy)]
struct Limits {
    head: u64,
    segment: u64,
    tail: u64,
}

impl Limits {
    fn new(cap: Option<u64>) -> Self {
        let Some(cap) = cap else {
            // Half of all there can be, so that a second segment (after a full disk) fits beside it.
            return Self {
                head: u64::MAX,
                segment: u64::MAX / 2,
                tail: u64::MAX,
            };
        };
        let half = cap.max(SMALLEST_CAP) / 2;
        Self {
            head: half,
            segment: (half / 4).max(SMALLEST_SEGMENT),
            tail: half,
        }
    }
}

/// Writes one stream to disk: head and tail, if there is a cap.
///
/// The head is `cap / 2` bytes long (everything, without a cap). Beyond it the stream goes on in
/// segments, whose names carry the offset of their first byte; the oldest go, so that all segments
/// together stay within `cap / 2`. A cap below 8 KiB counts as 8 KiB.
///
/// The bytes themselves are moved by the caller, with `splice` or otherwise: [`target`], move,
/// [`advance`]. A process that takes over opens a writer of its own; what it finds on disk is
/// where it goes on.
///
/// [`target`]: StreamWriter::target
/// [`advance`]: StreamWriter::advance
#[derive(Debug)]
pub struct StreamWriter {
    run: Dir,
    stream: Stream,
    limits: Limits,
    /// The files on disk, by offset; never empty: the head is the first.
    files: Vec<Segment>,
    /// The last of them.
    current: File,
    position: u64,
    /// Whether the file system tells how many names a file has. Not all do.
    counts_links: bool,
}

impl RunFolder {
    /// Opens a stream for writing behind what is on disk. `cap` is in bytes.
    ///
    /// Bytes that were skipped at the very end have left no trace in the files. A successor that
    /// finds more in the timeline ([`TimelineWriter::covered`](crate::TimelineWriter::covered))
    /// than the writer's position skips the difference, or else offsets and times part.
    pub fn stream_writer(&self, stream: Stream, cap: Option<u64>) -> io::Result<StreamWriter> {
        foster_fault::attempt("store.output.open")?;
        let run = self.reopened()?;
        let files = segments::scan(&run, stream)?;
        let last = files
            .last()
            .copied()
            .unwrap_or(Segment { start: 0, len: 0 });
        // Not O_APPEND, which splice refuses; for reading too, so that it can be looked at. A head that
        // somebody took away is made anew.
        let flags = OFlags::RDWR | OFlags::CREATE;
        let mut current = run.open(&segments::file_name(stream, last.start), flags)?;
        current.seek(SeekFrom::Start(last.len))?;
        let counts_links = current.metadata()?.nlink() > 0;
        let limits = Limits::new(cap);
        Ok(StreamWriter {
            run,
            counts_links,
            stream,
            limits,
            files,
            current,
            position: last.end(),
        })
    }
}

impl StreamWriter {
    /// Returns the logical offset of the next byte.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Returns the file that the next bytes go to, at its own file offset, and how many bytes may
    /// go there before this must be called again (at least one).
    ///
    /// # Errors
    ///
    /// A new segment could not be made. The bytes may be [skipped](StreamWriter::skip), or it may
    /// be tried again.
    pub fn target(&mut self) -> io::Result<(&File, u64)> {
        self.note_what_was_taken()?;
        if self.room() == 0 {
            self.begin_segment()?;
        }
        let room = self.room();
        Ok((&self.current, room))
    }

    /// Finds out whether somebody has shortened or removed the file. Written at the old place, what
    /// follows would stand behind a hole of zeros that nobody printed, or in a file that nobody finds.
    fn note_what_was_taken(&mut self) -> io::Result<()> {
        let found = self.current.metadata()?;
        let removed = self.counts_links && found.nlink() == 0;
        let left = if removed { 0 } else { found.len() };
        if let Some(last) = self.files.last_mut() {
            last.len = last.len.min(left);
        }
        if removed && self.last().start == self.position {
            // Nothing was in it, so what follows may go where it was to go.
            self.current = self.open_file(self.position)?;
        }
        Ok(())
    }

    fn open_file(&self, start: u64) -> io::Result<File> {
        let flags = OFlags::RDWR | OFlags::CREATE;
        let name = segments::file_name(self.stream, start);
        Ok(self.run.open(&name, flags)?)
    }

    fn last(&self) -> Segment {
        self.files
            .last()
            .copied()
            .unwrap_or(Segment { start: 0, len: 0 })
    }

    /// Returns whether what comes next goes to another file.
    pub fn is_full(&self) -> bool {
        self.room() == 0
    }

    /// Returns how many bytes may still go to the current file.
    fn room(&self) -> u64 {
        let last = self.last();
        if last.end() != self.position {
            return 0;
        }
        let limit = if last.start == 0 {
            self.limits.head
        } else {
            self.limits.segment
        };
        limit.saturating_sub(last.len)
    }

    fn begin_segment(&mut self) -> io::Result<()> {
        self.make_room()?;
        let name = segments::file_name(self.stream, self.position);
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL;
        self.current = self.run.open(&name, flags)?;
        self.files.push(Segment {
            start: self.position,
            len: 0,
        });
        Ok(())
    }

    /// Deletes the oldest segments until one more can be filled.
    fn make_room(&mut self) -> io::Result<()> {
        // One that never got a byte (the disk was full) is only a name.
        while self.files.len() > 1 && self.last().len == 0 {
            self.delete(self.files.len() - 1)?;
        }
        let room = self.limits.tail.saturating_sub(self.limits.segment);
        while self.files.len() > 1 && self.tail_len() > room {
            self.delete(1)?;
        }
        Ok(())
    }

    fn tail_len(&self) -> u64 {
        self.files.iter().skip(1).map(|segment| segment.len).sum()
    }

    fn delete(&mut self, at: usize) -> io::Result<()> {
        match self
            .run
            .unlink(&segments::file_name(self.stream, self.files[at].start))
        {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => {
                self.files.remove(at);
                Ok(())
            }
        }
    }

    /// Notes that so many bytes were moved into the target, from its file offset on.
    pub fn advance(&mut self, bytes: u64) {
        self.position += bytes;
        if let Some(last) = self.files.last_mut() {
            last.len += bytes;
        }
    }

    /// Notes that so many bytes were read but could not be written. What follows goes to a new
    /// segment, so that offsets stay true.
    pub fn skip(&mut self, bytes: u64) {
        self.position += bytes;
    }

    /// Returns the ranges that are not on disk.
    pub fn omitted(&self) -> Vec<[u64; 2]> {
        segments::gaps(self.files.iter().copied(), self.position)
    }

    /// Returns how many bytes are not on disk.
    pub fn omitted_bytes(&self) -> u64 {
        self.omitted().iter().map(|[from, to]| to - from).sum()
    }
}
