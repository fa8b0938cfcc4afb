use std::fs::File;
use std::io::{self, Write as _};

use rustix::fs::OFlags;

use crate::output::record_format::{LENGTH, Record};
use crate::{Chunk, RunFolder, Stream, TimelineReader};

/// How far apart, in microseconds, two chunks of a stream may be to be noted as one.
const MERGE_US: i64 = 5_000;
/// How many records wait at most while the disk is full; from then on times get coarser.
const LONGEST_QUEUE: usize = 64;

/// Appends to a job's timeline. To be held by the lock's holder only.
///
/// Every byte that was read from the command is to be noted, also those that could not be kept:
/// offsets are sums of lengths.
#[derive(Debug)]
pub struct TimelineWriter {
    file: File,
    /// Where the last whole record ends.
    end: u64,
    /// Whether a cut record may stand behind `end`.
    torn: bool,
    /// What is not yet written: the newest record, and more only while writing fails.
    queue: Vec<Record>,
    covered: [u64; 2],
}

impl RunFolder {
    /// Opens the timeline for appending.
    ///
    /// A cut record at its end is removed, and so is all from a bad record on: no reader gets
    /// behind one, so whatever was appended there would never be seen. What is then missing shows
    /// in [`TimelineWriter::covered`], and the caller can note it anew.
    pub fn timeline_writer(&self) -> io::Result<TimelineWriter> {
        let mut covered = [0; 2];
        let mut end = 0;
        let mut reader = self.timeline()?;
        while let Some(chunk) = next_good(&mut reader)? {
            covered[chunk.stream.index()] += u64::from(chunk.len);
            end += LENGTH as u64;
        }
        let file = self.dir().open("timeline", OFlags::RDWR | OFlags::APPEND)?;
        let torn = end < file.metadata()?.len();
        let mut writer = TimelineWriter {
            file,
            end,
            torn,
            queue: Vec::new(),
            covered,
        };
        writer.mend()?;
        Ok(writer)
    }
}

fn next_good(reader: &mut TimelineReader) -> io::Result<Option<Chunk>> {
    match reader.next() {
        Err(error) if error.kind() == io::ErrorKind::InvalidData => Ok(None),
        result => result,
    }
}

impl TimelineWriter {
    /// Notes that `bytes` bytes came on `stream` at a time, in microseconds since 1970.
    ///
    /// # Errors
    ///
    /// An earlier record could not be written. Nothing is forgotten: it is kept in memory, and
    /// tried again with the next call.
    pub fn append(&mut self, at_unix_us: i64, stream: Stream, bytes: u32) -> io::Result<()> {
        if bytes == 0 {
            return Ok(());
        }
        self.covered[stream.index()] += u64::from(bytes);
        let record = Record {
            at_unix_us,
            stream,
            bytes,
        };
        if self.merge(record) {
            return Ok(());
        }
        let written = self.flush();
        self.queue.push(record);
        written
    }

    fn merge(&mut self, new: Record) -> bool {
        let full = self.queue.len() >= LONGEST_QUEUE;
        let last = self.queue.len().saturating_sub(1);
        for (at, old) in self.queue.iter_mut().enumerate().rev() {
            let near = at == last && (0..MERGE_US).contains(&(new.at_unix_us - old.at_unix_us));
            let fits = old.stream == new.stream && (near || full);
            if let Some(sum) = old.bytes.checked_add(new.bytes).filter(|_| fits) {
                old.bytes = sum;
                return true;
            }
            if !full {
                return false;
            }
        }
        false
    }

    /// Writes what is kept in memory.
    pub fn flush(&mut self) -> io::Result<()> {
        if self.queue.is_empty() {
            return Ok(());
        }
        self.mend()?;
        let bytes: Vec<u8> = self
            .queue
            .iter()
            .flat_map(|record| record.encode())
            .collect();
        let allowed = foster_fault::attempt("store.timeline.append");
        if let Err(error) = allowed.and_then(|()| self.file.write_all(&bytes)) {
            self.torn = true;
            let _ = self.mend();
            return Err(error);
        }
        foster_fault::step("store.timeline.appended");
        self.end += bytes.len() as u64;
        self.queue.clear();
        Ok(())
    }

    fn mend(&mut self) -> io::Result<()> {
        if self.torn {
            self.file.set_len(self.end)?;
            self.torn = false;
        }
        Ok(())
    }

    /// Returns how many bytes of each stream the timeline tells of, including what was on disk
    /// when it was opened and what is still in memory.
    pub fn covered(&self) -> [u64; 2] {
        self.covered
    }
}
