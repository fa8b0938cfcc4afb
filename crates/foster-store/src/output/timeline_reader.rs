use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

use rustix::fs::OFlags;

use crate::output::record_format::{LENGTH, Record};
use crate::{DamageError, RunFolder, Stream};

/// How much of the timeline is read at once, in bytes.
const BLOCK: usize = 16 * 1024;

/// Bytes that came together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chunk {
    /// When they were read, in microseconds since 1970.
    pub at_unix_us: i64,
    /// On which stream.
    pub stream: Stream,
    /// The logical offset of the first of them.
    pub offset: u64,
    /// How many bytes they are.
    pub len: u32,
}

impl Chunk {
    pub(crate) fn end(&self) -> u64 {
        self.offset + u64::from(self.len)
    }
}

/// Reads a timeline from its beginning, and goes on as it grows.
#[derive(Debug)]
pub struct TimelineReader {
    file: File,
    /// The file offset of what has not been read into `block`.
    position: u64,
    block: Vec<u8>,
    /// How much of `block` was given out.
    used: usize,
    offsets: [u64; 2],
}

impl RunFolder {
    /// Opens the timeline for reading.
    pub fn timeline(&self) -> Result<TimelineReader, DamageError> {
        let file = self.dir().open("timeline", OFlags::RDONLY)?;
        Ok(TimelineReader {
            file,
            position: 0,
            block: Vec::new(),
            used: 0,
            offsets: [0; 2],
        })
    }
}

impl TimelineReader {
    /// Returns the next chunk, or `None` at the present end; ask again when there is more.
    ///
    /// # Errors
    ///
    /// `InvalidData` for a record that no writer wrote. Nothing behind it can be told then, since
    /// each offset is the sum of the lengths before.
    #[expect(
        clippy::should_implement_trait,
        reason = "an iterator that ends has ended"
    )]
    pub fn next(&mut self) -> io::Result<Option<Chunk>> {
        let Some(bytes) = self.record()? else {
            return Ok(None);
        };
        let record = Record::decode(bytes).ok_or_else(|| {
            io::Error::new(io::ErrorKind::InvalidData, "the timeline has a bad record")
        })?;
        self.used += LENGTH;
        let offset = self.offsets[record.stream.index()];
        self.offsets[record.stream.index()] += u64::from(record.bytes);
        let Record {
            at_unix_us,
            stream,
            bytes,
        } = record;
        Ok(Some(Chunk {
            at_unix_us,
            stream,
            offset,
            len: bytes,
        }))
    }

    /// Returns the next record without stepping over it. A cut one waits for its rest.
    fn record(&mut self) -> io::Result<Option<[u8; LENGTH]>> {
        if self.block.len() - self.used < LENGTH {
            self.fill()?;
        }
        Ok(self
            .block
            .get(self.used..)
            .and_then(|rest| rest.first_chunk())
            .copied())
    }

    fn fill(&mut self) -> io::Result<()> {
        let start = self.position - (self.block.len() - self.used) as u64;
        self.block.resize(BLOCK, 0);
        self.used = 0;
        let mut filled = 0;
        while filled < BLOCK {
            match self
                .file
                .read_at(&mut self.block[filled..], start + filled as u64)
            {
                Ok(0) => break,
                Ok(n) => filled += n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.block.clear();
                    self.position = start;
                    return Err(error);
                }
            }
        }
        // Only whole records are kept: a writer that takes over cuts a torn one off and writes
        // another in its place.
        filled -= filled % LENGTH;
        self.block.truncate(filled);
        self.position = start + filled as u64;
        Ok(())
    }
}
