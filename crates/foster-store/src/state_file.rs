use std::io;

use foster_model::{JobRecord, StateFile};
use rustix::fs::OFlags;

use crate::{DamageError, JobFolder, Problem, journal};

const NAME: &str = "state.json";
/// One fixed name: only the lock's holder writes, so two never meet, and a crash leaves one file
/// that the next writer takes over.
const TEMPORARY: &str = "state.json.new";

impl JobFolder {
    /// Returns the record of the job: from `state.json` if that can be read, else from the journal.
    ///
    /// # Errors
    ///
    /// Neither can be read; the error is the journal's, which is the truth of the two.
    pub fn record(&self) -> Result<JobRecord, DamageError> {
        self.cached_record().or_else(|_| self.replay())
    }

    fn cached_record(&self) -> Result<JobRecord, DamageError> {
        let bytes = self.files().read(NAME)?;
        let state: StateFile = serde_json::from_slice(&bytes)
            .map_err(|error| self.files().damage(NAME, Problem::NotJson(error)))?;
        if state.record.job_id == self.id() {
            Ok(state.record)
        } else {
            Err(self
                .files()
                .damage(NAME, Problem::OtherJob(state.record.job_id)))
        }
    }

    /// Writes `state.json` anew; readers see the old one or the new one, never a part.
    ///
    /// # Errors
    ///
    /// It could not be written (a full disk is the usual case). The old one is taken away then, so
    /// that nobody believes what is no longer true; readers turn to the journal.
    pub fn write_state(&self, record: &JobRecord) -> io::Result<()> {
        let content = serde_json::to_vec(&StateFile::from(record.clone()))?;
        foster_fault::attempt("store.state.write")
            .and_then(|()| self.files().replace_cache(NAME, TEMPORARY, &content))
            .inspect_err(|_| {
                let _ = self.files().unlink(TEMPORARY);
                let _ = self.files().unlink(NAME);
            })
    }

    /// Takes `state.json` away, so that readers turn to the journal until it is written anew. To be
    /// called by the lock's holder only.
    pub fn remove_state(&self) -> io::Result<()> {
        match self.files().unlink(NAME) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Returns when the journal is on the disk, and with it the truth about the job. The state and
    /// the index are caches of it, and no job's end stands behind the writing of its output: each
    /// sync more would hold up whoever makes a file on the same file system meanwhile.
    pub fn sync(&self) -> io::Result<()> {
        foster_fault::attempt("store.journal.sync")?;
        self.files().open(journal::NAME, OFlags::RDONLY)?.sync_all()
    }
}
