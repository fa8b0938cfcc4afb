//! FIFOs through which children say when something happened, and are let go.

use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{CWD, FileType, Mode, mknodat};
use rustix::time::Timespec;

use crate::Error;

/// Longer than any peer takes to start a job.
const PATIENCE: Timespec = Timespec {
    tv_sec: 60,
    tv_nsec: 0,
};

fn fifo(path: &Path) -> Result<File, Error> {
    mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0)?;
    // Both ends: opening waits for nobody, and a child that leaves is no end of file.
    Ok(OpenOptions::new().read(true).write(true).open(path)?)
}

/// What children ring: see `stamp`.
pub struct Bell {
    pub path: PathBuf,
    lines: BufReader<File>,
}

/// Who rang, and when.
#[derive(Debug, Clone, Copy)]
pub struct Ring {
    pub pid: i32,
    pub at: f64,
}

impl Bell {
    pub fn new(path: PathBuf) -> Result<Self, Error> {
        let lines = BufReader::new(fifo(&path)?);
        Ok(Self { path, lines })
    }

    /// Returns the next ring, for which it waits.
    pub fn next(&mut self) -> Result<Ring, Error> {
        if self.lines.buffer().is_empty() {
            let file = self.lines.get_ref();
            if poll(&mut [PollFd::new(file, PollFlags::IN)], Some(&PATIENCE))? == 0 {
                return Err("the job has not begun in a minute".into());
            }
        }
        let mut line = String::new();
        self.lines.read_line(&mut line)?;
        let (pid, at) = line.trim().split_once(' ').ok_or("no ring")?;
        Ok(Ring {
            pid: pid.parse()?,
            at: at.parse()?,
        })
    }
}

impl Drop for Bell {
    fn drop(&mut self) {
        // It lies in a folder that is removed as a whole.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// What children wait at; all go when it is dropped.
pub struct Gate {
    pub path: PathBuf,
    file: File,
}

impl Gate {
    pub fn new(path: PathBuf) -> Result<Self, Error> {
        let file = fifo(&path)?;
        Ok(Self { path, file })
    }

    /// Lets a line through.
    pub fn pass(&mut self) -> Result<(), Error> {
        Ok(self.file.write_all(b"go\n")?)
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        // As above.
        let _ = std::fs::remove_file(&self.path);
    }
}
