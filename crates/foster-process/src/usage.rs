use std::time::Duration;

use crate::ExitStatus;

/// What a process used, and its children that it waited for, and theirs
/// ([getrusage(2)](https://man7.org/linux/man-pages/man2/getrusage.2.html)). What is left running or
/// was reaped by another is not in it: see [`TreeUsage`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// Processor time in its own code.
    pub user: Duration,
    /// Processor time in the kernel on its behalf.
    pub system: Duration,
    /// The most memory that one of them had resident, in bytes; `None` where it isn't known.
    ///
    /// On Linux a process that was cloned or forked counts what its *parent* had resident before
    /// exec (fs/exec.c, `exec_mmap`). So this is known only of a child that [`crate::spawn`] started,
    /// and only if it had more than this process ever had until then.
    pub max_rss: Option<u64>,
    /// Page faults that took no device.
    pub minor_faults: u64,
    /// Page faults that did.
    pub major_faults: u64,
    /// How often they waited for something.
    pub voluntary_switches: u64,
    /// How often the processor was taken from them.
    pub involuntary_switches: u64,
}

/// How a process ended, and what it had used by then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended {
    /// How it ended.
    pub status: ExitStatus,
    /// What it used; `None` where the system tells that only to who reaps it (all but Linux).
    pub usage: Option<Usage>,
}

/// What a whole tree used so far, as its control group counts it. What isn't counted here is `None`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TreeUsage {
    /// Processor time in the members' own code (`cpu.stat`).
    pub user: Option<Duration>,
    /// Processor time in the kernel on their behalf (`cpu.stat`).
    pub system: Option<Duration>,
    /// The memory that is charged to all now, in bytes, files that are cached for them among it
    /// (`memory.current`).
    pub memory: Option<u64>,
    /// The most memory that was charged to all at once, in bytes (`memory.peak`, Linux 5.19).
    pub memory_peak: Option<u64>,
    /// How many members the kernel has killed for want of memory (`memory.events`).
    pub oom_kills: Option<u64>,
    /// The most processes and threads there were at once (`pids.peak`, Linux 6.1).
    pub processes_peak: Option<u64>,
    /// How many forks were refused for the limit of processes (`pids.events`).
    pub forks_refused: Option<u64>,
}

impl Usage {
    /// Returns it without the peak of memory, unless that is above what the parent had before exec.
    pub(crate) fn trusting_rss_above(self, floor: Option<u64>) -> Self {
        let above = |rss: &u64| floor.is_some_and(|floor| *rss > floor);
        Self {
            max_rss: self.max_rss.filter(above),
            ..self
        }
    }
}
