use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{ErrorBody, JobId, State};

/// The answer of `delete` and `rm`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeleteAnswer {
    /// The root.
    pub root: String,
    /// Whether nothing was done, and only told what would be.
    pub dry_run: bool,
    /// The directory at or below which jobs were looked for; `null` for all of them, and where jobs
    /// were named.
    pub scope: Option<String>,
    /// How many were deleted, or would be.
    pub deleted: u64,
    /// How many stay for a reason that is told.
    pub skipped: u64,
    /// How many could not be deleted.
    pub failed: u64,
    /// The bytes of disk that were given back, or would be.
    pub freed_bytes: u64,
    /// The jobs, in the order in which they were named, or the newest first.
    pub jobs: Vec<DeleteResult>,
}

/// What became of one job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeleteResult {
    /// The job, as it was named, or its id.
    pub job: String,
    /// Its id; `null` if it was not found.
    pub job_id: Option<JobId>,
    /// Where it stood; `null` if its files tell nothing.
    pub state: Option<State>,
    /// What was done.
    pub action: DeleteAction,
    /// Why it was skipped.
    pub reason: Option<String>,
    /// The bytes of disk that were given back, or would be.
    pub freed_bytes: u64,
    /// Why it could not be deleted.
    pub error: Option<ErrorBody>,
}

/// What `delete` does to a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeleteAction {
    /// It is gone.
    Deleted,
    /// It would be, without `--dry-run`.
    WouldDelete,
    /// It stays, and should.
    Skipped,
    /// It stays, and should not.
    Failed,
}
