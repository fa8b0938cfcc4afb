use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Peer, text};
use crate::Error;
use crate::child;

/// Foster itself, with a root of its own.
#[derive(Clone)]
pub struct Foster {
    program: PathBuf,
    root: PathBuf,
}

impl Foster {
    pub fn new(program: &Path, root: &Path) -> Self {
        let (program, root) = (program.to_owned(), root.to_owned());
        Self { program, root }
    }

    pub fn verb(&self, words: &[&str]) -> Command {
        let mut command = child::command(&self.program);
        command.env("FOSTER_ROOT", &self.root).args(words);
        command
    }

    /// Runs a verb and returns a text of its answer.
    pub fn ask(&self, words: &[&str], field: &str) -> Result<String, Error> {
        text(&child::output(&mut self.verb(words))?, field)
    }

    pub fn id(answer: &[u8]) -> Result<String, Error> {
        text(answer, "job_id")
    }
}

impl Peer for Foster {
    fn name(&self) -> &'static str {
        "foster"
    }

    fn launch(&self, job: &[&OsStr]) -> Result<Command, Error> {
        let mut command = self.verb(&["run", "--no-wait", "--"]);
        command.args(job);
        Ok(command)
    }

    fn result(&self, job: &[&OsStr]) -> Result<Command, Error> {
        let mut command = self.verb(&["run", "--"]);
        command.args(job);
        Ok(command)
    }

    fn wait(&self, launched: &[u8]) -> Result<Command, Error> {
        Ok(self.verb(&["wait", "--timeout", "none", &Self::id(launched)?]))
    }

    fn follow(&self, launched: &[u8]) -> Option<Command> {
        let id = Self::id(launched).ok()?;
        Some(self.verb(&["logs", "--follow", "--output", "text", &id]))
    }

    fn list(&self) -> Option<Command> {
        Some(self.verb(&["list", "--all"]))
    }

    fn output(&self, answer: &[u8]) -> Result<PathBuf, Error> {
        Ok(text(answer, "stdout_log_path")?.into())
    }
}
