use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{JobView, NotificationView, Snapshot};

/// Whose environment a job's command inherited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EnvironmentSource {
    /// That of whoever started this run.
    Caller,
    /// The one that was kept with the definition.
    Kept,
    /// Nobody's: it has the explicit variables alone.
    Nothing,
}

/// The answer of `run`, `start` and `restart`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RunAnswer {
    /// The job.
    #[serde(flatten)]
    pub job: JobView,
    /// Whose environment the command inherited in this run.
    pub inherited_env: EnvironmentSource,
    /// Time spent waiting for the job after it had started, in milliseconds.
    pub waited_ms: u64,
    /// From the verb's start to its answer, in milliseconds.
    pub elapsed_ms: u64,
    /// The newest output; `null` with `--no-wait`.
    pub snapshot: Option<Snapshot>,
    /// Who will be told of the job, so that nobody has to ask; `null` if nobody is.
    pub notifications: Option<NotificationView>,
    /// What to do next.
    pub hint: Option<String>,
}
