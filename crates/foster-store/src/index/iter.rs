use std::collections::{BinaryHeap, HashSet};
use std::io;

use foster_model::JobId;

use crate::index::records::Records;
use crate::index::row::{LENGTH, id_in, is_removed};
use crate::{IndexRow, Sieve};

/// How many records are read at once: 64 KiB.
const BLOCK: u64 = 128;

/// Records stand in the order in which jobs were published, which is nearly the order of their ids:
/// a job is at most so many places away from where it belongs, or the index is marked as unsorted.
pub(crate) const MOST_AWRY: u64 = 1024;

/// In which order rows are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IndexOrder {
    /// The newest job first.
    NewestFirst,
    /// The oldest job first.
    OldestFirst,
}

/// Reads the index in the order of ids, which is that of creation: also of those that were made in
/// the same millisecond, and whatever the order in which they were written down.
///
/// It reads only a little further than it is asked, and what was appended since it was made it does
/// not see. Records of removed jobs and those that can't be read are left out, and so is all but the
/// newest record of a job.
#[derive(Debug)]
pub struct IndexIter {
    source: Records,
    records: u64,
    order: IndexOrder,
    /// How far away from its place a record may stand.
    awry: u64,
    sieve: Sieve,
    narrower: Option<Sieve>,
    /// Rows up to this one were asked for before.
    after: Option<Rank>,
    block: Vec<u8>,
    /// The number of the first record in `block`.
    block_start: u64,
    /// How many records were looked at, from that end of the file where it begins.
    looked_at: u64,
    /// How many records were passed over before the first.
    begun_at: u64,
    /// How many records, counted from that end, are looked at.
    end: u64,
    /// Records whose turn has not come.
    waiting: BinaryHeap<Waiting>,
    seen: HashSet<JobId>,
    error: Option<io::Error>,
}

/// An id as it is written, in which the order of creation is that of the bytes; or its complement, if the
/// oldest job is wanted first. Most records are never parsed, and their ids need not be either.
type Rank = [u8; JobId::LENGTH];

/// A record that was read. The greatest is given out first.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Waiting {
    rank: Rank,
    /// The number of the record: of two of one job the later one counts.
    number: u64,
    record: Box<[u8; LENGTH]>,
}

impl IndexIter {
    pub(crate) fn new(source: Records, records: u64, unsorted: bool) -> Self {
        Self {
            source,
            records,
            order: IndexOrder::NewestFirst,
            awry: if unsorted { records } else { MOST_AWRY },
            sieve: Sieve::default(),
            narrower: None,
            after: None,
            block: Vec::new(),
            block_start: 0,
            looked_at: 0,
            begun_at: 0,
            end: records,
            waiting: BinaryHeap::new(),
            seen: HashSet::new(),
            error: None,
        }
    }

    /// Gives the rows in this order. To be said before the first is asked for.
    #[must_use]
    pub fn in_order(mut self, order: IndexOrder) -> Self {
        self.order = order;
        self
    }

    /// Leaves out the rows that the sieve holds back; they are not even parsed.
    #[must_use]
    pub fn through(mut self, sieve: Sieve) -> Self {
        self.sieve = sieve;
        self
    }

