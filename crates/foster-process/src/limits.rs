use std::fmt;
use std::io;
use std::time::Duration;

use crate::containment::Scope;
use crate::spawn::{Resource, ResourceLimit};
use crate::sys;

/// The shortest quota that the kernel takes is 1 ms of its period of 100 ms.
const LEAST_CORES: f64 = 0.01;

/// More cores than any machine has, so that their microseconds are a number.
const MOST_CORES: f64 = 1_000_000.0;

/// What a tree is limited to. Without any it is limited by nothing but its surroundings.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Limits {
    memory: Option<u64>,
    cores: Option<f64>,
    processes: Option<u64>,
    cpu_time: Option<Duration>,
}

/// Something that a tree can be limited in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Limit {
    /// Memory, in bytes.
    Memory,
    /// The share of the processors.
    Cpu,
    /// The number of processes and threads.
    Processes,
    /// Processor time.
    CpuTime,
}

/// By what a limit is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LimitedBy {
    /// The control group: the whole tree together is limited.
    Cgroup,
    /// `setrlimit(2)`: each process is limited by itself, and for [`Limit::Processes`] all that its
    /// user runs, in the tree or not.
    Rlimit,
}

/// A limit in force, or one that will be for what is started in the scope from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitApplied {
    /// Which.
    pub limit: Limit,
    /// By what.
    pub by: LimitedBy,
}

/// The number is no limit.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum InvalidLimits {
    /// Nothing runs without memory.
    #[error("no process runs in {0} bytes of memory")]
    Memory(u64),
    /// The kernel takes no such share.
    #[error("{0} is no number of cores: 0.01 or more")]
    Cores(f64),
    /// No tree has less than one process.
    #[error("no tree has {0} processes")]
    Processes(u64),
    /// It would end before it began.
    #[error("no process runs for {0:?}")]
    CpuTime(Duration),
}

/// A limit can't be kept here. Nothing is limited then that was not before.
#[derive(Debug, thiserror::Error)]
pub enum LimitError {
    /// Neither way is to be had.
    #[error("{limit} can't be limited here: {reason}")]
    Refused {
        /// Which.
        limit: Limit,
        /// Why, for people.
        reason: String,
        /// Why the control group doesn't keep it, if there is one.
        source: Option<io::Error>,
    },
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Memory => "memory",
            Self::Cpu => "the share of the processors",
            Self::Processes => "the number of processes",
            Self::CpuTime => "processor time",
        })
    }
}

impl Limits {
    /// Returns no limits.
    pub fn new() -> Self {
        Self::default()
    }

    /// Limits memory to that many bytes: for the tree, swap included, or the address space of each
    /// process.
    ///
    /// # Errors
    /// [`InvalidLimits::Memory`] for 0.
    pub fn memory(self, bytes: u64) -> Result<Self, InvalidLimits> {
        let memory = Some(bytes);
        let valid = bytes > 0;
        valid
            .then_some(Self { memory, ..self })
            .ok_or(InvalidLimits::Memory(bytes))
    }

    /// Limits the tree to that many cores' worth of processor time in each tenth of a second: 0.5 is
    /// half a core, 2 are two.
    ///
    /// # Errors
    /// [`InvalidLimits::Cores`] below 0.01, above a million, and for what is no number.
    pub fn cores(self, cores: f64) -> Result<Self, InvalidLimits> {
        let valid = (LEAST_CORES..=MOST_CORES).contains(&cores);
        let limited = Self {
            cores: Some(cores),
            ..self
        };
        valid.then_some(limited).ok_or(InvalidLimits::Cores(cores))
    }

    /// Limits the number of processes and threads.
    ///
    /// # Errors
    /// [`InvalidLimits::Processes`] for 0.
    pub fn processes(self, count: u64) -> Result<Self, InvalidLimits> {
        let processes = Some(count);
        let valid = count > 0;
        valid
            .then_some(Self { processes, ..self })
            .ok_or(InvalidLimits::Processes(count))
    }

    /// Limits the processor time of each process, rounded up to a second. XCPU is sent then, and KILL
    /// a second of processor time later.
    ///
    /// # Errors
    /// [`InvalidLimits::CpuTime`] for zero.
    pub fn cpu_time(self, time: Duration) -> Result<Self, InvalidLimits> {
        let cpu_time = Some(time);
        let valid = !time.is_zero();
        valid
            .then_some(Self { cpu_time, ..self })
            .ok_or(InvalidLimits::CpuTime(time))
    }
}

