use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::JobResult;
use crate::{Cause, JobId, ProcessInfo, State, Target};

/// The answer of `kill`: the fields of the job, if one was named, else `jobs`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct KillAnswer {
    /// From the verb's start to its answer, in milliseconds.
    pub elapsed_ms: u64,
    /// The job, if exactly one was named.
    #[serde(flatten)]
    pub job: Option<KillResult>,
    /// The jobs in the order in which they were named, if several were; with `--group` and `--tag`
    /// those that were found, however many they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jobs: Option<Vec<JobResult<KillResult>>>,
}

/// What `kill` did to one job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct KillResult {
    /// The job.
    pub job_id: JobId,
    /// Where it stands now.
    pub state: State,
    /// Why.
    pub cause: Option<Cause>,
    /// The leader's exit code.
    pub exit_code: Option<i32>,
    /// The signal that ended the leader.
    pub signal: Option<String>,
    /// Whether the job was over before the verb came, and nothing of it was left.
    pub already_finished: bool,
    /// The single signal that was sent, for `--signal`.
    pub sent: Option<SentSignal>,
    /// What the escalation did; `null` for `--signal` and while it is still under way.
    pub report: Option<StopReport>,
}

/// A single signal that was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SentSignal {
    /// Its canonical name.
    pub signal: String,
    /// Its number on this system.
    pub number: i32,
    /// To whom.
    pub target: Target,
    /// How many processes it reached.
    pub sent: u32,
    /// What went wrong.
    pub errors: Vec<String>,
}

/// What an escalation did, and the proof of its end.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StopReport {
    /// Each phase that was entered.
    pub phases: Vec<PhaseReport>,
    /// Whether the kernel says that no process of the tree is left; `null` where none was found and
    /// nothing proves it: a tree that lost its supervisor, without a control group.
    pub empty: Option<bool>,
    /// What is left.
    pub survivors: Vec<ProcessInfo>,
    /// From the first signal to the end, in milliseconds.
    pub took_ms: u64,
}

/// One phase of an escalation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PhaseReport {
    /// The signal's canonical name.
    pub signal: String,
    /// Its number on this system.
    pub number: i32,
    /// How many processes it reached.
    pub sent: u32,
    /// How long the phase lasted, in milliseconds.
    pub waited_ms: u64,
    /// What went wrong.
    pub errors: Vec<String>,
}
