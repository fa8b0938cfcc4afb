use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Cause, JobId, JobName, OutputEnd, ProcessInfo, StartFailure, State, Straggler, Supervision,
    Tag, Time, TimeoutKind,
};

/// Everything that is known of a job and fit to be shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct JobView {
    /// The job.
    pub job_id: JobId,
    /// The root that it is kept in: with `job_id` enough to find it again, from anywhere.
    pub root: String,
    /// The name it is called by.
    pub name: Option<JobName>,
    /// Its marks.
    pub tags: Vec<Tag>,
    /// The group that it belongs to.
    pub group: Option<JobName>,
    /// The number of its newest run, which all else is about; the first is 1.
    pub run: u32,
    /// Where it stands.
    pub state: State,
    /// Why; `null` while it is not over.
    pub cause: Option<Cause>,
    /// Which limit it has passed, if the cause is, or will be, `timeout`.
    pub timeout_kind: Option<TimeoutKind>,
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
    /// What the command reads on standard input.
    pub stdin: StdinState,
    /// The file with the head of standard output (and all of it, up to the cap).
    pub stdout_log_path: String,
    /// The file with the head of standard error.
    pub stderr_log_path: String,
    /// The interleaved log, if one was asked for.
    pub log_path: Option<String>,
    /// How many values were taken out of its output (`--redact`); exact once output is closed.
    pub redactions: u64,
    /// How output stands.
    pub output: OutputEnd,
    /// Who holds the output though the job is over.
    pub holders: Vec<ProcessInfo>,
    /// Descendants that the leader left behind.
    pub stragglers: Vec<Straggler>,
    /// Whether the kernel has said that no process of the tree is left; `null` if it was not asked, or if
    /// nobody looks after the job any more and it had not said so before.
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
    /// What was left out above, so that no answer is endless; `null` if nothing was. The job's files
    /// have it all.
    pub left_out: Option<LeftOut>,
}

/// How much of a job an answer leaves out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LeftOut {
    /// Bytes of the command, beyond 16 KiB.
    pub command_bytes: u64,
    /// Explicit variables, beyond 100 of them or 16 KiB.
    pub env_vars: u64,
    /// Processes in `holders`, beyond 100.
    pub holders: u64,
    /// Processes in `stragglers`, beyond 100.
    pub stragglers: u64,
}

/// How a command's standard input stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StdinState {
    /// It has none: it is at its end from the beginning.
    Nothing,
    /// It was given with the definition.
    Given,
    /// `foster send` writes to it, as soon as the job runs.
    Open,
    /// `foster send` wrote to it; it was closed, or the command has ended.
    Closed,
}
