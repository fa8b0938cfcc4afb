//! Programs that start, record and answer for jobs: one file each.
//!
//! Each has a folder of its own for all that it keeps, and a daemon of its own where it wants one, which is
//! ended by its handle.

mod agent_exec;
mod foster;
mod nq;
mod pueue;
mod task_spooler;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Error;

pub use foster::Foster;

/// A program that runs jobs. What it has no verb for is `None`.
pub trait Peer {
    fn name(&self) -> &'static str;

    /// Starts a job and returns; what it prints names the job.
    fn launch(&self, job: &[&OsStr]) -> Result<Command, Error>;

    /// Runs a job to its end.
    fn result(&self, job: &[&OsStr]) -> Result<Command, Error>;

    /// Ends when the job that was launched with this answer has ended.
    fn wait(&self, launched: &[u8]) -> Result<Command, Error>;

    /// Prints what a job prints, as it comes.
    fn follow(&self, launched: &[u8]) -> Option<Command>;

    /// Tells of the jobs.
    fn list(&self) -> Option<Command>;

    /// Returns the file that holds a finished job's output, after [`result`](Self::result) or
    /// [`launch`](Self::launch) has printed this.
    fn output(&self, answer: &[u8]) -> Result<PathBuf, Error>;

    /// Whether that file has two lines of the peer's own before the output, and some after it.
    fn frames(&self) -> bool {
        false
    }
}

/// The peers that this machine has, and why others are missing.
pub type Found = (Vec<Box<dyn Peer>>, Vec<String>);

/// Looks for every peer, and starts the daemons of those that have one.
pub fn all(work: &Path, cargo: &Path) -> Result<Found, Error> {
    let mut found: Vec<Box<dyn Peer>> = Vec::new();
    let mut missing = Vec::new();
    let debian = Path::new("/usr/bin");
    let mut need = |folder: &Path, program: &str| {
        let there = folder.join(program).exists();
        if !there {
            missing.push(format!("{program} could not be had"));
        }
        there
    };
    if need(debian, "tsp") {
        found.push(Box::new(task_spooler::TaskSpooler::start(work)?));
    }
    if need(debian, "nq") {
        found.push(Box::new(nq::Nq::new(work)?));
    }
    if need(cargo, "agent-exec") {
        found.push(Box::new(agent_exec::AgentExec::new(cargo, work)));
    }
    if need(cargo, "pueued") {
        found.push(Box::new(pueue::Pueue::start(cargo, work)?));
    }
    Ok((found, missing))
}

/// Returns what one line of an answer says.
fn word(answer: &[u8]) -> String {
    String::from_utf8_lossy(answer).trim().to_owned()
}

/// Returns a text of a JSON answer.
fn text(answer: &[u8], field: &str) -> Result<String, Error> {
    let answer: serde_json::Value = serde_json::from_slice(answer)?;
    let text = answer[field].as_str().ok_or("the answer lacks a field")?;
    Ok(text.to_owned())
}
