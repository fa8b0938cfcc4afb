use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Sink;

/// The time between two notifications of a rule that names none.
pub const DEFAULT_NOTIFY_INTERVAL: Duration = Duration::from_secs(1);

/// The longest pattern of a rule, in bytes.
pub const LONGEST_PATTERN: usize = 4096;

/// When somebody is told of output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OutputRule {
    /// What is looked for in each line.
    pub pattern: String,
    /// How.
    pub kind: MatchKind,
    /// On which stream.
    pub stream: MatchStream,
    /// How often it is told.
    pub every: Frequency,
    /// The least time between two notifications, in milliseconds. What matches in between is
    /// counted.
    pub interval_ms: u64,
    /// Who is told.
    pub sinks: Vec<Sink>,
}

/// How a pattern is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MatchKind {
    /// A line holds this text.
    Contains,
    /// A line matches this regular expression (the syntax of Rust's `regex`).
    Regex,
}

/// Which stream is looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MatchStream {
    /// Standard output alone.
    Stdout,
    /// Standard error alone.
    Stderr,
    /// Both, each by itself.
    #[default]
    Either,
}

/// How often a rule tells.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Frequency {
    /// Of the first match of a run.
    Once,
    /// Of each, as far as its interval allows.
    #[default]
    Every,
}
