use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{JobView, NotificationView};
use crate::Time;

/// The answer of `status`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StatusAnswer {
    /// The job.
    #[serde(flatten)]
    pub job: JobView,
    /// Since the leader's start, while it runs, in milliseconds, by the monotonic clock that its limits
    /// go by; for a job of another machine by the wall clock.
    pub running_ms: Option<u64>,
    /// When it will be ended, while it runs, by the wall clock as it stood when that was set; `null` for
    /// never.
    pub deadline: Option<Time>,
    /// From now to then, in milliseconds, by the clock of `running_ms`: true also if the wall clock was
    /// set meanwhile.
    pub remaining_ms: Option<u64>,
    /// How long a run may take, in milliseconds from its start, as `--timeout` said; `null` for any time.
    /// `deadline` may have changed it for the run under way.
    pub timeout_ms: Option<u64>,
    /// How long it may print nothing, in milliseconds; `null` for any time.
    pub idle_timeout_ms: Option<u64>,
    /// Bytes read from standard output so far.
    pub stdout_bytes: u64,
    /// Bytes read from standard error so far.
    pub stderr_bytes: u64,
    /// Whom the job tells of itself, and how that went; `null` if nobody is told.
    pub notifications: Option<NotificationView>,
}
