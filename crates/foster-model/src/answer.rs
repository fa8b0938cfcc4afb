//! The documents that Foster answers with. Each derives its JSON Schema; unknown is `null`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Cause, ErrorBody, JobId, JobName, OutputEnd, ProcessInfo, StartFailure, State, Straggler,
    Supervision, Tag, Target, Time,
};

/// Everything that is known of a job and fit to be shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct JobView {
    /// The job.
    pub job_id: JobId,
    /// The name it is called by.
    pub name: Option<JobName>,
    /// Its marks.
    pub tags: Vec<Tag>,
    /// Where it stands.
    pub state: State,
    /// Why; `null` while it is not over.
    pub cause: Option<Cause>,
    /// The leader's exit code, from its exit on; `null` if a signal ended it.
    pub exit_code: Option<i32>,
    /// The name of the signal that ended the leader, such as `TERM`.
    pub signal: Option<String>,
    /// Whether the leader left a core; `null` before its exit.
    pub core_dumped: Option<bool>,
    /// The leader's process id on the job's host.
    pub pid: Option<i32>,
    /// How the tree is held: `cgroup`, `subreaper` or `group`.
    pub containment: Option<String>,
    /// The command as it was given, with U+FFFD where it is not UTF-8.
    pub command: Vec<String>,
    /// Whether the command is one string for `sh -c`.
    pub shell: bool,
    /// Its working directory.
    pub cwd: String,
    /// When it was defined.
    pub created_at: Time,
    /// When the command was executed.
    pub started_at: Option<Time>,
    /// When the leader exited.
    pub exited_at: Option<Time>,
    /// When the job was over: leader gone, output closed or drained.
    pub finished_at: Option<Time>,
    /// When its record last changed.
    pub updated_at: Time,
    /// From the leader's start to its exit, monotonic, in milliseconds.
    pub duration_ms: Option<u64>,
    /// The variables given explicitly; masked ones are `***`.
    pub env_vars: BTreeMap<String, String>,
    /// The file with the head of standard output (and all of it, up to the cap).
    pub stdout_log_path: String,
    /// The file with the head of standard error.
    pub stderr_log_path: String,
    /// The interleaved log, if one was asked for.
    pub log_path: Option<String>,
    /// How output stands.
    pub output: OutputEnd,
    /// Who holds the output though the job is over.
    pub holders: Vec<ProcessInfo>,
    /// Descendants that the leader left behind.
    pub stragglers: Vec<Straggler>,
    /// Whether the kernel has said that no process of the tree is left; `null` if it was not asked.
    pub tree_empty: Option<bool>,
    /// Why the command could not be executed.
    pub failure: Option<StartFailure>,
    /// Who looks after the job.
    pub supervision: Supervision,
    /// The job that this one was started in: the value of its launcher's `FOSTER_JOB`.
    pub outer_job: Option<String>,
    /// Whether the job belongs to another machine or PID namespace: then all of this is as its
    /// files tell it, and nothing was judged.
    pub foreign: bool,
}

/// The answer of `run`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RunAnswer {
    /// The job.
    #[serde(flatten)]
    pub job: JobView,
    /// Time spent waiting for the job after it had started, in milliseconds.
    pub waited_ms: u64,
    /// From the verb's start to its answer, in milliseconds.
    pub elapsed_ms: u64,
    /// The newest output; `null` with `--no-wait`.
    pub snapshot: Option<Snapshot>,
    /// What to do next.
    pub hint: Option<String>,
}

/// The answer of `status`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StatusAnswer {
    /// The job.
    #[serde(flatten)]
    pub job: JobView,
    /// Since the leader's start, while it runs, in milliseconds, by the wall clock.
    pub running_ms: Option<u64>,
    /// Bytes read from standard output so far.
    pub stdout_bytes: u64,
    /// Bytes read from standard error so far.
    pub stderr_bytes: u64,
}

