use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{JobId, Tag};

/// The answer of `tag`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TagAnswer {
    /// The job.
    pub job_id: JobId,
    /// The marks that it bears now.
    pub tags: Vec<Tag>,
}
