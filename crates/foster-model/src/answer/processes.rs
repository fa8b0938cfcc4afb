use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{JobId, State, Time};

/// The answer of `processes`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProcessesAnswer {
    /// The job.
    pub job_id: JobId,
    /// The number of its newest run.
    pub run: u32,
    /// Where it stands.
    pub state: State,
    /// How its tree is held; `null` before it runs.
    pub containment: Option<String>,
    /// Its living processes, each after its parent and all that one has started after it, the oldest
    /// first. Whoever asks is left out, also if the job has started it.
    pub processes: Vec<ProcessView>,
    /// What they are together.
    pub total: ProcessesTotal,
}

/// A living process of a job, as it was at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProcessView {
    /// Its number.
    pub pid: i32,
    /// Its parent's number. That one need not be in the list: it may be of Foster, or of a namespace.
    pub parent: i32,
    /// What it was started with, or shows in the place of that, joined by spaces, `***` in the place of
    /// hidden values; its name, where that can't be read. Cut at 512 bytes, and ends in `…` then.
    pub command: String,
    /// Its state as the kernel has it: `R` runs, `S` sleeps, `D` sleeps and can't be woken, `T` is
    /// stopped.
    pub state: String,
    /// When it was started, to a hundredth of a second.
    pub started_at: Option<Time>,
    /// The processor time that it has used itself, in milliseconds.
    pub cpu_ms: Option<u64>,
    /// How much memory it has resident, in bytes; what it shares with others counts for each.
    pub memory_bytes: Option<u64>,
    /// How many threads it has.
    pub threads: Option<u64>,
    /// Whether it is the job's leader.
    pub leader: bool,
}

/// What the processes of a job are together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProcessesTotal {
    /// How many are listed.
    pub processes: u64,
    /// Processor time in milliseconds: of all that ever ran, as the job's control group counts it
    /// (`cpu.stat`), or else the sum of those that are listed; `null` if that of one is not known.
    pub cpu_ms: Option<u64>,
    /// Memory in bytes: what is charged to all, as the job's control group counts it (`memory.current`,
    /// with cached files), or else the sum of those that are listed, in which what they share is counted
    /// more than once; `null` if that of one is not known.
    pub memory_bytes: Option<u64>,
}
