use std::fs::File;
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::PathBuf;

use foster_model::{CompletionFile, MatchDelivery, MatchEvent};
use rustix::fs::OFlags;

use crate::sys::{self, FolderWatch};
use crate::{DamageError, JobFolder, Lock, Problem, RunFolder};

/// The end of a run, and how telling of it went.
const COMPLETION: &str = "completion_event.json";
/// What was met in the output of a run and is to be told of: a line each.
const EVENTS: &str = "output_events.ndjson";
/// How telling of it went.
const DELIVERIES: &str = "output_deliveries.ndjson";
/// Held by the process that tells.
const NOTIFIER: &str = "notifier";

impl JobFolder {
    /// Returns the absolute path of the record of a run's end.
    pub fn completion_path(&self, run: u32) -> PathBuf {
        self.run_path(run).join(COMPLETION)
    }

    /// Returns the absolute path of the events of a run's output.
    pub fn output_events_path(&self, run: u32) -> PathBuf {
        self.run_path(run).join(EVENTS)
    }

    fn run_path(&self, run: u32) -> PathBuf {
        self.path().join("runs").join(run.to_string())
    }
}

impl RunFolder {
    /// Returns the absolute path of the folder.
    pub fn path(&self) -> PathBuf {
        self.dir().path().to_owned()
    }

    /// Returns the record of the run's end; `None` if it has not ended, or nobody is told.
    ///
    /// # Errors
    ///
    /// It is no regular file, or can't be understood.
    pub fn completion(&self) -> Result<Option<CompletionFile>, DamageError> {
        let bytes = match self.dir().read(COMPLETION) {
            Err(DamageError {
                problem: Problem::Missing,
                ..
            }) => return Ok(None),
            bytes => bytes?,
        };
        let parsed = serde_json::from_slice(&bytes);
        parsed
            .map(Some)
            .map_err(|error| self.dir().damage(COMPLETION, Problem::NotJson(error)))
    }

    /// Writes the record of the run's end: readers see the old one or the new one. To be called by
    /// the lock's holder until it exists, and by the notifier afterwards.
    ///
    /// # Errors
    ///
    /// It could not be written; then the old one stays.
    pub fn write_completion(&self, completion: &CompletionFile) -> io::Result<()> {
        let content = serde_json::to_vec(completion)?;
        let temporary = format!("{COMPLETION}.new");
        foster_fault::attempt("store.completion.write")?;
        self.dir().replace(COMPLETION, &temporary, &content)
    }

    /// Takes the right to tell of this run; `None` if another process has it.
    pub fn try_notify(&self) -> io::Result<Option<Lock>> {
        let flags = OFlags::RDWR | OFlags::CREATE;
        let file = self.dir().open(NOTIFIER, flags)?;
        Ok(sys::try_lock(file.as_fd())?.then(|| Lock::from(OwnedFd::from(file))))
    }

    /// Returns whether a process is telling of this run.
    pub fn is_notifying(&self) -> io::Result<bool> {
        match self.dir().open(NOTIFIER, OFlags::RDONLY) {
            Ok(file) => sys::lock_is_held(file.as_fd()),
            Err(DamageError {
                problem: Problem::Missing,
                ..
            }) => Ok(false),
            Err(damage) => Err(damage.into()),
        }
    }

    /// Waits until nobody tells of this run any more. Only for when all was told: then the process
    /// that did it is on its way out, and waits for nothing itself.
    pub fn wait_for_notifier(&self) -> io::Result<()> {
        match self.dir().open(NOTIFIER, OFlags::RDWR) {
            // Given back with the descriptor.
            Ok(file) => sys::wait_for_lock(file.as_fd()),
            Err(DamageError {
                problem: Problem::Missing,
                ..
            }) => Ok(()),
            Err(damage) => Err(damage.into()),
        }
    }

    /// Watches for changes in the folder.
    ///
    /// # Errors
    ///
    /// `Unsupported` on systems other than Linux.
    pub fn watch(&self) -> io::Result<RunWatch> {
        let watch = FolderWatch::new()?;
        watch.add_all(self.dir().as_fd())?;
        Ok(RunWatch(watch))
    }

    /// Opens the events of the output for appending. To be held by the lock's holder only.
    pub fn output_events_writer(&self) -> io::Result<LineWriter> {
        LineWriter::open(self, EVENTS)
    }

    /// Opens the events of the output for reading; `None` if there are none.
    pub fn output_events(&self) -> io::Result<Option<File>> {
        match self.dir().open(EVENTS, OFlags::RDONLY) {
            Ok(file) => Ok(Some(file)),
            Err(DamageError {
                problem: Problem::Missing,
                ..
            }) => Ok(None),
            Err(damage) => Err(damage.into()),
        }
    }

    /// Opens the results of telling of output for appending. To be held by the notifier only.
    pub fn deliveries_writer(&self) -> io::Result<LineWriter> {
        LineWriter::open(self, DELIVERIES)
    }

    /// Returns how telling of output went; a cut last line is left out.
    pub fn deliveries(&self) -> io::Result<Vec<MatchDelivery>> {
        let bytes = match self.dir().read(DELIVERIES) {
            Err(DamageError {
                problem: Problem::Missing,
                ..
            }) => return Ok(Vec::new()),
            bytes => bytes?,
        };
        let lines = bytes.split_inclusive(|&byte| byte == b'\n');
        let whole = lines.filter(|line| line.ends_with(b"\n"));
        Ok(whole
            .filter_map(|line| serde_json::from_slice(line).ok())
            .collect())
    }
}

/// Tells of changes in the folder of a run: its descriptor is readable once there are any.
#[derive(Debug)]
pub struct RunWatch(FolderWatch);

impl RunWatch {
    /// Takes what was told since, without waiting.
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn forget(&mut self) -> io::Result<()> {
        self.0.take().map(drop)
    }
}

impl AsFd for RunWatch {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Appends lines of JSON to a file.
#[derive(Debug)]
pub struct LineWriter {
    file: File,
    end: u64,
}

impl LineWriter {
    /// A cut line at the end is removed: its writer died.
    fn open(run: &RunFolder, name: &str) -> io::Result<Self> {
        let flags = OFlags::RDWR | OFlags::CREATE;
        let mut file = run.dir().open(name, flags)?;
        let bytes = run.dir().read(name)?;
        let whole = bytes.iter().rposition(|&byte| byte == b'\n');
        let end = whole.map_or(0, |at| at as u64 + 1);
        file.set_len(end)?;
        file.seek(SeekFrom::Start(end))?;
        Ok(Self { file, end })
    }

    /// Returns where the next line will begin.
    pub fn position(&self) -> u64 {
        self.end
    }

    /// Appends an event with a single write.
    pub fn append_event(&mut self, event: &MatchEvent) -> io::Result<()> {
        self.append(serde_json::to_vec(event)?)
    }

    /// Appends a result with a single write.
    pub fn append_delivery(&mut self, delivery: &MatchDelivery) -> io::Result<()> {
        self.append(serde_json::to_vec(delivery)?)
    }

    fn append(&mut self, mut line: Vec<u8>) -> io::Result<()> {
        line.push(b'\n');
        if let Err(error) = self.file.write_all(&line) {
            // Half a line would spoil the next one.
            self.file.set_len(self.end)?;
            self.file.seek(SeekFrom::Start(self.end))?;
            return Err(error);
        }
        self.end += line.len() as u64;
        Ok(())
    }
}
