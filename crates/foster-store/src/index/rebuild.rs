use std::io;

use foster_model::JobId;

use crate::dir::Dir;
use crate::index::lock::IndexLock;
use crate::index::row::LENGTH;
use crate::{Index, IndexRow, JobFolder, OpenError, index};

/// One fixed name: who holds the index's lock is alone, and a crash leaves one file at most.
pub(crate) const TEMPORARY: &str = "index.new";

impl Index {
    /// Makes the index anew from the folders, and returns how many rows it has.
    pub fn rebuild(&self) -> io::Result<u64> {
        let dir = self.root().dir()?;
        let lock = IndexLock::wait(&dir)?;
        self.rebuild_locked(&dir, &lock)
    }

    /// Returns what the index is to hold, from the folders.
    pub(crate) fn content(&self) -> io::Result<Vec<u8>> {
        let mut ids = self.root().job_ids()?;
        ids.reverse();
        let mut content = Vec::with_capacity(ids.len() * LENGTH);
        for id in ids {
            if let Some(row) = self.row_of(id) {
                content.extend_from_slice(&row.encode()?);
            }
        }
        Ok(content)
    }

    pub(crate) fn rebuild_locked(&self, dir: &Dir, lock: &IndexLock) -> io::Result<u64> {
        let content = self.content()?;
        foster_fault::attempt("store.index.rebuild")?;
        dir.replace(index::NAME, TEMPORARY, &content)?;
        foster_fault::step("store.index.rebuilt");
        let records = (content.len() / LENGTH) as u64;
        lock.note(records, 0)?;
        lock.note_sorted()?;
        Ok(records)
    }

    /// Returns the row of a job from its folder; `None` if that has gone.
    fn row_of(&self, id: JobId) -> Option<IndexRow> {
        match self.root().job(id) {
            Ok(folder) => Some(row_from(&folder)),
            Err(OpenError::NotFound { .. }) => None,
            Err(_) => Some(IndexRow::unreadable(id, None)),
        }
    }
}

fn row_from(folder: &JobFolder) -> IndexRow {
    match (folder.definition(), folder.record()) {
        (Ok(definition), Ok(record)) => {
            let row = IndexRow::from_parts(&definition, &record);
            row.with_disk_bytes(folder)
        }
        (_, record) => IndexRow::unreadable(folder.id(), record.ok()),
    }
}
