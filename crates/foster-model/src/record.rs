use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Cause, Entry, Event, EventKind, Identity, IllegalTransition, JobId, MatchCount, OutputEnd,
    PhaseSpec, ProcessInfo, StartFailure, State, Straggler, StreamTotals, Supervision, Time,
    TimeoutKind, transition,
};

/// What is known of a job: the fold of its journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct JobRecord {
    /// The job.
    pub job_id: JobId,
    /// The number of the newest run, which all else is about; the first is 1.
    pub run: u32,
    /// Where it stands.
    pub state: State,
    /// Why; `null` while it is not over.
    pub cause: Option<Cause>,
    /// The leader's exit code, from its exit on; `null` if a signal ended it or if it is not known.
    pub exit_code: Option<i32>,
    /// The name of the signal that ended the leader.
    pub signal: Option<String>,
    /// Whether the leader left a core.
    pub core_dumped: Option<bool>,
    /// From the leader's start to its exit, monotonic, in milliseconds.
    pub duration_ms: Option<u64>,
    /// The leader; it stays here after its end, for the record.
    pub leader: Option<Identity>,
    /// How the tree is held.
    pub containment: Option<String>,
    /// The control group's directory.
    pub cgroup: Option<String>,
    /// The monotonic clock at the start, in milliseconds of that boot.
    pub started_monotonic_ms: Option<u64>,
    /// The keeper's identity.
    pub keeper: Option<Identity>,
    /// The supervisor's identity.
    pub supervisor: Option<Identity>,
    /// Who looks after it.
    pub supervision: Supervision,
    /// When the folder was made.
    pub created_at: Option<Time>,
    /// When the command was executed.
    pub started_at: Option<Time>,
    /// When the leader exited.
    pub exited_at: Option<Time>,
    /// When the job was over.
    pub finished_at: Option<Time>,
    /// When this record last changed.
    pub updated_at: Option<Time>,
    /// How output stands.
    pub output: OutputEnd,
    /// Who holds the output though the job is over.
    pub holders: Vec<ProcessInfo>,
    /// What came on standard output; exact once output is closed.
    pub stdout: StreamTotals,
    /// What came on standard error.
    pub stderr: StreamTotals,
    /// Descendants that the leader left behind.
    pub stragglers: Vec<Straggler>,
    /// Whether the kernel has said that no process of the tree is left; `None` before it is asked, and
    /// if it has not said so while somebody asked.
    pub tree_empty: Option<bool>,
    /// Why it could not start.
    pub failure: Option<StartFailure>,
    /// The cause that an escalation under way will leave, if the leader had not exited before.
    pub stopping: Option<Cause>,
    /// The phases of that escalation, for a successor to go on with.
    #[serde(default)]
    pub stop_phases: Vec<PhaseSpec>,
    /// Which limit it has passed, if it is, or was, ended for that.
    #[serde(default)]
    pub timeout_kind: Option<TimeoutKind>,
    /// The deadline of this run, if it was changed; `null` if it is what the definition says.
    #[serde(default)]
    pub deadline: Option<Deadline>,
    /// Whether the command's open standard input was closed on purpose.
    #[serde(default)]
    pub stdin_closed: bool,
    /// How often what somebody is told of was met in the output, rule by rule.
    #[serde(default)]
    pub output_matches: Vec<MatchCount>,
}

/// When a run is to be ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Deadline {
    /// The moment, for people; `null` for never.
    pub at: Option<Time>,
    /// The same by the monotonic clock of this boot, in milliseconds.
    pub monotonic_ms: Option<u64>,
}

/// The content of `state.json`: a cache of the journal's fold, in a shape that scripts can rely on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StateFile {
    /// The version of this file's shape.
    pub schema_version: String,
    /// The job and where it stands.
    pub job: StateFileJob,
    /// How it ended.
    pub result: StateFileResult,
    /// The leader's pid.
    pub pid: Option<i32>,
    /// When it was over.
    pub finished_at: Option<Time>,
    /// When this file was last written; always set.
    pub updated_at: Time,
    /// Everything else.
    pub record: JobRecord,
}

/// The `job` of `state.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StateFileJob {
    /// The job.
    pub id: JobId,
    /// Its state.
    pub status: State,
    /// When the command was executed.
    pub started_at: Option<Time>,
}

/// The `result` of `state.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StateFileResult {
    /// The leader's exit code.
    pub exit_code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<String>,
    /// From start to exit, in milliseconds.
    pub duration_ms: Option<u64>,
}

impl JobRecord {
    /// Returns the record of a job of which nothing is known but its id.
    pub fn new(job_id: JobId) -> Self {
        Self {
            job_id,
            run: 1,
            state: State::Created,
            cause: None,
            exit_code: None,
            signal: None,
            core_dumped: None,
            duration_ms: None,
            leader: None,
            containment: None,
            cgroup: None,
            started_monotonic_ms: None,
            keeper: None,
            supervisor: None,
            supervision: Supervision::None,
            created_at: None,
            started_at: None,
            exited_at: None,
            finished_at: None,
            updated_at: None,
            output: OutputEnd::Open,
            holders: Vec::new(),
            stdout: StreamTotals::default(),
            stderr: StreamTotals::default(),
            stragglers: Vec::new(),
            tree_empty: None,
            failure: None,
            stopping: None,
            stop_phases: Vec::new(),
            timeout_kind: None,
            deadline: None,
            stdin_closed: false,
            output_matches: Vec::new(),
        }
    }

