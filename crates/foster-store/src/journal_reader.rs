use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

use foster_model::{Entry, Time};
use rustix::fs::OFlags;

use crate::{DamageError, JobFolder, Problem, journal};

/// How much is read at once, in bytes. A longer line is read in one piece all the same.
const BLOCK: usize = 16 * 1024;

/// Reads a journal from its beginning, and goes on as it grows.
///
/// It keeps the file open, so that all is read that was written, also if the job is deleted. A line
/// without its end is looked at again each time: whoever takes over from a writer that died cuts it
/// off, and writes another in its place.
#[derive(Debug)]
pub struct JournalReader {
    file: File,
    path: std::path::PathBuf,
    /// The file offset of the first byte that is not in `block`.
    position: u64,
    block: Vec<u8>,
    /// How much of `block` was given out.
    used: usize,
    /// How many lines were given out.
    lines: usize,
}

/// A place in a journal, before a line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct JournalPlace {
    offset: u64,
    lines: usize,
}

impl JobFolder {
    /// Opens the journal for reading.
    pub fn journal_reader(&self) -> Result<JournalReader, DamageError> {
        self.journal_reader_from(JournalPlace::default())
    }

    /// Opens the journal for reading on from where another reader had come to.
    pub fn journal_reader_from(&self, place: JournalPlace) -> Result<JournalReader, DamageError> {
        let file = self.files().open(journal::NAME, OFlags::RDONLY)?;
        Ok(JournalReader {
            file,
            path: self.path().join(journal::NAME),
            position: place.offset,
            block: Vec::new(),
            used: 0,
            lines: place.lines,
        })
    }

    /// Returns when something was last added to the journal, by the file system's clock.
    pub fn journal_time(&self) -> Result<Time, DamageError> {
        let file = self.files().open(journal::NAME, OFlags::RDONLY)?;
        let modified = file.metadata().and_then(|metadata| metadata.modified());
        let modified = modified.map_err(|error| self.files().damage(journal::NAME, error))?;
        Ok(modified.into())
    }
}

impl JournalReader {
    /// Returns the place before the next event.
    pub fn place(&self) -> JournalPlace {
        JournalPlace {
            offset: self.position - (self.block.len() - self.used) as u64,
            lines: self.lines,
        }
    }

    /// Returns the next event, or `None` at the present end; ask again when there is more.
    ///
    /// # Errors
    /// A line that is no event, which is not stepped over, or a file that can't be read.
    #[expect(
        clippy::should_implement_trait,
        reason = "an iterator that ends has ended"
    )]
    pub fn next(&mut self) -> Result<Option<Entry>, DamageError> {
        let Some(length) = self.line_length()? else {
            return Ok(None);
        };
        let line = self.block.get(self.used..self.used + length);
        let entry = serde_json::from_slice(line.unwrap_or_default()).map_err(|source| {
            let line = self.lines + 1;
            self.damage(Problem::BadLine { line, source })
        })?;
        self.used += length;
        self.lines += 1;
        Ok(Some(entry))
    }

    /// Returns how long the next whole line is, with its end.
    fn line_length(&mut self) -> Result<Option<usize>, DamageError> {
        let mut searched = 0;
        loop {
            let rest = self.block.get(self.used + searched..).unwrap_or_default();
            if let Some(at) = memchr::memchr(b'\n', rest) {
                return Ok(Some(searched + at + 1));
            }
            searched += rest.len();
            if !self.fill()? {
                // What is cut may be cut off, so it is read anew when there is more.
                self.position -= searched as u64;
                self.block.truncate(self.used);
                return Ok(None);
            }
        }
    }

    /// Reads some more behind what is there. Returns whether there was any.
    fn fill(&mut self) -> Result<bool, DamageError> {
        self.block.drain(..self.used);
        self.used = 0;
        let kept = self.block.len();
        self.block.resize(kept + BLOCK, 0);
        let read = loop {
            match self.file.read_at(&mut self.block[kept..], self.position) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => break result,
            }
        };
        self.block.truncate(kept + *read.as_ref().unwrap_or(&0));
        let read = read.map_err(|error| self.damage(error))?;
        self.position += read as u64;
        Ok(read > 0)
    }

    fn damage(&self, problem: impl Into<Problem>) -> DamageError {
        DamageError {
            path: self.path.clone(),
            problem: problem.into(),
        }
    }
}
