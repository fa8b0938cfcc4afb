use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Cause, CommandLine, Definition, JobId, JobRecord, MatchKind, SCHEMA_VERSION, State, Tag, Time,
};

/// The `event_type` of a [`FinishEvent`].
pub const FINISH_EVENT: &str = "job.finished";

/// The `event_type` of a [`MatchEvent`].
pub const MATCH_EVENT: &str = "job.output.matched";

/// What sinks are told when a run of a job is over; also the content of `completion_event.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FinishEvent {
    /// The version of this document's shape.
    pub schema_version: String,
    /// `job.finished`.
    pub event_type: String,
    /// The job.
    pub job_id: JobId,
    /// The number of the run; the first is 1.
    pub run: u32,
    /// The state that it ended in.
    pub state: State,
    /// Why.
    pub cause: Option<Cause>,
    /// The command as it was given, with U+FFFD where it is not UTF-8.
    pub command: Vec<String>,
    /// Its working directory.
    pub cwd: String,
    /// When the command was executed; `null` if it never was.
    pub started_at: Option<Time>,
    /// When the run was over.
    pub finished_at: Option<Time>,
    /// From the leader's start to its exit, monotonic, in milliseconds.
    pub duration_ms: Option<u64>,
    /// The leader's exit code; `null` if a signal ended it, or if it is not known.
    pub exit_code: Option<i32>,
    /// The name of the signal that ended the leader.
    pub signal: Option<String>,
    /// The file with the head of standard output.
    pub stdout_log_path: String,
    /// The file with the head of standard error.
    pub stderr_log_path: String,
    /// The job's marks.
    pub tags: Vec<Tag>,
    /// Why the command could not be executed.
    pub failure: Option<crate::StartFailure>,
    /// What was looked for in the output, and how often it was met.
    #[serde(default)]
    pub output_matches: Vec<MatchCount>,
}

/// What sinks are told of a line of output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MatchEvent {
    /// The version of this document's shape.
    pub schema_version: String,
    /// `job.output.matched`.
    pub event_type: String,
    /// The job.
    pub job_id: JobId,
    /// The number of the run; the first is 1.
    pub run: u32,
    /// Which of the job's rules it was, counted from 0.
    pub rule: u32,
    /// What was looked for.
    pub pattern: String,
    /// How.
    pub kind: MatchKind,
    /// `stdout` or `stderr`.
    pub stream: String,
    /// The line, or the piece of a very long one, with U+FFFD where it is not UTF-8; at most 4 KiB
    /// of it.
    pub line: String,
    /// Whether the line goes on beyond that.
    pub line_truncated: bool,
    /// Where the line begins in the stream, in bytes.
    pub offset: u64,
    /// When it was seen.
    pub matched_at: Time,
    /// How many matches of this rule were not told of since the one before, for its interval.
    pub suppressed: u64,
    /// The file with the head of standard output.
    pub stdout_log_path: String,
    /// The file with the head of standard error.
    pub stderr_log_path: String,
}

/// How often a rule was met in a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MatchCount {
    /// What was looked for.
    pub pattern: String,
    /// How many lines held it.
    pub matched: u64,
    /// Of how many of them sinks were to be told; the others fell into the rule's interval.
    pub notified: u64,
}

/// How telling a sink ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeliveryResult {
    /// `command`, `shell`, `file` or `url`.
    pub sink: String,
    /// Which one; concealed as everywhere.
    pub target: String,
    /// Whether it was told: the command exited with 0, the line was appended, the server said 2xx.
    pub success: bool,
    /// How often it was tried.
    pub attempts: u32,
    /// What went wrong the last time.
    pub error: Option<String>,
    /// When it was last tried.
    pub attempted_at: Time,
}

/// How telling a sink of a line of output ended: a line of `output_deliveries.ndjson`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MatchDelivery {
    /// Where the event stands in `output_events.ndjson`, in bytes.
    pub event_offset: u64,
    /// Which rule it was.
    pub rule: u32,
    /// How it ended.
    #[serde(flatten)]
    pub result: DeliveryResult,
}

/// The content of `completion_event.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CompletionFile {
    /// What is told.
    #[serde(flatten)]
    pub event: FinishEvent,
    /// Whether there is nobody left to tell.
    pub delivered: bool,
    /// How telling each sink ended, in the order of the sinks; empty until all were tried.
    pub delivery_results: Vec<DeliveryResult>,
}

impl FinishEvent {
    /// Returns the event of a job that is over. `logs` are the paths of its two streams.
    pub fn new(definition: &Definition, record: &JobRecord, logs: [String; 2]) -> Self {
        let [stdout_log_path, stderr_log_path] = logs;
        Self {
            schema_version: SCHEMA_VERSION.to_owned(),
            event_type: FINISH_EVENT.to_owned(),
            job_id: record.job_id,
            run: record.run,
            state: record.state,
            cause: record.cause,
            command: definition.command.words(),
            cwd: definition.cwd.to_lossy().into_owned(),
            started_at: record.started_at,
            finished_at: record.finished_at,
            duration_ms: record.duration_ms,
            exit_code: record.exit_code,
            signal: record.signal.clone(),
            stdout_log_path,
            stderr_log_path,
            tags: definition.tags.clone(),
            failure: record.failure.clone(),
            output_matches: record.output_matches.clone(),
        }
    }
}

impl CommandLine {
    /// Returns the words as they were given, with U+FFFD where they are not UTF-8.
    pub fn words(&self) -> Vec<String> {
        let lossy = |word: &crate::NativeString| word.to_lossy().into_owned();
        match self {
            Self::Argv(argv) => argv.iter().map(lossy).collect(),
            Self::Shell(line) => vec![lossy(line)],
        }
    }
}
