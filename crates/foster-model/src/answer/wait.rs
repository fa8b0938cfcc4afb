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
    /// The deadline came first.
    Deadline,
}

/// The answer of `wait`: the fields of the job, if one was named, else `jobs`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WaitAnswer {
    /// Why it came back.
    pub reason: WaitReason,
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
    /// The jobs in the order in which they were named, if several were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jobs: Option<Vec<JobResult<JobView>>>,
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
