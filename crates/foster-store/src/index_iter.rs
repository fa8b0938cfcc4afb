use std::collections::HashSet;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

use foster_model::JobId;

use crate::IndexRow;
use crate::index_row::{LENGTH, is_removed};

/// How many records are read at once: 64 KiB.
const BLOCK: u64 = 128;

/// Reads the index from its end: the newest job first.
///
/// It reads only as far as it is asked, and what was appended since it was made it does not see.
/// Records of removed jobs and those that can't be read are left out, and so is all but the newest record of a job.
#[derive(Debug)]
pub struct IndexIter {
    file: File,
    block: Vec<u8>,
    /// The number of the first record in `block`.
    block_start: u64,
    /// The number of the record that was given last; those before it are still to come.
    next: u64,
    seen: HashSet<JobId>,
    error: Option<io::Error>,
}

impl IndexIter {
    pub(crate) fn new(file: File, records: u64) -> Self {
        Self {
            file,
            block: Vec::new(),
            block_start: records,
            next: records,
            seen: HashSet::new(),
            error: None,
        }
    }

    /// Returns why the iteration ended, if it was because the file could not be read.
    pub fn take_error(&mut self) -> Option<io::Error> {
        self.error.take()
    }

    /// Returns the next row whose record `wanted` takes; the rest is not even parsed.
    pub(crate) fn next_matching(
        &mut self,
        wanted: impl Fn(&[u8]) -> bool,
    ) -> io::Result<Option<IndexRow>> {
        while self.next > 0 {
            if self.next == self.block_start {
                self.read_block()?;
            }
            self.next -= 1;
            let at = (self.next - self.block_start) as usize * LENGTH;
            let record = &self.block[at..at + LENGTH];
            if is_removed(record) || !wanted(record) {
                continue;
            }
            let row = IndexRow::decode(record).or_else(|| self.read_again());
            if let Some(row) = row.filter(|row| self.seen.insert(row.job_id)) {
                return Ok(Some(row));
            }
        }
        Ok(None)
    }

    fn read_block(&mut self) -> io::Result<()> {
        let start = self.next.saturating_sub(BLOCK);
        self.block.resize((self.next - start) as usize * LENGTH, 0);
        self.file
            .read_exact_at(&mut self.block, start * LENGTH as u64)?;
        self.block_start = start;
        Ok(())
    }

    /// Reads one record once more: it may have been changed while its block was read.
    fn read_again(&self) -> Option<IndexRow> {
        let mut record = [0; LENGTH];
        self.file
            .read_exact_at(&mut record, self.next * LENGTH as u64)
            .ok()?;
        IndexRow::decode(&record)
    }
}

impl Iterator for IndexIter {
    type Item = IndexRow;

    fn next(&mut self) -> Option<IndexRow> {
        match self.next_matching(|_| true) {
            Ok(row) => row,
            Err(error) => {
                self.error = Some(error);
                self.next = 0;
                None
            }
        }
    }
}
