use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Amendment, Cause, Identity, MatchCount, State, Time, TimeoutKind};

/// One line of the journal: what happened, and when it was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Entry {
    /// When Foster saw it.
    pub at: Time,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

/// What can happen to a job. The journal is the truth; all else is made from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The folder was made.
    Created {},
    /// A job that was over is to run once more, from its definition as it stands.
    Restarted {
        /// The number of the new run; the first is 1.
        run: u32,
    },
    /// The definition was changed.
    Amended {
        /// How.
        change: Amendment,
        /// Who asked; `null` if that one took the lock and did it.
        by: Option<Requester>,
    },
    /// Keeper and supervisor exist; the command is not yet executed.
    Launched {
        /// The process that takes over if the supervisor dies.
        keeper: Identity,
        /// The process that moves bytes and ends the tree.
        supervisor: Identity,
    },
    /// The command was executed.
    Started {
        /// The job's leader.
        leader: Identity,
        /// How its tree is held: `cgroup`, `subreaper` or `group`.
        containment: String,
        /// The control group, if there is one: the path of its directory.
        cgroup: Option<String>,
        /// The monotonic clock at that moment, in milliseconds; it means something on this boot.
        monotonic_ms: u64,
    },
    /// The command could not be executed.
    StartFailed {
        /// Why.
        failure: StartFailure,
    },
    /// An escalation over the whole tree began.
    StopRequested {
        /// What the job's cause will be, if the leader still runs.
        cause: Cause,
        /// Which of its limits the job has passed, if that is the cause.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        timeout_kind: Option<TimeoutKind>,
        /// The phases that follow each other until the tree is empty.
        phases: Vec<PhaseSpec>,
        /// Who asked; `null` for Foster itself.
        by: Option<Requester>,
    },
    /// The time at which this run is to be ended was changed.
    DeadlineChanged {
        /// When it is now; `null` for never.
        deadline: Option<Time>,
        /// The same by the monotonic clock of this boot, in milliseconds: what counts.
        monotonic_ms: Option<u64>,
        /// Who asked.
        by: Option<Requester>,
    },
    /// The command's open standard input was closed on purpose: it reads the end of file.
    StdinClosed {
        /// Who asked.
        by: Option<Requester>,
    },
    /// A signal was sent.
    Signalled {
        /// Its canonical name, such as `TERM`.
        signal: String,
        /// Its number on this system.
        number: i32,
        /// To whom.
        target: Target,
        /// How many processes it reached.
        sent: u32,
        /// What went wrong, process by process.
        errors: Vec<String>,
        /// The phase of the escalation that it belongs to, counted from 0.
        phase: Option<u32>,
        /// Who asked; `null` for Foster itself.
        by: Option<Requester>,
    },
    /// The leader's status is known.
    Exited {
        /// Its exit code; `null` if a signal ended it.
        exit_code: Option<i32>,
        /// The canonical name of the signal that ended it.
        signal: Option<String>,
        /// Whether it left a core.
        core_dumped: bool,
        /// From its start to its exit, by the monotonic clock, in milliseconds.
        duration_ms: Option<u64>,
    },
    /// Descendants were left when the leader had gone.
    Stragglers {
        /// Who.
        processes: Vec<Straggler>,
    },
    /// The tree is empty: proved by the kernel.
    Empty {},
    /// Output came to its end, or its draining did.
    Closed {
        /// How it ended.
        output: OutputEnd,
        /// Who still holds it.
        holders: Vec<ProcessInfo>,
        /// What came on standard output.
        stdout: StreamTotals,
        /// What came on standard error.
        stderr: StreamTotals,
    },
    /// Output could not be kept, for example because the disk is full. It went on being read.
    OutputLost {
        /// `stdout`, `stderr`, `log` or `timeline`.
        stream: String,
        /// The offset in the stream at which it began.
        from: u64,
        /// The system's reason.
        reason: String,
    },
    /// One of Foster's own processes is gone, or stands where one was missing.
    Supervision {
        /// How the job is supervised from now on.
        now: Supervision,
        /// By which process.
        by: Option<Identity>,
        /// The keeper, where there is a new one.
        #[serde(default)]
        keeper: Option<Identity>,
    },
    /// Lines of output were met that somebody is to be told of: how often, rule by rule.
    Matched {
        /// The rules, in their order.
        counts: Vec<MatchCount>,
    },
    /// The job is over.
    Finished {
        /// The state that it ends in.
        state: State,
        /// Why.
        cause: Cause,
    },
}

/// Why a command could not be executed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StartFailure {
    /// A stable code, such as `command_not_found`.
    pub code: String,
    /// For people.
    pub message: String,
}

/// One phase of an escalation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PhaseSpec {
    /// The canonical name of the signal, such as `TERM`.
    pub signal: String,
    /// How long the tree is given to be empty before the next phase, in milliseconds.
    #[serde(rename = "grace_ms", with = "crate::definition::ms")]
    #[schemars(with = "u64")]
    pub grace: Duration,
}

/// Whom a signal goes to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// The job's first process alone.
    Leader,
    /// The leader's process group.
    Group,
    /// Every member of the tree.
    #[default]
    Tree,
}

/// Who asked for something over the control socket, as the kernel tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Requester {
    /// The asking process.
    pub pid: i32,
    /// Its user.
    pub uid: u32,
}

/// A process, for people to read. Never used to signal anything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProcessInfo {
    /// Its number.
    pub pid: i32,
    /// Its name as the kernel has it; arguments are left out, since they may hold secrets.
    pub command: String,
    /// Why it is listed.
    pub reason: Option<String>,
}

/// A descendant that the leader left behind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Straggler {
    /// Its number.
    pub pid: i32,
    /// Its name as the kernel has it.
    pub command: String,
    /// Whether it is gone.
    pub ended: bool,
}

/// How a job's output ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OutputEnd {
    /// Still being read.
    Open,
    /// Read to the end of file: every byte is accounted for.
    Complete,
    /// Somebody still holds it; reading ended with the bounded drain.
    HeldOpen,
    /// Nobody was there to read the rest.
    Lost,
}

/// How much came on a stream.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StreamTotals {
    /// Bytes read from the command; of a stream that values were taken out of, what is left of them.
    pub observed_bytes: u64,
    /// Bytes of them that are not on disk: dropped by the cap, or not writable.
    pub omitted_bytes: u64,
    /// Values that were taken out of it (`--redact`).
    #[serde(default)]
    pub redactions: u64,
}

/// Who looks after a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Supervision {
    /// A supervisor, with a keeper behind it.
    Full,
    /// The supervisor alone: the keeper is gone.
    KeeperLost,
    /// The keeper, which took over from a supervisor that died.
    TakenOver,
    /// Nobody: the job is over, or both are gone.
    None,
}
