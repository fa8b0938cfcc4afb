//! The cache over all jobs.

pub(crate) mod iter;
pub(crate) mod lock;
pub(crate) mod oldest;
pub(crate) mod rebuild;
pub(crate) mod records;
pub(crate) mod removal;
pub(crate) mod row;
pub(crate) mod sieve;

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

use foster_model::JobId;
use rustix::fs::OFlags;

use crate::dir::Dir;
use crate::index::iter::MOST_AWRY;
use crate::index::lock::{IndexLock, is_unsorted, noted, noted_removed};
use crate::index::records::Records;
use crate::index::row::{LENGTH, id_in, is_removed};
use crate::{DamageError, IndexIter, IndexRow, Problem, Root};

pub(crate) const NAME: &str = "index";
const RECORD: u64 = LENGTH as u64;
/// How many records around the place where an id should stand are looked at first.
const NEAR: u64 = 128;
/// How many records are read at once.
const BLOCK: u64 = 128;

/// The cache over all jobs: one line of 512 bytes for each, in the order of their creation.
///
/// Lines have one length, so that one can be changed in place and the file can be read from its
/// end. No truth is in it: where it is missing or can't be right, it is made anew.
#[derive(Debug, Clone)]
pub struct Index {
    root: Root,
}

impl Index {
    pub(crate) fn new(root: Root) -> Self {
        Self { root }
    }

    pub(crate) fn root(&self) -> &Root {
        &self.root
    }

    /// Makes an empty index unless there is one. Only right before there is any job.
    pub(crate) fn begin(&self) -> io::Result<()> {
        let dir = self.root.dir()?;
        let _lock = IndexLock::wait(&dir)?;
        dir.open(NAME, OFlags::RDWR | OFlags::CREATE)?;
        Ok(())
    }

    /// Adds the row of a new job.
    ///
    /// Where there is no index, or one of an impossible length, nothing is done: it will be made
    /// from the folders, and this job's is one of them.
    pub fn append(&self, row: &IndexRow) -> io::Result<()> {
        foster_fault::attempt("store.index.append")?;
        let dir = self.root.dir()?;
        let lock = IndexLock::wait(&dir)?;
        match open_for_writing(&dir)? {
            Some((file, records)) => write_new(&file, records, row, &lock),
            None => Ok(()),
        }
    }

    /// Changes the row of a job, or adds it. Where there is no index, nothing is done, nor for a job
    /// that was removed.
    pub fn update(&self, row: &IndexRow) -> io::Result<()> {
        foster_fault::attempt("store.index.update")?;
        let dir = self.root.dir()?;
        let lock = IndexLock::wait(&dir)?;
        let Some((file, records)) = open_for_writing(&dir)? else {
            return Ok(());
        };
        match find(&file, records, row.job_id)? {
            Some(at) if is_removed_at(&file, at)? => Ok(()),
            Some(at) => file.write_all_at(&row.encode()?, at * RECORD),
            None => write_new(&file, records, row, &lock),
        }
    }

    /// Returns the rows, newest first ([`IndexIter::in_order`] for another order), each job once. The
    /// index is made anew first if it is missing, empty, of an impossible length or shorter than it was, or if its first record can't
    /// be read.
    pub fn newest_first(&self) -> io::Result<IndexIter> {
        let (source, records) = self.sound()?;
        // Asked after the records were counted: whoever writes one marks the index before.
        let unsorted = is_unsorted(&self.root.dir()?);
        Ok(IndexIter::new(source, records, unsorted))
    }

    /// Returns the rows as [`Index::newest_first`], without making the index anew and without waiting for
    /// anybody: `None` if it would have to be made.
    pub fn as_it_stands(&self) -> io::Result<Option<IndexIter>> {
        let dir = self.root.dir()?;
        let found = open_sound(&dir)?;
        let unsorted = || is_unsorted(&dir);
        Ok(found.map(|(file, records)| IndexIter::new(Records::OnDisk(file), records, unsorted())))
    }

    /// Returns how many jobs the index has, as far as it knows without reading it.
    pub fn count(&self) -> io::Result<u64> {
        let records = self.sound()?.1;
        Ok(records.saturating_sub(noted_removed(&self.root.dir()?)))
    }

    pub(crate) fn sound(&self) -> io::Result<(Records, u64)> {
        let dir = self.root.dir()?;
        let found = match open_sound(&dir)? {
            Some(found) => Ok(found),
            None => self.made_anew(&dir),
        };
        match found {
            // The disk is full or may only be read; the jobs are there all the same.
            Err(error) if is_refused(&error) => {
                let content = self.content()?;
                let records = (content.len() / LENGTH) as u64;
                Ok((Records::InMemory(content), records))
            }
            found => found.map(|(file, records)| (Records::OnDisk(file), records)),
        }
    }

    fn made_anew(&self, dir: &Dir) -> io::Result<(File, u64)> {
        let lock = IndexLock::wait(dir)?;
        // Somebody else may have been waited for who did the work.
        if let Some(found) = open_sound(dir)? {
            return Ok(found);
        }
        self.rebuild_locked(dir, &lock)?;
        let file = dir.open(NAME, OFlags::RDONLY)?;
        let records = file.metadata()?.len() / RECORD;
        Ok((file, records))
    }
}

/// Returns whether a disk takes nothing more: whoever only reads can do without.
pub(crate) fn is_refused(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull
            | io::ErrorKind::QuotaExceeded
            | io::ErrorKind::FileTooLarge
            | io::ErrorKind::ReadOnlyFilesystem
            | io::ErrorKind::PermissionDenied
    )
}

