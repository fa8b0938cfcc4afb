use std::fs;
use std::process::Command;

use rustix::process::Signal;

use crate::{Started, Watched};

/// A process that no job knows of, and that shows every signal it was ever sent: it begins with all of
/// them blocked, so those that come stay to be seen, and those that can't be blocked end or stop it.
#[derive(Debug)]
pub struct Bystander(Started);

impl Bystander {
    /// Starts `command`, which must say `ready`, in a session of its own; its directory and the variables
    /// that were set are taken over.
    ///
    /// # Panics
    ///
    /// If it can't be started or says something else.
    pub fn start(command: &Command) -> Self {
        let mut blocking = Command::new("setsid");
        blocking.args(["env", "--block-signal"]);
        blocking.arg(command.get_program()).args(command.get_args());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => blocking.env(name, value),
                None => blocking.env_remove(name),
            };
        }
        if let Some(dir) = command.get_current_dir() {
            blocking.current_dir(dir);
        }
        Self(Started::ready(blocking))
    }

    /// Returns the process.
    pub fn watched(&self) -> Watched {
        self.0.watched()
    }

    /// Returns what was done to it, if anything was.
    pub fn harm(&self) -> Option<String> {
        harm_of(self.watched())
    }
}

/// Returns what was done to a process that was started with all signals blocked, if anything was. That a
/// child of it has ended is nothing.
pub fn harm_of(process: Watched) -> Option<String> {
    let status = fs::read_to_string(format!("/proc/{}/status", process.pid));
    let status = status.unwrap_or_default();
    let set = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        line.and_then(|set| u64::from_str_radix(set.trim(), 16).ok())
    };
    let waiting = |name: &str| set(name).map(|set| set & !bit(Signal::CHILD));
    match (waiting("SigPnd:"), waiting("ShdPnd:"), set("SigBlk:")) {
        _ if !process.is_alive() => Some(format!("{process:?} is dead")),
        _ if process.state() == Some('T') => Some(format!("{process:?} was stopped")),
        (Some(0), Some(0), Some(blocked)) if blocked & bit(Signal::TERM) != 0 => None,
        sets => Some(format!("{process:?} got a signal, or shows none: {sets:?}")),
    }
}

/// Where a signal stands in a set: they are counted from 1.
fn bit(signal: Signal) -> u64 {
    1 << (signal.as_raw() - 1)
}
