use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{JobView, Snapshot};

/// The answer of `run`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RunAnswer {
    /// The job.
    #[serde(flatten)]
    pub job: JobView,
    /// Time spent waiting for the job after it had started, in milliseconds.
    pub waited_ms: u64,
    /// From the verb's start to its answer, in milliseconds.
    pub elapsed_ms: u64,
    /// The newest output; `null` with `--no-wait`.
    pub snapshot: Option<Snapshot>,
    /// What to do next.
    pub hint: Option<String>,
}
