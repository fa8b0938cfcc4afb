use std::collections::BTreeSet;
use std::fs;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::time::Duration;

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use serde_json::Value;

use crate::files::poll_until;

/// One process for good: a pid with the time at which it started, so that a later process with the
/// same number is not mistaken for it.
///
/// No descriptor is kept, so thousands can be watched at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Watched {
    /// Its number.
    pub pid: i32,
    /// Its start, in clock ticks after boot.
    pub start_time: u64,
}

/// What `/proc/PID/stat` tells that is of use here.
struct Stat {
    state: char,
    parent: i32,
    group: i32,
    session: i32,
    start_time: u64,
}

fn stat(pid: i32) -> Option<Stat> {
    let text = fs::read(format!("/proc/{pid}/stat")).ok()?;
    // The name stands in brackets and may itself hold brackets and blanks.
    let after_name = text.iter().rposition(|byte| *byte == b')')? + 1;
    let text = String::from_utf8_lossy(&text[after_name..]);
    let mut fields = text.split_ascii_whitespace();
    let state = fields.next()?.chars().next()?;
    let mut number = || fields.next()?.parse().ok();
    Some(Stat {
        state,
        parent: number()?,
        group: number()?,
        session: number()?,
        start_time: fields.nth(15)?.parse().ok()?,
    })
}

impl Watched {
    /// Returns the process that has the number `pid` now; a zombie counts.
    pub fn from_pid(pid: i32) -> Option<Self> {
        stat(pid).map(|stat| Self {
            pid,
            start_time: stat.start_time,
        })
    }

    /// Returns the process of an identity as Foster writes it: `{"pid": …, "start_time": …}`.
    pub fn from_json(identity: &Value) -> Option<Self> {
        let pid = i32::try_from(identity.get("pid")?.as_i64()?).ok()?;
        Some(Self {
            pid,
            start_time: identity.get("start_time")?.as_u64()?,
        })
    }

    fn stat(&self) -> Option<Stat> {
        stat(self.pid).filter(|stat| stat.start_time == self.start_time)
    }

    /// Returns the letter of its state: `R`, `S`, `T` (stopped), `Z` (zombie) …; `None` if it is
    /// gone.
    pub fn state(&self) -> Option<char> {
        self.stat().map(|stat| stat.state)
    }

    /// Returns the pid of its parent: 0 if that is outside of our PID namespace; `None` if the
    /// process is gone.
    pub fn parent(&self) -> Option<i32> {
        self.stat().map(|stat| stat.parent)
    }

    /// Returns the number of its process group: 0 if whoever made it is outside of our PID
    /// namespace, as where a container's first command was entered from without, which is why
    /// `rustix::process::getpgrp`, that knows no 0, is of no use here; `None` if the process is
    /// gone.
    pub fn group(&self) -> Option<i32> {
        self.stat().map(|stat| stat.group)
    }

    /// Returns the number of its session, 0 and `None` as of [`group`](Self::group).
    pub fn session(&self) -> Option<i32> {
        self.stat().map(|stat| stat.session)
    }

    /// Returns whether it lives. A zombie doesn't.
    pub fn is_alive(&self) -> bool {
        self.state()
            .is_some_and(|state| !matches!(state, 'Z' | 'X' | 'x'))
    }

    /// Waits until it has ended, and returns whether it has.
    #[must_use = "it may still be there"]
    pub fn wait_gone(&self, timeout: Duration) -> bool {
        match self.open() {
            Some(pidfd) => poll_until(&pidfd, timeout) || !self.is_alive(),
            None => !self.is_alive(),
        }
    }

    /// Sends it `signal`; `false` if it was gone or the system refused.
    pub fn signal(&self, signal: Signal) -> bool {
        self.open()
            .is_some_and(|pidfd| pidfd_send_signal(&pidfd, signal).is_ok())
    }

    /// Kills it; `false` if it was gone or the system refused.
    pub fn kill(&self) -> bool {
        self.signal(Signal::KILL)
    }

    /// Returns its name as the kernel has it, for messages.
    pub fn name(&self) -> String {
        let name = fs::read_to_string(format!("/proc/{}/comm", self.pid)).unwrap_or_default();
        name.trim_end().to_owned()
    }

    /// Returns whether its environment, as it was at its `exec`, has an entry that `wanted` accepts
    /// (`NAME=value`). `false` if it can't be read.
    pub fn has_variable(&self, wanted: impl Fn(&[u8]) -> bool) -> bool {
        let entries = fs::read(format!("/proc/{}/environ", self.pid)).unwrap_or_default();
        entries.split(|byte| *byte == 0).any(wanted) && self.state().is_some()
    }

    /// Returns its children, their children, and so on, as far as the kernel's tree reaches: what
    /// was adopted by another process is not among them.
    pub fn descendants(&self) -> BTreeSet<Self> {
        let mut found = BTreeSet::new();
        let mut open = vec![*self];
        while let Some(parent) = open.pop() {
            for child in parent.children() {
                if found.insert(child) {
                    open.push(child);
                }
            }
        }
        found
    }

    fn children(&self) -> Vec<Self> {
        let Ok(threads) = fs::read_dir(format!("/proc/{}/task", self.pid)) else {
            return vec![];
        };
        let lists = threads
            .flatten()
            .map(|thread| thread.path().join("children"));
        let pids: Vec<i32> = lists.flat_map(|path| numbers(&path)).collect();
        if self.state().is_none() {
            return vec![];
        }
        pids.into_iter().filter_map(Self::from_pid).collect()
    }

    /// Opens a pidfd of this very process: the descriptor first, then the look at the start time,
    /// so that the number can't change hands between.
    fn open(&self) -> Option<OwnedFd> {
        let pidfd = pidfd_open(Pid::from_raw(self.pid)?, PidfdFlags::empty()).ok()?;
        self.state().map(|_| pidfd)
    }
}

/// Returns the numbers that stand in a file, separated by blanks or lines.
pub(crate) fn numbers(path: &std::path::Path) -> Vec<i32> {
    let text = fs::read_to_string(path).unwrap_or_default();
    text.split_ascii_whitespace()
        .filter_map(|word| word.parse().ok())
        .collect()
}

/// Returns every process of this PID namespace, zombies too, but not this one.
pub(crate) fn everyone() -> Vec<Watched> {
    let names = fs::read_dir(PathBuf::from("/proc"))
        .into_iter()
        .flatten()
        .flatten();
    let pids = names.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let own = std::process::id() as i32;
    pids.filter(|pid| *pid != own)
        .filter_map(Watched::from_pid)
        .collect()
}

/// Kills all of these so that none can act on another's death: two that look after a job make two again
/// as soon as one is gone.
///
/// # Panics
///
/// If one is gone before, or does not end in time.
pub fn kill_at_once(processes: &[Watched]) {
    for process in processes {
        assert!(process.signal(Signal::STOP), "{process:?} is gone");
    }
    for process in processes {
        process.kill();
    }
    for process in processes {
        assert!(process.wait_gone(crate::DEADLINE), "{process:?} lives on");
    }
}
