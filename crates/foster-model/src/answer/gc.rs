use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{ErrorBody, GcRule, GcRules, JobId, Time};

/// The answer of `gc`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GcAnswer {
    /// The root.
    pub root: String,
    /// Whether nothing was done, and only told what would be.
    pub dry_run: bool,
    /// The rules that were followed.
    pub rules: GcRules,
    /// Where they come from.
    pub rules_from: RulesFrom,
    /// How many jobs were looked at.
    pub scanned: u64,
    /// How many of them stay.
    pub kept: u64,
    /// The jobs that were deleted, or would be: the one that was over first first.
    pub deleted: Vec<GcDeleted>,
    /// The bytes of disk that were given back, or would be.
    pub freed_bytes: u64,
    /// Jobs that should have gone and stay, and why.
    pub skipped: Vec<GcSkipped>,
    /// Jobs that could not be deleted.
    pub failed: Vec<GcFailed>,
    /// How many more would go but for `--limit`.
    pub beyond_limit: u64,
    /// How many removals that had been cut short were brought to their end.
    pub swept: u64,
    /// From the verb's start to its answer, in milliseconds.
    pub elapsed_ms: u64,
}

/// Where the rules of a clean-up come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RulesFrom {
    /// They were given with the call. Then no others count.
    Options,
    /// They stand in the configuration.
    Configuration,
    /// Nobody gave any.
    Default,
}

/// A job that a clean-up took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GcDeleted {
    /// The job.
    pub job_id: JobId,
    /// When it was over.
    pub finished_at: Time,
    /// The rule by which it went.
    pub rule: GcRule,
    /// The bytes of disk that were given back, or would be.
    pub freed_bytes: u64,
}

/// A job that a clean-up left alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GcSkipped {
    /// The job.
    pub job_id: JobId,
    /// Why.
    pub reason: String,
}

/// A job that a clean-up could not take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GcFailed {
    /// The job.
    pub job_id: JobId,
    /// Why.
    pub error: ErrorBody,
}
