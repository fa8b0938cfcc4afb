use std::cell::Cell;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Peer, word};
use crate::Error;
use crate::child;

/// A folder is a queue, whose jobs run one after another: each job gets a folder of its own.
pub struct Nq {
    work: PathBuf,
    queues: Cell<usize>,
}

impl Nq {
    pub fn new(work: &Path) -> Result<Self, Error> {
        let work = work.join("nq");
        std::fs::create_dir_all(&work)?;
        let queues = Cell::new(0);
        Ok(Self { work, queues })
    }

    fn newest(&self) -> PathBuf {
        self.work.join(self.queues.get().to_string())
    }
}

impl Peer for Nq {
    fn name(&self) -> &'static str {
        "nq"
    }

    fn launch(&self, job: &[&OsStr]) -> Result<Command, Error> {
        self.queues.update(|queues| queues + 1);
        std::fs::create_dir(self.newest())?;
        let mut command = child::command("nq");
        command.env("NQDIR", self.newest()).args(job);
        Ok(command)
    }

    /// Two programs, as it has no verb that does both; the shell between them is a part of the price.
    fn result(&self, job: &[&OsStr]) -> Result<Command, Error> {
        let launch = self.launch(job)?;
        let mut command = child::command("/bin/sh");
        command.env("NQDIR", self.newest());
        command.args(["-c", "nq \"$@\" && exec nq -w", "sh"]);
        command.args(launch.get_args());
        Ok(command)
    }

    fn wait(&self, launched: &[u8]) -> Result<Command, Error> {
        let mut command = child::command("nq");
        command
            .env("NQDIR", self.newest())
            .args(["-w", &word(launched)]);
        Ok(command)
    }

    fn follow(&self, _: &[u8]) -> Option<Command> {
        None
    }

    fn list(&self) -> Option<Command> {
        None
    }

    fn output(&self, _: &[u8]) -> Result<PathBuf, Error> {
        let mut files = std::fs::read_dir(self.newest())?;
        let file = files.next().ok_or("nq has left no file")??;
        Ok(file.path())
    }

    fn frames(&self) -> bool {
        true
    }
}