/// The newest output of a job, bounded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Snapshot {
    /// Whether the job is over and its output closed, so that nothing will be added.
    #[serde(rename = "final")]
    pub is_final: bool,
    /// How bytes became text: always `utf-8-lossy`.
    pub encoding: String,
    /// Standard output.
    pub stdout: Excerpt,
    /// Standard error.
    pub stderr: Excerpt,
}

/// A part of one stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Excerpt {
    /// The text, cut on character borders, with U+FFFD for bytes that are not UTF-8.
    pub tail: String,
    /// The offsets in the stream of the text's first byte and of the byte after its last.
    pub range: [u64; 2],
    /// All bytes that the command has written so far.
    pub observed_bytes: u64,
    /// How many bytes the text stands for.
    pub included_bytes: u64,
    /// The ranges that a cap or a full disk dropped, as offsets in the stream.
    pub omitted: Vec<[u64; 2]>,
    /// How many bytes those ranges hold.
    pub omitted_bytes: u64,
    /// Whether there is more in the stream than the text shows.
    pub truncated: bool,
}

/// The answer of `tail`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TailAnswer {
    /// The job.
    pub job_id: JobId,
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

/// One job in a listing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ListRow {
    /// The job.
    pub job_id: JobId,
    /// Its name.
    pub name: Option<JobName>,
    /// Its marks.
    pub tags: Vec<Tag>,
    /// Where it stands.
    pub state: State,
    /// Why.
    pub cause: Option<Cause>,
    /// The leader's exit code.
    pub exit_code: Option<i32>,
    /// The signal that ended the leader.
    pub signal: Option<String>,
    /// The command, joined by spaces; cut, if long.
    pub command: String,
    /// Where it runs.
    pub cwd: String,
    /// When it was defined.
    pub created_at: Time,
    /// When it started.
    pub started_at: Option<Time>,
    /// When it was over.
    pub finished_at: Option<Time>,
    /// From the leader's start to its exit.
    pub duration_ms: Option<u64>,
    /// Why the folder can't be read, if so; then the other fields are what the index remembers.
    pub damage: Option<String>,
    /// Whether it belongs to another machine or PID namespace.
    pub foreign: bool,
}

/// The answer of `list` and `ps`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ListAnswer {
    /// The root that was listed.
    pub root: String,
    /// The directory at or below which the jobs were started; `null` for all of them.
    pub scope: Option<String>,
    /// The jobs, newest first.
    pub jobs: Vec<ListRow>,
    /// Whether there are more of them than were asked for.
    pub truncated: bool,
    /// Whether there are jobs outside the scope.
    pub others_outside_scope: bool,
    /// What to do about either.
    pub hint: Option<String>,
}

/// Why `wait` came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WaitReason {
    /// All the jobs are over.
    Finished,
    /// One of them is (`--any`).
    AnyFinished,
    /// The deadline came first.
    Deadline,
}

/// The answer of `wait`: the fields of the job, if one was named, else `jobs`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WaitAnswer {
    /// Why it came back.
    pub reason: WaitReason,
    /// Time spent waiting, in milliseconds.
    pub waited_ms: u64,
    /// From the verb's start to its answer, in milliseconds.
    pub elapsed_ms: u64,
    /// The job, if exactly one was named.
    #[serde(flatten)]
    pub job: Option<JobView>,
    /// Its newest output, if exactly one was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshot: Option<Snapshot>,
    /// The jobs in the order in which they were named, if several were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jobs: Option<Vec<JobResult<JobView>>>,
    /// What to do next.
    pub hint: Option<String>,
}

/// What became of one of several jobs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum JobResult<T> {
    /// It was dealt with.
    Done(T),
    /// It was not.
    Failed {
        /// As it was named.
        job: String,
        /// Why.
        error: ErrorBody,
    },
}

/// The answer of `kill`: the fields of the job, if one was named, else `jobs`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct KillAnswer {
    /// From the verb's start to its answer, in milliseconds.
    pub elapsed_ms: u64,
    /// The job, if exactly one was named.
    #[serde(flatten)]
    pub job: Option<KillResult>,
    /// The jobs in the order in which they were named, if several were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jobs: Option<Vec<JobResult<KillResult>>>,
}

