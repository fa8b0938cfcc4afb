use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Excerpt;
use crate::{JobId, State};

/// The answer of `tail`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TailAnswer {
    /// The job.
    pub job_id: JobId,
    /// The number of the run that the output is of.
    pub run: u32,
    /// Where it stands.
    pub state: State,
    /// Whether nothing will be added.
    #[serde(rename = "final")]
    pub is_final: bool,
    /// How bytes became text: always `utf-8-lossy`.
    pub encoding: String,
    /// Standard output, unless only the other was asked for. `--from` goes on at `range[1]`.
    pub stdout: Option<Excerpt>,
    /// Standard error, unless only the other was asked for.
    pub stderr: Option<Excerpt>,
    /// The file with the head of standard output.
    pub stdout_log_path: String,
    /// The file with the head of standard error.
    pub stderr_log_path: String,
}