/// Opens the index and returns how many records it has; `None` if it is missing, or cut.
fn open_whole(dir: &Dir, flags: OFlags) -> io::Result<Option<(File, u64)>> {
    let file = match dir.open(NAME, flags) {
        Ok(file) => file,
        Err(DamageError {
            problem: Problem::Missing,
            ..
        }) => return Ok(None),
        Err(damage) => return Err(damage.into()),
    };
    let len = file.metadata()?.len();
    Ok((len % RECORD == 0).then_some((file, len / RECORD)))
}

/// Opens the index for a change; `None` if it has to be made anew before.
pub(crate) fn open_for_writing(dir: &Dir) -> io::Result<Option<(File, u64)>> {
    let whole = open_whole(dir, OFlags::RDWR)?;
    Ok(whole.filter(|(_, records)| *records >= noted(dir)))
}

/// Opens the index if nothing speaks against it.
fn open_sound(dir: &Dir) -> io::Result<Option<(File, u64)>> {
    let Some((file, records)) = open_whole(dir, OFlags::RDONLY)? else {
        return Ok(None);
    };
    let mut first = [0; LENGTH];
    let sound = records > 0
        && records >= noted(dir)
        && file.read_exact_at(&mut first, 0).is_ok()
        && (is_removed(&first) || IndexRow::decode(&first).is_some());
    Ok(sound.then_some((file, records)))
}

fn write_new(file: &File, records: u64, row: &IndexRow, lock: &IndexLock) -> io::Result<()> {
    if stands_awry(file, records, row.job_id)? {
        lock.note_unsorted()?;
    }
    let end = records * RECORD;
    let written = file.write_all_at(&row.encode()?, end);
    foster_fault::step("store.index.row_written");
    if written.is_err() {
        // A part of a record would make the whole index one of an impossible length. That a job is
        // missing is noted as well, so that readers make the index anew: what can't be noted either is
        // found by `recover`.
        let _ = file.set_len(end);
        let _ = lock.note_records(records + 1);
        return written;
    }
    lock.note_records(records + 1)
}

/// Returns whether a new job would stand further from its place than readers look by themselves. So
/// it comes when the clock was set back, or when machines with clocks apart share a root.
fn stands_awry(file: &File, records: u64, id: JobId) -> io::Result<bool> {
    let Some(earlier) = records.checked_sub(MOST_AWRY) else {
        return Ok(false);
    };
    let mut record = [0; 64];
    file.read_exact_at(&mut record, earlier * RECORD)?;
    Ok(id_in(&record).is_some_and(|found| found > id.to_string().as_str()))
}

/// Returns the number of a job's newest record.
///
/// Records stand in the order of creation, nearly: ids are given before folders are made. So the
/// place is guessed by halving, and all is read only where the guess is wrong.
fn find(file: &File, records: u64, id: JobId) -> io::Result<Option<u64>> {
    let text = id.to_string();
    let guess = partition(|buf, at| file.read_exact_at(buf, at), records, &text)?;
    let near = guess.saturating_sub(NEAR)..(guess + NEAR).min(records);
    match find_in(file, near, &text)? {
        None => find_in(file, 0..records, &text),
        found => Ok(found),
    }
}

fn is_removed_at(file: &File, record: u64) -> io::Result<bool> {
    let mut bytes = [0; 64];
    file.read_exact_at(&mut bytes, record * RECORD)?;
    Ok(is_removed(&bytes))
}

/// Returns the numbers of all records of a job near the place where they should stand, or of one
/// elsewhere. A job has two where the index was made anew just as the job was being made.
pub(crate) fn find_all(file: &File, records: u64, id: JobId) -> io::Result<Vec<u64>> {
    let text = id.to_string();
    let guess = partition(|buf, at| file.read_exact_at(buf, at), records, &text)?;
    let near = guess.saturating_sub(NEAR)..(guess + NEAR).min(records);
    let mut found = Vec::new();
    let mut end = near.end;
    while let Some(at) = find_in(file, near.start..end, &text)? {
        found.push(at);
        end = at;
    }
    if found.is_empty() {
        found.extend(find_in(file, 0..records, &text)?);
    }
    let mut live = Vec::new();
    for at in found {
        if !is_removed_at(file, at)? {
            live.push(at);
        }
    }
    Ok(live)
}

/// Returns where the first record with an id not below `id` stands, if they are in order.
pub(crate) fn partition(
    read_exact_at: impl Fn(&mut [u8], u64) -> io::Result<()>,
    records: u64,
    id: &str,
) -> io::Result<u64> {
    let (mut low, mut high) = (0, records);
    let mut record = [0; 64];
    while low < high {
        let middle = low + (high - low) / 2;
        read_exact_at(&mut record, middle * RECORD)?;
        if id_in(&record).is_some_and(|found| found < id) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    Ok(low)
}

/// Searches a range of records from its end.
fn find_in(file: &File, range: std::ops::Range<u64>, id: &str) -> io::Result<Option<u64>> {
    let mut end = range.end;
    while end > range.start {
        let start = end.saturating_sub(BLOCK).max(range.start);
        let mut block = vec![0; (end - start) as usize * LENGTH];
        file.read_exact_at(&mut block, start * RECORD)?;
        let mut numbered = block.chunks_exact(LENGTH).enumerate().rev();
        if let Some((at, _)) = numbered.find(|(_, record)| id_in(record) == Some(id)) {
            return Ok(Some(start + at as u64));
        }
        end = start;
    }
    Ok(None)
}
