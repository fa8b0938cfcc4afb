use std::collections::HashSet;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

use foster_model::JobId;

use crate::Index;
use crate::dir::Dir;
use crate::index::lock::{IndexLock, noted_removed};
use crate::index::row::{LEAVING_MARK, LENGTH, id_in, is_removed, removed_record};
use crate::index::{self, rebuild};

/// An index is not made smaller before that many of its records are of removed jobs.
const FEWEST: u64 = 256;
/// How many records are read at once.
const BLOCK: u64 = 2048;

impl Index {
    /// Marks a job as one whose folder may have gone, before it goes: whoever finds the row then looks, also
    /// if nobody comes to take it out. Where there is no index, nothing is done.
    pub fn mark_leaving(&self, id: JobId) -> io::Result<()> {
        foster_fault::attempt("store.index.mark")?;
        let dir = self.root().dir()?;
        let _lock = IndexLock::wait(&dir)?;
        let Some((file, records)) = index::open_for_writing(&dir)? else {
            return Ok(());
        };
        let (mark, offset) = LEAVING_MARK;
        for place in index::find_all(&file, records, id)? {
            file.write_all_at(&[mark], place * LENGTH as u64 + offset)?;
        }
        Ok(())
    }

    /// Takes a job out of the index. Where there is no index, nothing is done.
    ///
    /// Its record is overwritten by one that has the id and nothing else, which readers leave out:
    /// so they need no lock, and the order by which others are found stays. When half of all
    /// records are such, the rest is copied to a new file.
    pub fn remove(&self, id: JobId) -> io::Result<()> {
        foster_fault::attempt("store.index.remove")?;
        let dir = self.root().dir()?;
        let lock = IndexLock::wait(&dir)?;
        let Some((file, records)) = index::open_for_writing(&dir)? else {
            return Ok(());
        };
        let places = index::find_all(&file, records, id)?;
        for place in &places {
            file.write_all_at(&removed_record(id), place * LENGTH as u64)?;
        }
        foster_fault::step("store.index.row_removed");
        note_removed(&dir, &lock, &file, records, places.len() as u64)
    }

    /// Takes jobs out of the index that may not be in it. Where there is no index, nothing is done.
    ///
    /// All records are read, once for all of the jobs: [`Index::remove`] reads all of them for each job that it
    /// does not find, which is nearly each of those that somebody else is removing too.
    pub fn remove_all(&self, ids: &[JobId]) -> io::Result<()> {
        if ids.is_empty() {
            return Ok(());
        }
        foster_fault::attempt("store.index.remove_all")?;
        let dir = self.root().dir()?;
        let lock = IndexLock::wait(&dir)?;
        let Some((file, records)) = index::open_for_writing(&dir)? else {
            return Ok(());
        };
        let ids: HashSet<JobId> = ids.iter().copied().collect();
        let mut removed = 0;
        for_each_record(&file, records, |number, record| {
            let id = id_in(record).and_then(|id| id.parse().ok());
            match id.filter(|id| ids.contains(id) && !is_removed(record)) {
                Some(id) => {
                    removed += 1;
                    file.write_all_at(&removed_record(id), number * LENGTH as u64)
                }
                None => Ok(()),
            }
        })?;
        note_removed(&dir, &lock, &file, records, removed)
    }
}

/// Writes down that so many records more are of removed jobs, or makes the index smaller.
fn note_removed(
    dir: &Dir,
    lock: &IndexLock,
    file: &File,
    records: u64,
    more: u64,
) -> io::Result<()> {
    if more == 0 {
        return Ok(());
    }
    let removed = noted_removed(dir) + more;
    if removed >= FEWEST && removed * 2 >= records {
        return copy_the_rest(dir, lock, file, records);
    }
    lock.note(records, removed)
}

fn copy_the_rest(dir: &Dir, lock: &IndexLock, file: &File, records: u64) -> io::Result<()> {
    let mut rest = Vec::new();
    for_each_record(file, records, |_, record| {
        if !is_removed(record) {
            rest.extend_from_slice(record);
        }
        Ok(())
    })?;
    // Said before it is so: a reader who comes between finds more records than there must be.
    lock.note((rest.len() / LENGTH) as u64, 0)?;
    dir.replace(index::NAME, rebuild::TEMPORARY, &rest)
}

fn for_each_record(
    file: &File,
    records: u64,
    mut visit: impl FnMut(u64, &[u8]) -> io::Result<()>,
) -> io::Result<()> {
    let mut block = Vec::new();
    let mut start = 0;
    while start < records {
        let count = BLOCK.min(records - start);
        block.resize(count as usize * LENGTH, 0);
        file.read_exact_at(&mut block, start * LENGTH as u64)?;
        for (number, record) in (start..).zip(block.chunks_exact(LENGTH)) {
            visit(number, record)?;
        }
        start += count;
    }
    Ok(())
}
