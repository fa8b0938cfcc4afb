use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use rustix::fs::OFlags;

use crate::dir::Dir;
use crate::output::segments::{self, Segment};
use crate::{DamageError, Problem, RunFolder, Stream};

/// A file of the stream as it was seen. Its length shrinks when a read finds less than that, so
/// that nobody is sent back for ever to bytes that are gone.
#[derive(Debug)]
struct Piece {
    start: u64,
    len: AtomicU64,
}

impl Piece {
    fn seen(&self) -> Segment {
        Segment {
            start: self.start,
            len: self.len.load(Ordering::Relaxed),
        }
    }
}

/// Reads one stream by logical offsets, whatever files it lies in.
///
/// It knows what was on disk at the last [`refresh`](StreamLog::refresh), and holds one file open
/// at a time. Nothing is read but what is asked for.
#[derive(Debug)]
pub struct StreamLog {
    run: Dir,
    stream: Stream,
    pieces: Vec<Piece>,
    /// The file that was read last, by its start.
    open: Mutex<Option<(u64, File)>>,
}

impl RunFolder {
    /// Opens a stream for reading.
    pub fn stream_log(&self, stream: Stream) -> Result<StreamLog, DamageError> {
        let run = self
            .reopened()
            .map_err(|error| self.dir().damage("", error))?;
        let mut log = StreamLog {
            run,
            stream,
            pieces: Vec::new(),
            open: Mutex::new(None),
        };
        log.refresh()?;
        Ok(log)
    }
}

impl StreamLog {
    /// Looks again at what is on disk.
    pub fn refresh(&mut self) -> Result<(), DamageError> {
        let found = segments::scan(&self.run, self.stream)?;
        self.pieces = found
            .into_iter()
            .map(|segment| Piece {
                start: segment.start,
                len: AtomicU64::new(segment.len),
            })
            .collect();
        Ok(())
    }

    /// Returns the logical offset after the last byte on disk.
    pub fn end(&self) -> u64 {
        self.pieces.last().map_or(0, |piece| piece.seen().end())
    }

    /// Returns the ranges up to `observed` (the bytes that were read from the command, or the end
    /// on disk, if that is more) that are not on disk.
    pub fn omitted(&self, observed: u64) -> Vec<[u64; 2]> {
        segments::gaps(self.segments(), observed.max(self.end()))
    }

    pub(crate) fn segments(&self) -> impl DoubleEndedIterator<Item = Segment> {
        self.pieces.iter().map(Piece::seen)
    }

    /// Returns the first offset, from `offset` on, of a byte on disk; the end, if there is none.
    pub fn next_present(&self, offset: u64) -> u64 {
        let next = self
            .segments()
            .find(|segment| segment.len > 0 && offset < segment.end());
        next.map_or_else(|| self.end(), |segment| segment.start.max(offset))
    }

    /// Returns the end of the bytes that lie on disk without a gap from `offset` on.
    pub(crate) fn run_end(&self, offset: u64) -> u64 {
        let later = self.segments().filter(|segment| segment.end() > offset);
        later.fold(offset, |end, segment| {
            if segment.start <= end {
                segment.end()
            } else {
                end
            }
        })
    }

    /// Returns the beginning of the bytes that lie on disk without a gap up to `end`.
    pub(crate) fn run_start(&self, end: u64) -> u64 {
        let earlier = self.segments().rev().filter(|s| s.len > 0 && s.start < end);
        earlier.fold(end, |start, segment| {
            if segment.end() >= start {
                segment.start
            } else {
                start
            }
        })
    }

    /// Returns the offset after the last byte that can be read: the end, unless the last files are
    /// empty.
    pub(crate) fn last_byte(&self) -> u64 {
        self.segments()
            .rev()
            .find(|segment| segment.len > 0)
            .map_or(0, Segment::end)
    }

    /// Reads into `buf` from `offset` on, up to the next gap or the end at most, and returns how
    /// many bytes that were: 0 in a gap, at the end, and where bytes have gone since the last
    /// refresh.
    pub fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        let holds = |piece: &&Piece| (piece.start..piece.seen().end()).contains(&offset);
        let Some(piece) = self.pieces.iter().find(holds) else {
            return Ok(0);
        };
        let within = offset - piece.start;
        let left = usize::try_from(piece.seen().len - within).unwrap_or(usize::MAX);
        let wanted = buf.len().min(left);
        if wanted == 0 {
            return Ok(0);
        }
        let read = self.read_file(piece.start, within, &mut buf[..wanted])?;
        match read {
            Some(n) if n > 0 => return Ok(n),
            Some(_) => piece.len.store(within, Ordering::Relaxed),
            None => piece.len.store(0, Ordering::Relaxed),
        }
        Ok(0)
    }

    /// Reads from the file that begins at `start`; `None` if it is gone.
    fn read_file(&self, start: u64, within: u64, buf: &mut [u8]) -> io::Result<Option<usize>> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let file = match &mut *open {
            Some((held, file)) if *held == start => file,
            other => {
                let name = segments::file_name(self.stream, start);
                match self.run.open(&name, OFlags::RDONLY) {
                    Ok(file) => &mut other.insert((start, file)).1,
                    Err(DamageError {
                        problem: Problem::Missing,
                        ..
                    }) => return Ok(None),
                    Err(damage) => return Err(damage.into()),
                }
            }
        };
        loop {
            match file.read_at(buf, within) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => return result.map(Some),
            }
        }
    }

    /// Returns the bytes of a range, or fewer, if a gap or the end comes first.
    pub(crate) fn collect(&self, from: u64, to: u64) -> io::Result<Vec<u8>> {
        let wanted = usize::try_from(to.saturating_sub(from)).unwrap_or(usize::MAX);
        let mut bytes = vec![0; wanted];
        let mut filled = 0;
        while filled < wanted {
            match self.read_at(from + filled as u64, &mut bytes[filled..])? {
                0 => break,
                n => filled += n,
            }
        }
        bytes.truncate(filled);
        Ok(bytes)
    }
}