    /// Begins behind this job, in the order that was chosen before. The job itself need not exist.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn after(mut self, job: JobId) -> io::Result<Self> {
        self.after = rank(&job.to_string(), self.order);
        if self.awry < self.records {
            let place = self.place_of(job)?;
            let before = match self.order {
                IndexOrder::NewestFirst => self.records - place,
                IndexOrder::OldestFirst => place,
            };
            self.looked_at = before.saturating_sub(2 * self.awry);
            self.begun_at = self.looked_at;
        }
        Ok(self)
    }

    /// Leaves out from now on what this sieve holds back as well.
    pub fn narrow(&mut self, sieve: Sieve) {
        self.waiting.retain(|waiting| sieve.takes(&*waiting.record));
        self.narrower = Some(sieve);
    }

    /// Ends the iteration when so many further records were looked at.
    pub fn end_after(&mut self, records: u64) {
        self.end = self.end.min(self.looked_at.saturating_add(records));
    }

    /// Returns how many records were looked at: what the iteration has cost, whatever it gave out.
    pub fn looked_at(&self) -> u64 {
        self.looked_at - self.begun_at
    }

    /// Returns why the iteration ended, if it was because the file could not be read.
    pub fn take_error(&mut self) -> Option<io::Error> {
        self.error.take()
    }

    /// Returns the next row whose record `wanted` takes; the rest is not even parsed. To be called
    /// with the same `wanted` each time.
    pub(crate) fn next_matching(
        &mut self,
        wanted: impl Fn(&[u8]) -> bool,
    ) -> io::Result<Option<IndexRow>> {
        loop {
            while !self.first_is_settled() {
                self.look_at_one(&wanted)?;
            }
            let Some(first) = self.waiting.pop() else {
                return Ok(None);
            };
            let row = IndexRow::decode(&*first.record).or_else(|| self.read_again(first.number));
            if let Some(row) = row.filter(|row| self.seen.insert(row.job_id)) {
                return Ok(Some(row));
            }
        }
    }

    /// Returns whether nothing that is still to be read can come before the first that waits.
    fn first_is_settled(&self) -> bool {
        let read_all = self.looked_at >= self.end;
        let read_enough = |first: &Waiting| {
            let place = match self.order {
                IndexOrder::NewestFirst => self.records - 1 - first.number,
                IndexOrder::OldestFirst => first.number,
            };
            self.looked_at > place + self.awry
        };
        read_all || self.waiting.peek().is_some_and(read_enough)
    }

    fn look_at_one(&mut self, wanted: impl Fn(&[u8]) -> bool) -> io::Result<()> {
        let number = match self.order {
            IndexOrder::NewestFirst => self.records - 1 - self.looked_at,
            IndexOrder::OldestFirst => self.looked_at,
        };
        let in_block = self.block_start..self.block_start + (self.block.len() / LENGTH) as u64;
        if !in_block.contains(&number) {
            self.read_block(number)?;
        }
        self.looked_at += 1;
        let at = (number - self.block_start) as usize * LENGTH;
        let Some(record) = self.block.get(at..).and_then(|rest| rest.first_chunk()) else {
            return Ok(());
        };
        if self.takes(record)
            && wanted(record)
            && let Some(rank) = self.rank_of(record)
        {
            let record = Box::new(*record);
            self.waiting.push(Waiting {
                rank,
                number,
                record,
            });
        }
        Ok(())
    }

    fn takes(&self, record: &[u8]) -> bool {
        !is_removed(record)
            && self.sieve.takes(record)
            && self.narrower.as_ref().is_none_or(|it| it.takes(record))
    }

    /// Returns the place of a record in the order; `None` if it comes before what was asked for.
    fn rank_of(&self, record: &[u8]) -> Option<Rank> {
        let rank = rank(id_in(record)?, self.order)?;
        let comes = |after: &Rank| rank < *after;
        self.after.as_ref().is_none_or(comes).then_some(rank)
    }

    /// Reads the block that begins, or ends, with the record of this number.
    fn read_block(&mut self, number: u64) -> io::Result<()> {
        let (start, end) = match self.order {
            IndexOrder::NewestFirst => ((number + 1).saturating_sub(BLOCK), number + 1),
            IndexOrder::OldestFirst => (number, (number + BLOCK).min(self.records)),
        };
        self.block.resize((end - start) as usize * LENGTH, 0);
        self.source
            .read_exact_at(&mut self.block, start * LENGTH as u64)?;
        self.block_start = start;
        Ok(())
    }

    /// Reads one record once more: it may have been changed while its block was read.
    fn read_again(&self, number: u64) -> Option<IndexRow> {
        let mut record = [0; LENGTH];
        self.source
            .read_exact_at(&mut record, number * LENGTH as u64)
            .ok()?;
        IndexRow::decode(&record)
    }

    /// Returns how many records stand before the place of a job, more or less: the search itself is
    /// led astray by as much as records are.
    fn place_of(&self, job: JobId) -> io::Result<u64> {
        let read = |buf: &mut [u8], at| self.source.read_exact_at(buf, at);
        crate::index::partition(read, self.records, &job.to_string())
    }
}

fn rank(id: &str, order: IndexOrder) -> Option<Rank> {
    let id: &Rank = id.as_bytes().first_chunk()?;
    Some(match order {
        IndexOrder::NewestFirst => *id,
        IndexOrder::OldestFirst => id.map(|byte| !byte),
    })
}

impl Iterator for IndexIter {
    type Item = IndexRow;

    fn next(&mut self) -> Option<IndexRow> {
        match self.next_matching(|_| true) {
            Ok(row) => row,
            Err(error) => {
                self.error = Some(error);
                self.waiting.clear();
                self.end = self.looked_at;
                None
            }
        }
    }
}
