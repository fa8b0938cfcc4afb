use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Entry, JobId};

/// One document of `events`: something that happened to a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct JobEvent {
    /// The job.
    pub job_id: JobId,
    /// What happened, and when, as its journal has it.
    #[serde(flatten)]
    pub entry: Entry,
}
