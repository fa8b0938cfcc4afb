use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ErrorCode;

/// The `error` of an answer with `ok: false`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ErrorBody {
    /// The stable code.
    pub code: ErrorCode,
    /// For people.
    pub message: String,
    /// What to do about it, where that is known.
    pub hint: Option<String>,
    /// Whether the same call may succeed later without anything being changed.
    pub retryable: bool,
    /// The job in question, where one was made or found.
    pub job_id: Option<crate::JobId>,
    /// The jobs that could have been meant.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<crate::JobId>,
}

impl ErrorCode {
    /// Returns the error of an answer, with this code's hint.
    pub fn body(self, message: impl Into<String>) -> ErrorBody {
        let (_, _, retryable, hint) = self.row();
        ErrorBody {
            code: self,
            message: message.into(),
            hint: hint.map(str::to_owned),
            retryable,
            job_id: None,
            candidates: Vec::new(),
        }
    }
}