    /// Returns the fold of `entries`. Recovery is this same function, so it is tested by every run.
    pub fn replay<'a>(
        job_id: JobId,
        entries: impl IntoIterator<Item = &'a Entry>,
    ) -> Result<Self, IllegalTransition> {
        let mut record = Self::new(job_id);
        for entry in entries {
            record.apply(entry)?;
        }
        Ok(record)
    }

    /// Takes in one more event.
    ///
    /// An event that is illegal in this state changes nothing and is returned as the error.
    pub fn apply(&mut self, entry: &Entry) -> Result<(), IllegalTransition> {
        self.state = transition(self.state, EventKind::from(&entry.event))?;
        self.updated_at = Some(entry.at);
        self.absorb(entry.at, &entry.event);
        Ok(())
    }

    /// A tree that nobody looks after ends some time, and nobody hears of it.
    fn forget_the_unseen(&mut self) {
        let is_seen = self.supervision != Supervision::None;
        self.tree_empty = self.tree_empty.filter(|empty| *empty || is_seen);
    }

    fn absorb(&mut self, at: Time, event: &Event) {
        match event {
            Event::Created {} => self.created_at = Some(at),
            Event::Restarted { run } => {
                *self = Self {
                    run: *run,
                    created_at: self.created_at,
                    updated_at: self.updated_at,
                    ..Self::new(self.job_id)
                };
            }
            Event::Launched { keeper, supervisor } => {
                self.keeper = Some(*keeper);
                self.supervisor = Some(*supervisor);
                self.supervision = Supervision::Full;
            }
            Event::Started {
                leader,
                containment,
                cgroup,
                monotonic_ms,
            } => {
                self.started_at = Some(at);
                self.leader = Some(*leader);
                self.containment = Some(containment.clone());
                self.cgroup.clone_from(cgroup);
                self.started_monotonic_ms = Some(*monotonic_ms);
                self.tree_empty = Some(false);
            }
            Event::StartFailed { failure } => self.failure = Some(failure.clone()),
            Event::StopRequested {
                cause,
                timeout_kind,
                phases,
                ..
            } if self.exited_at.is_none() => {
                self.stopping = Some(*cause);
                self.timeout_kind = *timeout_kind;
                self.stop_phases.clone_from(phases);
            }
            Event::DeadlineChanged {
                deadline,
                monotonic_ms,
                ..
            } => {
                let (at, monotonic_ms) = (*deadline, *monotonic_ms);
                self.deadline = Some(Deadline { at, monotonic_ms });
            }
            Event::StdinClosed { .. } => self.stdin_closed = true,
            Event::Amended { .. }
            | Event::StopRequested { .. }
            | Event::Signalled { .. }
            | Event::OutputLost { .. } => {}
            Event::Matched { counts } => self.output_matches.clone_from(counts),
            Event::Exited {
                exit_code,
                signal,
                core_dumped,
                duration_ms,
            } => {
                self.exited_at = Some(at);
                self.exit_code = *exit_code;
                self.signal.clone_from(signal);
                self.core_dumped = Some(*core_dumped);
                self.duration_ms = *duration_ms;
            }
            Event::Stragglers { processes } => self.stragglers.clone_from(processes),
            Event::Empty {} => {
                self.tree_empty = Some(true);
                self.stragglers
                    .iter_mut()
                    .for_each(|straggler| straggler.ended = true);
            }
            Event::Closed {
                output,
                holders,
                stdout,
                stderr,
            } => {
                self.output = *output;
                self.holders.clone_from(holders);
                self.stdout = *stdout;
                self.stderr = *stderr;
            }
            Event::Supervision { now, by, keeper } => {
                self.supervision = *now;
                self.supervisor = by.or(self.supervisor);
                self.keeper = keeper.or(self.keeper);
                self.forget_the_unseen();
            }
            Event::Finished { cause, .. } => {
                self.cause = Some(*cause);
                self.finished_at = Some(at);
                self.stopping = None;
                self.timeout_kind = self.timeout_kind.filter(|_| *cause == Cause::Timeout);
                if self.started_at.is_none() {
                    self.output = OutputEnd::Complete;
                    self.supervision = Supervision::None;
                }
            }
        }
    }
}

impl From<JobRecord> for StateFile {
    fn from(record: JobRecord) -> Self {
        Self {
            schema_version: crate::SCHEMA_VERSION.to_owned(),
            job: StateFileJob {
                id: record.job_id,
                status: record.state,
                started_at: record.started_at,
            },
            result: StateFileResult {
                exit_code: record.exit_code,
                signal: record.signal.clone(),
                duration_ms: record.duration_ms,
            },
            pid: record.leader.map(|leader| leader.pid),
            finished_at: record.finished_at,
            updated_at: record.updated_at.unwrap_or_else(|| record.job_id.time()),
            record,
        }
    }
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
