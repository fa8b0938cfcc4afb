use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::StdinState;
use crate::JobId;

/// The answer of `send`; with `error`, if not all was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SendAnswer {
    /// The job.
    pub job_id: JobId,
    /// How many bytes are in the command's pipe, from the first one on. Whether it has read them is
    /// its own affair.
    pub sent_bytes: u64,
    /// How many bytes more may be there or not: the supervisor ended before it said so. Else 0.
    pub unconfirmed_bytes: u64,
    /// The command's standard input now.
    pub stdin: StdinState,
    /// From the verb's start to its answer, in milliseconds.
    pub elapsed_ms: u64,
}
