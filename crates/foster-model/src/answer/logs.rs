use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{JobId, State, Time};

/// One line of `logs`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LogLine {
    /// When the last byte of it was read; `null` if that is not known.
    pub at: Option<Time>,
    /// `stdout` or `stderr`.
    pub stream: String,
    /// The offset of its first byte in its stream.
    pub offset: u64,
    /// The text without the line's end, lossy.
    pub text: String,
    /// Whether the line's end is still to come (or never came).
    pub partial: bool,
}

/// The answer of `logs`. With `--follow`, the lines come first, one document each, and this answer
/// comes last with `lines` empty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LogsAnswer {
    /// The job.
    pub job_id: JobId,
    /// Where it stands.
    pub state: State,
    /// Whether nothing will be added.
    #[serde(rename = "final")]
    pub is_final: bool,
    /// The lines, in the order in which they were seen to be complete.
    pub lines: Vec<LogLine>,
    /// Whether lines were left out at the end because of `--max-bytes`.
    pub truncated: bool,
    /// Where to go on, for each stream: the offset after the last byte that was looked at.
    pub next: LogPosition,
}

/// A place in both streams.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LogPosition {
    /// In standard output.
    pub stdout: u64,
    /// In standard error.
    pub stderr: u64,
}
