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
    /// With `--grep`: whether the line matches; the others are context. Left out without it.
    #[serde(rename = "match", default, skip_serializing_if = "Option::is_none")]
    pub matches: Option<bool>,
}

/// The answer of `logs`. With `--follow`, the lines come first, one document each, and this answer
/// comes last with `lines` empty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LogsAnswer {
    /// The job.
    pub job_id: JobId,
    /// The number of the run that the lines are of.
    pub run: u32,
    /// Where it stands.
    pub state: State,
    /// Whether nothing will be added.
    #[serde(rename = "final")]
    pub is_final: bool,
    /// The lines, in the order in which they were seen to be complete.
    pub lines: Vec<LogLine>,
    /// Whether it ended early, because of `--max-bytes` or `--max-matches`.
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
