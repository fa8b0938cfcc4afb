use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Cause, JobId, JobName, State, Tag, Time};

/// One job in a listing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ListRow {
    /// The job.
    pub job_id: JobId,
    /// Its name.
    pub name: Option<JobName>,
    /// Its marks.
    pub tags: Vec<Tag>,
    /// The group that it belongs to.
    pub group: Option<JobName>,
    /// Where it stands.
    pub state: State,
    /// Why.
    pub cause: Option<Cause>,
    /// The leader's exit code.
    pub exit_code: Option<i32>,
    /// The signal that ended the leader.
    pub signal: Option<String>,
    /// The command, joined by spaces; cut at 512 bytes, and ends in `…` then.
    pub command: String,
    /// Where it runs.
    pub cwd: String,
    /// When it was defined.
    pub created_at: Time,
    /// When it started.
    pub started_at: Option<Time>,
    /// When it was over.
    pub finished_at: Option<Time>,
    /// From the leader's start to its exit.
    pub duration_ms: Option<u64>,
    /// Why the folder can't be read, if so; then the other fields are what the index remembers.
    pub damage: Option<String>,
    /// Whether it belongs to another machine or PID namespace.
    pub foreign: bool,
}

/// The answer of `list` and `ps`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ListAnswer {
    /// The root that was listed.
    pub root: String,
    /// The directory at or below which the jobs were started; `null` for all of them.
    pub scope: Option<String>,
    /// The jobs, newest first unless another order was asked for.
    pub jobs: Vec<ListRow>,
    /// Whether there are more of them than were asked for.
    pub truncated: bool,
    /// What `--cursor` takes to go on behind the last of them; `null` if there are no more, or if they
    /// are sorted by something else than their creation.
    pub next: Option<String>,
    /// Whether there are jobs outside the scope that would have been listed.
    pub others_outside_scope: bool,
    /// What to do about either.
    pub hint: Option<String>,
}
