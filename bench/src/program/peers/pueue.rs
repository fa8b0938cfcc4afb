use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use super::{Peer, word};
use crate::Error;
use crate::child;

pub struct Pueue {
    program: PathBuf,
    work: PathBuf,
    daemon: Child,
}

impl Pueue {
    pub fn start(folder: &Path, work: &Path) -> Result<Self, Error> {
        let work = work.join("pueue");
        std::fs::create_dir_all(&work)?;
        let config = format!(
            "shared:\n  pueue_directory: {0}\n  runtime_directory: {0}\n  use_unix_socket: true\n\
             daemon: {{}}\nclient: {{}}\n",
            work.display()
        );
        std::fs::write(work.join("config.yml"), config)?;
        let mut daemon = child::command(folder.join("pueued"));
        daemon
            .env("HOME", &work)
            .arg("-c")
            .arg(work.join("config.yml"));
        let daemon = daemon.spawn()?;
        let program = folder.join("pueue");
        let pueue = Self {
            program,
            work,
            daemon,
        };
        // It does not say when it is ready.
        let until = Instant::now() + Duration::from_secs(30);
        while child::run(&mut pueue.verb(&["parallel", "1000"])).is_err() {
            if Instant::now() > until {
                return Err("pueued does not answer".into());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(pueue)
    }

    fn verb(&self, words: &[&str]) -> Command {
        let mut command = child::command(&self.program);
        command.env("HOME", &self.work).arg("-c");
        command.arg(self.work.join("config.yml")).args(words);
        command
    }
}

impl Peer for Pueue {
    fn name(&self) -> &'static str {
        "pueue"
    }

    fn launch(&self, job: &[&OsStr]) -> Result<Command, Error> {
        let mut command = self.verb(&["add", "--immediate", "--print-task-id", "--"]);
        command.args(job);
        Ok(command)
    }

    /// Two programs, as it has no verb that does both; the shell between them is a part of the price.
    fn result(&self, job: &[&OsStr]) -> Result<Command, Error> {
        let script = r#"p="$1 -c $2"; shift 2; id=$($p add --immediate --print-task-id -- "$@") && $p wait "$id" >&2 && echo "$id""#;
        let mut command = child::command("/bin/sh");
        command.env("HOME", &self.work).args(["-c", script, "sh"]);
        command
            .arg(&self.program)
            .arg(self.work.join("config.yml"))
            .args(job);
        Ok(command)
    }

    fn wait(&self, launched: &[u8]) -> Result<Command, Error> {
        Ok(self.verb(&["wait", &word(launched)]))
    }

    fn follow(&self, launched: &[u8]) -> Option<Command> {
        Some(self.verb(&["follow", &word(launched)]))
    }

    fn list(&self) -> Option<Command> {
        Some(self.verb(&["status", "--json"]))
    }

    fn output(&self, answer: &[u8]) -> Result<PathBuf, Error> {
        let file = format!("{}.log", word(answer));
        Ok(self.work.join("task_logs").join(file))
    }
}

impl Drop for Pueue {
    fn drop(&mut self) {
        // Our own child, by its handle: it is gone afterwards, or was before.
        let _ = self.daemon.kill();
        let _ = self.daemon.wait();
    }
}
