use std::fs::File;
use std::io::{self, Write as _};

use foster_model::{Entry, JobRecord};
use rustix::fs::OFlags;

use crate::{DamageError, JobFolder, Problem, sys};

pub(crate) const NAME: &str = "events.ndjson";

/// How much room is set aside on the disk for what is still to be written. A life without clients
/// takes about 2 KiB; the end of a job must find room also where its own output has filled the disk.
const RESERVE: u64 = 16 * 1024;

/// Returns the entry as a line of the journal.
pub(crate) fn line(entry: &Entry) -> io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(entry)?;
    line.push(b'\n');
    Ok(line)
}

/// Returns how much of the journal is whole lines. What follows was being written when the writer
/// died, and counts as not having happened.
fn whole_lines(bytes: &[u8]) -> usize {
    bytes
        .iter()
        .rposition(|&byte| byte == b'\n')
        .map_or(0, |at| at + 1)
}

/// Appends to a job's journal. To be held by the lock's holder only.
#[derive(Debug)]
pub struct JournalWriter {
    file: File,
    /// Where the last whole line ends.
    end: u64,
    /// Whether a cut line may stand behind `end`, since it could not be taken away at once.
    torn: bool,
}

impl JobFolder {
    /// Returns all that happened to the job, in order.
    ///
    /// # Errors
    ///
    /// A line in the middle that is no event. A cut last line is left out.
    pub fn journal(&self) -> Result<Vec<Entry>, DamageError> {
        let bytes = self.files().read(NAME)?;
        let whole = &bytes[..whole_lines(&bytes)];
        let lines = whole.split_inclusive(|&byte| byte == b'\n').enumerate();
        let parse = |(number, line)| {
            serde_json::from_slice(line).map_err(|source| {
                self.files().damage(
                    NAME,
                    Problem::BadLine {
                        line: number + 1,
                        source,
                    },
                )
            })
        };
        lines.map(parse).collect()
    }

    /// Returns the record of the job, made from the journal.
    pub fn replay(&self) -> Result<JobRecord, DamageError> {
        let entries = self.journal()?;
        if entries.is_empty() {
            return Err(self.files().damage(NAME, Problem::Empty));
        }
        JobRecord::replay(self.id(), &entries)
            .map_err(|illegal| self.files().damage(NAME, Problem::Impossible(illegal)))
    }

    /// Opens the journal for appending.
    ///
    /// A cut line at the end is removed: closed with a newline it would be a bad line in the
    /// middle, and readers could no longer tell such a one from real damage. The caller holds the
    /// lock, so nobody is still writing that line.
    pub fn journal_writer(&self) -> io::Result<JournalWriter> {
        let bytes = self.files().read(NAME)?;
        let end = whole_lines(&bytes) as u64;
        let file = self.files().open(NAME, OFlags::RDWR | OFlags::APPEND)?;
        let mut writer = JournalWriter {
            file,
            end,
            torn: end < bytes.len() as u64,
        };
        writer.mend()?;
        // A file system that can't do that loses the promise for a full disk, and nothing else.
        let _ = sys::reserve(&writer.file, end, RESERVE);
        Ok(writer)
    }
}

impl JournalWriter {
    /// Appends one entry with a single write.
    ///
    /// # Errors
    ///
    /// Nothing of the entry stays in the file then (a full disk is the usual case).
    pub fn append(&mut self, entry: &Entry) -> io::Result<()> {
        self.mend()?;
        let line = line(entry)?;
        let result = match self.file.write(&line) {
            Ok(written) if written == line.len() => {
                self.end += line.len() as u64;
                return Ok(());
            }
            Ok(_) => Err(io::ErrorKind::StorageFull.into()),
            Err(error) => Err(error),
        };
        self.torn = true;
        let _ = self.mend();
        result
    }

    fn mend(&mut self) -> io::Result<()> {
        if self.torn {
            self.file.set_len(self.end)?;
            self.torn = false;
        }
        Ok(())
    }

    /// Returns when all that was appended is on the disk.
    pub fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }
}
