use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::JobView;

/// The answer of `create`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CreateAnswer {
    /// The job.
    #[serde(flatten)]
    pub job: JobView,
    /// What to do next.
    pub hint: Option<String>,
}
