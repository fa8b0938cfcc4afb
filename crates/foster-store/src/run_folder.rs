use std::io;
use std::path::PathBuf;

use crate::dir::Dir;
use crate::{DamageError, JobFolder, Stream};

/// The number of a job's first run.
pub const FIRST_RUN: u32 = 1;

/// The folder of one run of a job: what it printed, and when. A job that is started again gets a new
/// one, and the earlier ones stay as they are.
#[derive(Debug)]
pub struct RunFolder {
    number: u32,
    dir: Dir,
}

impl JobFolder {
    /// Opens the folder of a run. Runs are counted from 1; the record tells the newest.
    pub fn run(&self, number: u32) -> Result<RunFolder, DamageError> {
        let dir = self.files().subdir("runs")?.subdir(&number.to_string())?;
        Ok(RunFolder { number, dir })
    }

    /// Makes the folder of a new run, with empty files. To be called by the lock's holder only,
    /// before the journal tells of the run: so what is found here was left by a launcher that died
    /// between the two, and is empty.
    pub fn make_run(&self, number: u32) -> io::Result<RunFolder> {
        RunFolder::make(self.files(), number)
    }

    /// Returns the numbers of the runs that there are, in order.
    pub fn runs(&self) -> io::Result<Vec<u32>> {
        let names = self.files().subdir("runs")?.names()?;
        let mut runs: Vec<u32> = names.iter().filter_map(|name| name.parse().ok()).collect();
        runs.sort_unstable();
        Ok(runs)
    }

    /// Returns the absolute path of the file with the head of a stream of a run.
    pub fn log_path(&self, run: u32, stream: Stream) -> PathBuf {
        let run = self.path().join("runs").join(run.to_string());
        run.join(stream.log_name())
    }
}

impl RunFolder {
    pub(crate) fn make(job: &Dir, number: u32) -> io::Result<Self> {
        foster_fault::attempt("store.run.folder")?;
        let dir = job
            .ensure_subdir("runs")?
            .ensure_subdir(&number.to_string())?;
        foster_fault::step("store.run.folder_made");
        for name in [
            Stream::Stdout.log_name(),
            Stream::Stderr.log_name(),
            "timeline",
        ] {
            foster_fault::attempt("store.run.file")?;
            match dir.create(name, b"") {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
                _ => {}
            }
        }
        Ok(Self { number, dir })
    }

    /// Returns the run's number, from 1.
    pub fn number(&self) -> u32 {
        self.number
    }

    pub(crate) fn dir(&self) -> &Dir {
        &self.dir
    }

    /// Opens the folder a second time.
    pub(crate) fn reopened(&self) -> io::Result<Dir> {
        self.dir.try_clone()
    }
}
