use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{JobId, State, Time};

/// The answer of `deadline`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeadlineAnswer {
    /// The job.
    pub job_id: JobId,
    /// Where it stands.
    pub state: State,
    /// When it will be ended; `null` for never, and for a job that does not run.
    pub deadline: Option<Time>,
    /// From now to then, in milliseconds.
    pub remaining_ms: Option<u64>,
    /// How long each of its runs may take, by its definition; `null` for ever. What is changed for a
    /// run that is under way leaves it as it is.
    pub timeout_ms: Option<u64>,
}
