use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{JobView, Snapshot};
use crate::ErrorBody;

/// Why `wait` came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WaitReason {
    /// All the jobs are over.
    Finished,
    /// One of them is (`--any`).
    AnyFinished,
    /// What was looked for (`--for`, `--for-regex`) is in the output.
    Matched,
    /// The deadline came first.
    Deadline,
    /// The group (`--group`) has no job that was ever started: nothing was waited for.
    NoJobs,
}

/// Where in a job's output that was which `wait` looked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OutputMatch {
    /// `stdout` or `stderr`.
    pub stream: String,
    /// The offset of its first byte in the stream.
    pub offset: u64,
    /// The offset of the byte after its last; `logs --since` and `tail --from` go on there.
    pub end: u64,
    /// What matched, lossy; cut at 4 KiB.
    pub text: String,
    /// The line in which it ends, as far as it was seen, lossy; cut at 4 KiB.
    pub line: String,
}

/// The answer of `wait`: the fields of the job, if one was named, else `jobs`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WaitAnswer {
    /// Why it came back.
    pub reason: WaitReason,
    /// Where that is which was looked for; `null` if it never came. Left out if nothing was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<OutputMatch>")]
    pub matched: Option<Option<OutputMatch>>,
    /// Time spent waiting, in milliseconds.
    pub waited_ms: u64,
    /// From the verb's start to its answer, in milliseconds.
    pub elapsed_ms: u64,
    /// The job, if exactly one was named.
    #[serde(flatten)]
    pub job: Option<JobView>,
    /// Its newest output, if exactly one was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshot: Option<Snapshot>,
    /// The jobs in the order in which they were named, if several were; those of the group, the
    /// newest first, with `--group`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jobs: Option<Vec<JobResult<JobView>>>,
    /// With `--group`: how many jobs of the group, over before, are not in `jobs`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jobs_left_out: Option<u64>,
    /// What to do next.
    pub hint: Option<String>,
}

/// What became of one of several jobs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum JobResult<T> {
    /// It was dealt with.
    Done(T),
    /// It was not.
    Failed {
        /// As it was named.
        job: String,
        /// Why.
        error: ErrorBody,
    },
}
