//! What can go wrong with a process that was started.

use std::io;

use super::reader::OutputError;
use crate::escalation::Report;
use crate::signal::Signal;
use crate::usage::Ended;

/// A signal could not be sent.
#[derive(Debug, thiserror::Error)]
pub enum SignalError {
    /// The process shares its caller's group, which is not ours to signal.
    #[error("{name} (pid {pid}) has no process group of its own")]
    NoGroup {
        /// The process's name.
        name: String,
        /// Its number.
        pid: i32,
    },
    /// The system refused it.
    #[error("{signal} can't be sent to {name} (pid {pid})")]
    Refused {
        /// The signal.
        signal: Signal,
        /// The process's name.
        name: String,
        /// Its number.
        pid: i32,
        /// The system's reason.
        source: io::Error,
    },
    /// Some of the tree's members could not be reached.
    #[error("{signal} reached {sent} members of {name}'s tree, and not all: {}", .errors.join("; "))]
    Partly {
        /// The signal.
        signal: Signal,
        /// The process's name.
        name: String,
        /// How many it reached.
        sent: u32,
        /// What went wrong, process by process.
        errors: Vec<String>,
    },
}

/// What ending a tree came to.
#[derive(Debug)]
pub struct Terminated {
    /// How the leader ended; `None` if it survived.
    pub ended: Option<Ended>,
    /// Each phase with what it did, who is left and why, and how long it took.
    pub report: Report,
}

/// A tree could not be ended, or not be seen to be.
#[derive(Debug, thiserror::Error)]
pub enum TerminateError {
    /// Some of it lives on.
    #[error("{} of {name}'s tree survived: {}", .terminated.report.survivors.len(), .terminated.describe())]
    Survived {
        /// The process's name.
        name: String,
        /// What was done, and who is left.
        terminated: Box<Terminated>,
    },
    /// It could not be waited for.
    #[error(transparent)]
    Watch(#[from] CompletionError),
}

impl Terminated {
    /// Returns what was tried in vain and who is left, for people.
    fn describe(&self) -> String {
        let attempts = self.report.phases.iter().map(|phase| {
            let errors: Vec<String> = phase.errors.iter().map(ToString::to_string).collect();
            format!(
                "{} reached {}: {}",
                phase.signal,
                phase.sent,
                errors.join("; ")
            )
        });
        let left = self.report.survivors.iter();
        let left = left.map(|s| format!("pid {} ({}): {}", s.pid, s.command, s.reason));
        attempts.chain(left).collect::<Vec<_>>().join(", ")
    }
}

/// A process could not be waited for.
#[derive(Debug, thiserror::Error)]
pub enum CompletionError {
    /// Its output can't be read.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// It can't be watched. What becomes of it when its handle is dropped is as before.
    #[error("{name} (pid {pid}) can't be watched")]
    Watch {
        /// The process's name.
        name: String,
        /// Its number.
        pid: i32,
        /// The system's reason.
        source: io::Error,
    },
}
