use std::io;
use std::time::SystemTime;

use foster_model::{Definition, Entry, Event, JobRecord};
use foster_store::{DamageError, IndexRow, JobFolder, JournalWriter, Root};

/// A job's journal and the record that follows from it, kept together by whoever holds the lock.
pub struct History {
    record: JobRecord,
    journal: JournalWriter,
    unsaved: bool,
}

/// Why a history can't be gone on with.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// The journal can't be understood.
    #[error(transparent)]
    Damaged(#[from] DamageError),
    /// It can't be written.
    #[error("the journal can't be written")]
    Io(#[from] io::Error),
}

impl History {
    /// Opens a job's history for going on with it.
    pub fn open(folder: &JobFolder) -> Result<Self, HistoryError> {
        let journal = folder.journal_writer()?;
        let record = folder.replay()?;
        Ok(Self {
            record,
            journal,
            unsaved: true,
        })
    }

    /// Returns what is known of the job.
    pub fn record(&self) -> &JobRecord {
        &self.record
    }

    /// Writes an event down and takes it in. Returns whether it was one that can come now.
    ///
    /// What can't be written (a full disk, beyond what was set aside) is taken in all the same: the
    /// job comes first, and the state may still be writable.
    pub fn note(&mut self, event: Event) -> bool {
        let entry = Entry {
            at: SystemTime::now().into(),
            event,
        };
        let legal = self.record.apply(&entry).is_ok();
        if legal {
            let _ = self.journal.append(&entry);
            self.unsaved = true;
        }
        legal
    }

    /// Writes an event down that others will go on from, by the journal alone: then it is taken in only if it is
    /// there. Returns whether it was one that can come now.
    pub fn note_for_others(&mut self, event: Event) -> io::Result<bool> {
        let entry = Entry {
            at: SystemTime::now().into(),
            event,
        };
        let mut record = self.record.clone();
        let legal = record.apply(&entry).is_ok();
        if legal {
            self.journal.append(&entry)?;
            self.record = record;
            self.unsaved = true;
        }
        Ok(legal)
    }

    /// Takes in that the job is as it was a moment ago: no event, so the journal does not grow.
    pub fn refresh(&mut self) {
        self.record.updated_at = Some(SystemTime::now().into());
        self.unsaved = true;
    }

    /// Writes the state, if it has changed since it was last written.
    ///
    /// A state that can't be written is taken away by the store, so that no stale one is believed.
    pub fn save(&mut self, folder: &JobFolder) {
        if !std::mem::take(&mut self.unsaved) {
            return;
        }
        if folder.write_state(&self.record).is_err() && self.record.state.is_final() {
            // It may take the place of what was set aside for the journal's end, which is written.
            self.give_back_room();
            let _ = folder.write_state(&self.record);
        }
    }

    /// Writes the state if it has changed, and if the job is over, gives back the disk's room that was set
    /// aside for its end. That takes some file systems longer than all else at the end of a job: for when
    /// nobody waits any more.
    pub fn close(&mut self, folder: &JobFolder) {
        self.save(folder);
        if self.record.state.is_final() {
            self.give_back_room();
        }
    }

    fn give_back_room(&mut self) {
        // Where it can't be given back, it goes with the job.
        let _ = self.journal.give_back_room();
    }

    /// Brings the index up to date: a cache, rebuilt from the folders whenever it is in doubt.
    pub fn update_index(&self, root: &Root, folder: &JobFolder, definition: &Definition) {
        let row = IndexRow::from_parts(definition, &self.record).with_disk_bytes(folder);
        let _ = root.index().update(&row);
    }
}
