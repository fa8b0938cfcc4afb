use std::io;
use std::path::{Path, PathBuf};

use foster_model::{Definition, Entry, Event, JobId, JobRecord, PrivateValues, StateFile, Time};

use crate::dir::Dir;
use crate::folder::{DEFINITION, PRIVATE_VALUES};
use crate::reserve::Reserve;
use crate::{
    FIRST_RUN, IndexRow, Input, InputError, JobFolder, Lock, Problem, Root, RunFolder, journal,
};

/// What the name of a folder begins with that is still being made. No id does.
pub(crate) const DRAFT: &str = ".new-";
/// How often the folder of a day is made that others take away as it is empty.
const ATTEMPTS: u32 = 64;

/// A job's folder could not be made.
#[derive(Debug, thiserror::Error)]
pub enum CreateError {
    /// There is a job of that id already.
    #[error("{} exists already", path.display())]
    Exists {
        /// The folder.
        path: PathBuf,
    },
    /// What was given for standard input could not be taken in.
    #[error(transparent)]
    Input(#[from] InputError),
    /// A file or a folder could not be written.
    #[error("{} could not be made", path.display())]
    Io {
        /// The job's folder.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
}

impl Root {
    /// Makes the folder of a new job, and takes its lock.
    ///
    /// `private` becomes `secrets.json`, `stdin` becomes `stdin.bin`. The journal begins with [`Event::Created`] at the definition's
    /// time. Nothing is forced to the disk: that is the launcher's choice ([`JobFolder::sync`]).
    ///
    /// # Errors
    ///
    /// What was made of the folder is taken away again.
    pub fn create_job(
        &self,
        definition: &Definition,
        private: Option<&PrivateValues>,
        stdin: Option<Input<'_>>,
    ) -> Result<(JobFolder, Lock), CreateError> {
        let id = definition.job_id;
        let path = self.job_path(id);
        let draft = format!("{DRAFT}{id}");
        let exists = |source: io::Error| match source.kind() {
            io::ErrorKind::AlreadyExists => CreateError::Exists { path: path.clone() },
            _ => io_error(&path, source),
        };
        // Under its own name a folder is whole from its first moment, however its maker ends.
        let day = self.begin_draft(definition, &draft).map_err(exists)?;
        let made = fill(&day, &draft, definition, private, stdin);
        let made = made.map_err(|error| match error {
            Filling::Io(source) => io_error(&path, source),
            Filling::Input(error) => error.into(),
        });
        let made = made.and_then(|made| {
            foster_fault::attempt("store.create.rename").map_err(exists)?;
            day.rename_new(&draft, &id.to_string()).map_err(exists)?;
            foster_fault::step("store.create.renamed");
            Ok(made)
        });
        made.inspect_err(|_| take_away(&day, &draft))
    }

    /// Removes the folders that their makers left half made, of ids older than `before`, and returns
    /// how many. Those that are being made are locked, or young.
    pub fn sweep_drafts(&self, before: Time) -> io::Result<u64> {
        let jobs = match self.dir()?.subdir("jobs") {
            Ok(jobs) => jobs,
            Err(damage) if matches!(damage.problem, Problem::Missing) => return Ok(0),
            Err(damage) => return Err(damage.into()),
        };
        let mut swept = 0;
        for day in jobs.names()? {
            let Ok(day) = jobs.subdir(&day) else { continue };
            for draft in day.names()? {
                let id = draft
                    .strip_prefix(DRAFT)
                    .and_then(|id| id.parse::<JobId>().ok());
                if id.is_some_and(|id| id.time() < before) && is_abandoned(&day, &draft) {
                    take_away(&day, &draft);
                    swept += 1;
                }
            }
        }
        Ok(swept)
    }

    /// Puts a new job into the index, so that listings show it. Call it once the job can be talked
    /// to: whoever finds a job that is locked and has no socket has nothing to wait on.
    ///
    /// That the index could not be written is no error: it is a cache.
    pub fn publish(&self, definition: &Definition) {
        let mut record = JobRecord::new(definition.job_id);
        record.created_at = Some(definition.created_at);
        record.updated_at = Some(definition.created_at);
        let _ = self
            .index()
            .append(&IndexRow::from_parts(definition, &record));
    }

    /// Makes the empty folder of a draft, and returns that of its day.
    fn begin_draft(&self, definition: &Definition, draft: &str) -> io::Result<Dir> {
        for _ in 0..ATTEMPTS {
            foster_fault::attempt("store.create.folder")?;
            let made = self.day_for(definition).and_then(|day| {
                day.make_subdir(draft)?;
                Ok(day)
            });
            match made {
                // Its last job was removed just now, and the day with it.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                made => return made,
            }
        }
        Err(io::ErrorKind::NotFound.into())
    }

    fn day_for(&self, definition: &Definition) -> io::Result<Dir> {
        let root = self.dir()?;
        if root.stat("jobs").is_err() {
            // An index that begins before the first folder misses none. Later it can't begin
            // empty: then it has to be made from the folders.
            let _ = self.index().begin();
        }
        root.ensure_subdir("jobs")?
            .ensure_subdir(&definition.job_id.day())
    }
}

fn io_error(path: &Path, source: io::Error) -> CreateError {
    CreateError::Io {
        path: path.to_owned(),
        source,
    }
}

/// Why a folder could not be filled.
enum Filling {
    Io(io::Error),
    Input(InputError),
}

impl<E: Into<io::Error>> From<E> for Filling {
    fn from(error: E) -> Self {
        Self::Io(error.into())
    }
}

fn fill(
    day: &Dir,
    draft: &str,
    definition: &Definition,
    private: Option<&PrivateValues>,
    stdin: Option<Input<'_>>,
) -> Result<(JobFolder, Lock), Filling> {
    let id = definition.job_id;
    foster_fault::step("store.create.folder_made");
    let dir = day.subdir(draft)?;
    foster_fault::attempt("store.create.lock")?;
    // Nobody can know the folder yet, so a lock that is held means that somebody guesses ids.
    let lock = Lock::take(&dir)?.ok_or(io::ErrorKind::WouldBlock)?;
    foster_fault::step("store.create.lock_taken");
    RunFolder::make(&dir, FIRST_RUN)?;
    foster_fault::attempt("store.create.definition")?;
    dir.create(DEFINITION, &serde_json::to_vec(definition)?)?;
    foster_fault::step("store.create.definition_written");
    if let Some(private) = private {
        foster_fault::attempt("store.create.secrets")?;
        dir.create(PRIVATE_VALUES, &serde_json::to_vec(private)?)?;
    }
    if let Some(mut input) = stdin {
        foster_fault::attempt("store.create.input")?;
        let mut file = dir.create("stdin.bin", b"")?;
        input.copy_to(&mut file).map_err(Filling::Input)?;
    }
    let created = Entry {
        at: definition.created_at,
        event: Event::Created {},
    };
    foster_fault::attempt("store.create.journal")?;
    let line = journal::line(&created)?;
    let file = dir.create(journal::NAME, &line)?;
    Reserve::default().demand(&file, line.len() as u64, 0)?;
    foster_fault::step("store.create.journal_begun");
    let mut record = JobRecord::new(id);
    record.apply(&created).map_err(io::Error::other)?;
    foster_fault::attempt("store.create.state")?;
    dir.create(
        "state.json",
        &serde_json::to_vec(&StateFile::from(record.clone()))?,
    )?;
    let dir = dir.renamed(&id.to_string());
    Ok((JobFolder::new(id, dir), lock))
}

fn is_abandoned(day: &Dir, draft: &str) -> bool {
    day.subdir(draft)
        .is_ok_and(|dir| matches!(Lock::is_held(&dir), Ok(false)))
}

/// Removes what [`fill`] may have made, as far as that is possible.
fn take_away(day: &Dir, draft: &str) {
    if let Ok(dir) = day.subdir(draft) {
        if let Ok(run) = dir.subdir("runs").and_then(|runs| runs.subdir("1")) {
            for name in ["stdout.log", "stderr.log", "timeline"] {
                let _ = run.unlink(name);
            }
        }
        if let Ok(runs) = dir.subdir("runs") {
            let _ = runs.remove_subdir("1");
        }
        let _ = dir.remove_subdir("runs");
        for name in [
            "lock",
            DEFINITION,
            PRIVATE_VALUES,
            "stdin.bin",
            journal::NAME,
            "state.json",
        ] {
            let _ = dir.unlink(name);
        }
    }
    let _ = day.remove_subdir(draft);
}