impl Scope {
    /// Limits what is started in this scope from now on: call it before [`crate::spawn`].
    ///
    /// Each limit is kept by the control group where its controller is to be had, and otherwise by
    /// `setrlimit(2)`, which limits each process instead of the tree; the answer says which. A controller
    /// is enabled for the leaf where it isn't yet: that changes the group around it, and the kernel
    /// refuses it (`EBUSY`) while processes live beside the leaf, as long as that group isn't the
    /// root of all ([no internal processes](https://docs.kernel.org/admin-guide/cgroup-v2.html)).
    /// Nobody is moved for it.
    ///
    /// # Errors
    /// [`LimitError::Refused`] for the first that can't be kept; none is ignored. There is no other way for
    /// the share of the processors than a control group, and none for root's number of processes.
    pub fn limit(&mut self, limits: &Limits) -> Result<Vec<LimitApplied>, LimitError> {
        let mut rlimits = Vec::new();
        let mut applied = Vec::new();
        for limit in limits.wanted() {
            match self.apply(limit, limits, &mut rlimits) {
                Ok(by) => applied.push(LimitApplied { limit, by }),
                Err(error) => {
                    self.lift(&applied);
                    return Err(error);
                }
            }
        }
        let by_cgroup = applied.iter().any(|done| done.by == LimitedBy::Cgroup);
        self.keep_limits(rlimits, by_cgroup);
        Ok(applied)
    }

    fn apply(
        &self,
        limit: Limit,
        limits: &Limits,
        rlimits: &mut Vec<ResourceLimit>,
    ) -> Result<LimitedBy, LimitError> {
        let source = match (self.cgroup(), limits.cgroup_file(limit)) {
            (Some(cgroup), Some((file, value))) => match cgroup.limit(file, &value) {
                Ok(()) => return Ok(LimitedBy::Cgroup),
                Err(error) => Some(error),
            },
            _ => None,
        };
        match limits.rlimit(limit) {
            Ok(rlimit) => {
                rlimits.push(
                    sys::own_limit(rlimit.resource).map_or(rlimit, |own| rlimit.stricter(own)),
                );
                Ok(LimitedBy::Rlimit)
            }
            Err(reason) => Err(LimitError::Refused {
                limit,
                reason: source.as_ref().map_or(reason.to_owned(), |error| {
                    format!("{reason}, and the control group refused it: {error}")
                }),
                source,
            }),
        }
    }

    /// Takes back what the control group had been told.
    fn lift(&self, applied: &[LimitApplied]) {
        let told = applied.iter().filter(|done| done.by == LimitedBy::Cgroup);
        for done in told {
            if let Some((cgroup, file)) = self.cgroup().zip(done.limit.file()) {
                // It was written a moment ago; should it fail now, the scope is stricter than it says.
                drop(cgroup.limit(file, "max"));
            }
        }
    }
}

impl Limit {
    fn file(self) -> Option<&'static str> {
        match self {
            Self::Memory => Some("memory.max"),
            Self::Cpu => Some("cpu.max"),
            Self::Processes => Some("pids.max"),
            // No control group ends anybody for the time that was used.
            Self::CpuTime => None,
        }
    }
}

impl Limits {
    fn wanted(&self) -> impl Iterator<Item = Limit> {
        [
            self.memory.map(|_| Limit::Memory),
            self.cores.map(|_| Limit::Cpu),
            self.processes.map(|_| Limit::Processes),
            self.cpu_time.map(|_| Limit::CpuTime),
        ]
        .into_iter()
        .flatten()
    }

    /// Returns the file of a control group that keeps the limit, and what is to be written there.
    fn cgroup_file(&self, limit: Limit) -> Option<(&'static str, String)> {
        const PERIOD: u32 = 100_000;
        let value = match limit {
            Limit::Memory => self.memory?.to_string(),
            Limit::Cpu => format!("{:.0} {PERIOD}", self.cores? * f64::from(PERIOD)),
            Limit::Processes => self.processes?.to_string(),
            Limit::CpuTime => return None,
        };
        Some((limit.file()?, value))
    }

    fn rlimit(&self, limit: Limit) -> Result<ResourceLimit, &'static str> {
        let none = "no such limit was asked for";
        match limit {
            Limit::Memory => {
                let bytes = self.memory.ok_or(none)?;
                Ok(ResourceLimit::fixed(Resource::AddressSpace, bytes))
            }
            Limit::Cpu => Err("only a control group can keep it"),
            Limit::Processes if sys::forks_without_limit() => {
                Err("setrlimit(2) does not bind this user")
            }
            Limit::Processes => {
                let count = self.processes.ok_or(none)?;
                Ok(ResourceLimit::fixed(Resource::Processes, count))
            }
            Limit::CpuTime => {
                let time = self.cpu_time.ok_or(none)?;
                let seconds = time.as_secs() + u64::from(time.subsec_nanos() > 0);
                Ok(ResourceLimit {
                    resource: Resource::Cpu,
                    soft: Some(seconds),
                    hard: Some(seconds.saturating_add(1)),
                })
            }
        }
    }
}