/// What `kill` did to one job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct KillResult {
    /// The job.
    pub job_id: JobId,
    /// Where it stands now.
    pub state: State,
    /// Why.
    pub cause: Option<Cause>,
    /// The leader's exit code.
    pub exit_code: Option<i32>,
    /// The signal that ended the leader.
    pub signal: Option<String>,
    /// Whether the job was over before the verb came, and nothing of it was left.
    pub already_finished: bool,
    /// The single signal that was sent, for `--signal`.
    pub sent: Option<SentSignal>,
    /// What the escalation did; `null` for `--signal` and while it is still under way.
    pub report: Option<StopReport>,
}

/// A single signal that was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SentSignal {
    /// Its canonical name.
    pub signal: String,
    /// Its number on this system.
    pub number: i32,
    /// To whom.
    pub target: Target,
    /// How many processes it reached.
    pub sent: u32,
    /// What went wrong.
    pub errors: Vec<String>,
}

/// What an escalation did, and the proof of its end.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StopReport {
    /// Each phase that was entered.
    pub phases: Vec<PhaseReport>,
    /// Whether the kernel says that no process of the tree is left; `null` where none was found and
    /// nothing proves it: a tree that lost its supervisor, without a control group.
    pub empty: Option<bool>,
    /// What is left.
    pub survivors: Vec<ProcessInfo>,
    /// From the first signal to the end, in milliseconds.
    pub took_ms: u64,
}

/// One phase of an escalation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PhaseReport {
    /// The signal's canonical name.
    pub signal: String,
    /// Its number on this system.
    pub number: i32,
    /// How many processes it reached.
    pub sent: u32,
    /// How long the phase lasted, in milliseconds.
    pub waited_ms: u64,
    /// What went wrong.
    pub errors: Vec<String>,
}

/// The answer of `recover`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RecoverAnswer {
    /// The root that was looked through.
    pub root: String,
    /// How many jobs were looked at.
    pub looked_at: u64,
    /// The jobs whose record was changed, or can't be read.
    pub jobs: Vec<RecoveredJob>,
    /// Whether the index was made anew.
    pub index_rebuilt: bool,
}

/// What became of one job in a recovery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RecoveredJob {
    /// The job, as its folder is called.
    pub job: String,
    /// Where it stands now; `null` if its files tell nothing.
    pub state: Option<State>,
    /// Why.
    pub cause: Option<Cause>,
    /// What was done, for people.
    pub action: String,
    /// Processes of it that still live.
    pub survivors: Vec<ProcessInfo>,
}

/// The answer of `schema`: JSON Schemas (2020-12) by the `type` of the answer they describe.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SchemaAnswer {
    /// By type.
    pub schemas: BTreeMap<String, serde_json::Value>,
}

/// The answer of `doctor`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DoctorAnswer {
    /// Foster's own version.
    pub version: String,
    /// The system, such as `Linux 6.18.44 x86_64`.
    pub system: String,
    /// The containment that `auto` chooses here.
    pub containment: String,
    /// Each level, whether it is to be had, and why not.
    pub levels: Vec<DoctorCheck>,
    /// What the kernel offers that Foster uses.
    pub kernel: Vec<DoctorCheck>,
    /// The root's health.
    pub root: DoctorRoot,
    /// Whether everything that Foster relies on is well.
    pub healthy: bool,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DoctorCheck {
    /// What.
    pub name: String,
    /// Whether it is to be had.
    pub available: bool,
    /// What was seen, or why it is not to be had.
    pub detail: String,
}

/// The root's health.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DoctorRoot {
    /// Where it is.
    pub path: String,
    /// What is wrong with it, if anything.
    pub problem: Option<ErrorBody>,
    /// How many jobs it holds.
    pub jobs: u64,
    /// How many of them are running.
    pub running: u64,
    /// The bytes free on its file system; `null` if unknown.
    pub free_bytes: Option<u64>,
    /// The file system's type, such as `ext4`; `null` if unknown.
    pub filesystem: Option<String>,
}
