use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Peer, word};
use crate::Error;
use crate::child;

pub struct TaskSpooler {
    work: PathBuf,
}

impl TaskSpooler {
    /// Its server starts with the first question.
    pub fn start(work: &Path) -> Result<Self, Error> {
        let work = work.join("task-spooler");
        std::fs::create_dir_all(&work)?;
        let spooler = Self { work };
        child::run(&mut spooler.verb(&["-S", "1000"]))?;
        Ok(spooler)
    }

    fn verb(&self, words: &[&str]) -> Command {
        let mut command = child::command("tsp");
        command
            .env("TS_SOCKET", self.work.join("socket"))
            .env("TS_MAXCONN", "1000")
            .env("TMPDIR", &self.work)
            .args(words);
        command
    }
}

impl Peer for TaskSpooler {
    fn name(&self) -> &'static str {
        "task-spooler"
    }

    fn launch(&self, job: &[&OsStr]) -> Result<Command, Error> {
        let mut command = self.verb(&[]);
        command.args(job);
        Ok(command)
    }

    /// With `-f` nothing would be recorded: two programs, and the shell between them is a part of the price.
    fn result(&self, job: &[&OsStr]) -> Result<Command, Error> {
        let mut command = child::command("/bin/sh");
        let tsp = self.verb(&[]);
        command.envs(
            tsp.get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        );
        command
            .args(["-c", "tsp \"$@\" && tsp -w && exec tsp -o", "sh"])
            .args(job);
        Ok(command)
    }

    fn wait(&self, launched: &[u8]) -> Result<Command, Error> {
        Ok(self.verb(&["-w", &word(launched)]))
    }

    fn follow(&self, launched: &[u8]) -> Option<Command> {
        Some(self.verb(&["-t", &word(launched)]))
    }

    fn list(&self) -> Option<Command> {
        Some(self.verb(&["-l"]))
    }

    fn output(&self, answer: &[u8]) -> Result<PathBuf, Error> {
        let answer = word(answer);
        let last = answer.lines().last().unwrap_or_default();
        if last.starts_with('/') {
            return Ok(last.into());
        }
        Ok(word(&child::output(&mut self.verb(&["-o", last]))?).into())
    }
}

impl Drop for TaskSpooler {
    fn drop(&mut self) {
        // It is told by its own socket; one that has already gone is no loss.
        let _ = child::run(&mut self.verb(&["-K"]));
    }
}
