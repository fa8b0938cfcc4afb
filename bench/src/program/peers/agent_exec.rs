use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Peer, text};
use crate::Error;
use crate::child;

pub struct AgentExec {
    program: PathBuf,
    root: PathBuf,
}

impl AgentExec {
    pub fn new(folder: &Path, work: &Path) -> Self {
        let program = folder.join("agent-exec");
        let root = work.join("agent-exec");
        Self { program, root }
    }

    fn verb(&self, words: &[&str]) -> Command {
        let mut command = child::command(&self.program);
        command
            .env("HOME", &self.root)
            .arg("--root")
            .arg(&self.root);
        command.args(words);
        command
    }
}

impl Peer for AgentExec {
    fn name(&self) -> &'static str {
        "agent-exec"
    }

    fn launch(&self, job: &[&OsStr]) -> Result<Command, Error> {
        let mut command = self.verb(&["run", "--no-wait", "--"]);
        command.args(job);
        Ok(command)
    }

    /// It answers before the job's end where that prints much, and is then asked again; the shell between is a part
    /// of the price.
    fn result(&self, job: &[&OsStr]) -> Result<Command, Error> {
        let script = r#"p="$1 --root $2"; shift 2; a=$($p run --forever -- "$@") && printf '%s\n' "$a" &&
            case $a in *'"state":"running"'*)
                $p wait --forever "$(printf '%s' "$a" | sed 's/.*"job_id":"\([^"]*\)".*/\1/')" >&2
            esac"#;
        let mut command = child::command("/bin/sh");
        command.env("HOME", &self.root).args(["-c", script, "sh"]);
        command.arg(&self.program).arg(&self.root).args(job);
        Ok(command)
    }

    fn wait(&self, launched: &[u8]) -> Result<Command, Error> {
        Ok(self.verb(&["wait", "--forever", &text(launched, "job_id")?]))
    }

    fn follow(&self, _: &[u8]) -> Option<Command> {
        None
    }

    fn list(&self) -> Option<Command> {
        Some(self.verb(&["list", "--all"]))
    }

    fn output(&self, answer: &[u8]) -> Result<PathBuf, Error> {
        Ok(text(answer, "stdout_log_path")?.into())
    }
}
