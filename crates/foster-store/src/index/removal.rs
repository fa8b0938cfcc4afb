use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

use foster_model::JobId;

use crate::Index;
use crate::dir::Dir;
use crate::index::lock::{IndexLock, noted_removed};
use crate::index::row::{LEAVING_MARK, LENGTH, is_removed, removed_record};
use crate::index::{self, rebuild};

/// An index is not made smaller before that many of its records are of removed jobs.
const FEWEST: u64 = 256;
/// How many records are copied at once.
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
        if places.is_empty() {
            return Ok(());
        }
        let removed = noted_removed(&dir) + places.len() as u64;
        if removed >= FEWEST && removed * 2 >= records {
            return copy_the_rest(&dir, &lock, &file, records);
        }
        lock.note(records, removed)
    }
}

fn copy_the_rest(dir: &Dir, lock: &IndexLock, file: &File, records: u64) -> io::Result<()> {
    let mut rest = Vec::new();
    let mut start = 0;
    while start < records {
        let count = BLOCK.min(records - start);
        let mut block = vec![0; count as usize * LENGTH];
        file.read_exact_at(&mut block, start * LENGTH as u64)?;
        for record in block
            .chunks_exact(LENGTH)
            .filter(|record| !is_removed(record))
        {
            rest.extend_from_slice(record);
        }
        start += count;
    }
    // Said before it is so: a reader who comes between finds more records than there must be.
    lock.note((rest.len() / LENGTH) as u64, 0)?;
    dir.replace(index::NAME, rebuild::TEMPORARY, &rest)
}
