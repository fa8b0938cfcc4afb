use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{ErrorCode, Event};

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Defined; its command has not been executed.
    Created,
    /// Its command was executed and the job is not over. After the leader's exit the job stays
    /// `running` until its output is closed or drained; `exited_at` is set from the exit on.
    Running,
    /// The leader ended by itself, with an exit code.
    Exited,
    /// The leader was ended: by Foster, by the kernel, or by a signal from elsewhere.
    Killed,
    /// The command could not be executed.
    Failed,
    /// Nobody was there to see the end; the answer says what could be recovered.
    Lost,
}

/// Why a job stands where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The leader exited by itself.
    Exit,
    /// The leader died of a signal that Foster did not send.
    Signal,
    /// The job passed one of its limits: a [`TimeoutKind`] tells which.
    Timeout,
    /// Somebody asked Foster to end it.
    Stop,
    /// The kernel ended it for want of memory.
    Oom,
    /// The command could not be executed.
    StartFailed,
    /// Keeper and supervisor were both gone.
    SupervisorLost,
    /// The job that this one ran in was ended.
    OuterJobEnded,
    /// The machine was restarted.
    Reboot,
}

/// Which of its limits a job has passed that was ended by a timeout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TimeoutKind {
    /// It ran for longer than it was to: `--timeout`, or `foster deadline`.
    Deadline,
    /// It printed nothing for longer than it was to: `--idle-timeout`.
    Idle,
}

/// What kind of event a transition is asked about: [`Event`] without its data, and with the state
/// that a [`Event::Finished`] names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// The folder was made.
    Created,
    /// A job that was over is to run once more.
    Restarted,
    /// The definition was changed.
    Amended,
    /// Keeper and supervisor exist.
    Launched,
    /// The command was executed.
    Started,
    /// The command could not be executed.
    StartFailed,
    /// An escalation began.
    StopRequested,
    /// The time of its end was changed.
    DeadlineChanged,
    /// Its standard input was closed.
    StdinClosed,
    /// A signal was sent.
    Signalled,
    /// The leader's status is known.
    Exited,
    /// Descendants were left when the leader had gone.
    StragglersFound,
    /// The tree is empty.
    Empty,
    /// Output came to its end, or its draining did.
    Closed,
    /// Output could not be kept.
    OutputLost,
    /// One of Foster's own processes is gone, or took over.
    Supervision,
    /// Output was met that somebody is told of.
    Matched,
    /// The job is over, in this state.
    Finished(State),
}

/// An event came that can't come in this state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a {state} job can't see the event {event:?}")]
pub struct IllegalTransition {
    /// The state before.
    pub state: State,
    /// The event that was refused.
    pub event: EventKind,
}

impl State {
    /// All states, in the order of a life.
    pub const ALL: [Self; 6] = [
        Self::Created,
        Self::Running,
        Self::Exited,
        Self::Killed,
        Self::Failed,
        Self::Lost,
    ];

    /// Returns whether the job is over.
    pub fn is_final(self) -> bool {
        !matches!(self, Self::Created | Self::Running)
    }

    /// Returns the word for it in answers and files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Running => "running",
            Self::Exited => "exited",
            Self::Killed => "killed",
            Self::Failed => "failed",
            Self::Lost => "lost",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Cause {
    /// Returns the word for it in answers and files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Exit => "exit",
            Self::Signal => "signal",
            Self::Timeout => "timeout",
            Self::Stop => "stop",
            Self::Oom => "oom",
            Self::StartFailed => "start_failed",
            Self::SupervisorLost => "supervisor_lost",
            Self::OuterJobEnded => "outer_job_ended",
            Self::Reboot => "reboot",
        }
    }
}

impl EventKind {
    /// All kinds, in the order of a life.
    pub const ALL: [Self; 23] = [
        Self::Created,
        Self::Restarted,
        Self::Amended,
        Self::Launched,
        Self::Started,
        Self::StartFailed,
        Self::StopRequested,
        Self::DeadlineChanged,
        Self::StdinClosed,
        Self::Signalled,
        Self::Exited,
        Self::StragglersFound,
        Self::Empty,
        Self::Closed,
        Self::OutputLost,
        Self::Supervision,
        Self::Matched,
        Self::Finished(State::Created),
        Self::Finished(State::Running),
        Self::Finished(State::Exited),
        Self::Finished(State::Killed),
        Self::Finished(State::Failed),
        Self::Finished(State::Lost),
    ];
}

impl From<&Event> for EventKind {
    fn from(event: &Event) -> Self {
        match event {
            Event::Created { .. } => Self::Created,
            Event::Restarted { .. } => Self::Restarted,
            Event::Amended { .. } => Self::Amended,
            Event::Launched { .. } => Self::Launched,
            Event::Started { .. } => Self::Started,
            Event::StartFailed { .. } => Self::StartFailed,
            Event::StopRequested { .. } => Self::StopRequested,
            Event::DeadlineChanged { .. } => Self::DeadlineChanged,
            Event::StdinClosed { .. } => Self::StdinClosed,
            Event::Signalled { .. } => Self::Signalled,
            Event::Exited { .. } => Self::Exited,
            Event::Stragglers { .. } => Self::StragglersFound,
            Event::Empty { .. } => Self::Empty,
            Event::Closed { .. } => Self::Closed,
            Event::OutputLost { .. } => Self::OutputLost,
            Event::Supervision { .. } => Self::Supervision,
            Event::Matched { .. } => Self::Matched,
            Event::Finished { state, .. } => Self::Finished(*state),
        }
    }
}

/// Returns the state after `event` came in `state`, or names the pair as illegal.
///
/// Total: each pair is decided here and nowhere else; `docs/states.md` is made from it.
pub fn transition(state: State, event: EventKind) -> Result<State, IllegalTransition> {
    use EventKind as E;
    use State as S;

    let illegal = Err(IllegalTransition { state, event });
    match (state, event) {
        // What a job is called, and whom it tells of its end, can change at any time.
        (_, E::Amended) => Ok(state),
        // A new run is a new life. What still lives of the one before is ended first.
        (S::Exited | S::Killed | S::Failed | S::Lost, E::Restarted) => Ok(S::Created),
        (S::Created | S::Running, E::Restarted) => illegal,

        // Before the command runs it can be launched, and the launch can be seen to have failed.
        (S::Created, E::Created | E::Launched | E::StartFailed | E::Supervision) => Ok(S::Created),
        (S::Created, E::Started) => Ok(S::Running),
        (S::Created, E::Finished(S::Failed)) => Ok(S::Failed),
        (S::Created, E::Finished(S::Lost)) => Ok(S::Lost),
        // A command that never ran has no exit, no output and no tree.
        (
            S::Created,
            E::StopRequested
            | E::DeadlineChanged
            | E::StdinClosed
            | E::Signalled
            | E::Exited
            | E::StragglersFound
            | E::Empty
            | E::Closed
            | E::OutputLost
            | E::Matched
            | E::Finished(S::Created | S::Running | S::Exited | S::Killed),
        ) => illegal,

        (
            S::Running,
            E::StopRequested
            | E::DeadlineChanged
            | E::StdinClosed
            | E::Signalled
            | E::Exited
            | E::StragglersFound
            | E::Empty
            | E::Closed
            | E::OutputLost
            | E::Supervision
            | E::Matched,
        ) => Ok(S::Running),
        (S::Running, E::Finished(end @ (S::Exited | S::Killed | S::Lost))) => Ok(end),
        // It was started once, and what was started can't fail to start.
        (
            S::Running,
            E::Created
            | E::Launched
            | E::Started
            | E::StartFailed
            | E::Finished(S::Created | S::Running | S::Failed),
        ) => illegal,

        // Left stragglers live on after the end, are signalled, and go on printing.
        (
            S::Exited | S::Killed | S::Lost,
            E::StopRequested
            | E::Signalled
            | E::StragglersFound
            | E::Empty
            | E::Closed
            | E::OutputLost
            | E::Supervision,
        ) => Ok(state),
        (
            S::Exited | S::Killed | S::Lost,
            E::Created
            | E::Launched
            | E::Started
            | E::StartFailed
            | E::DeadlineChanged
            | E::StdinClosed
            | E::Exited
            | E::Matched
            | E::Finished(_),
        )
        | (S::Failed, _) => illegal,
    }
}

impl From<IllegalTransition> for ErrorCode {
    fn from(_: IllegalTransition) -> Self {
        Self::DamagedJob
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    #[test]
    fn only_a_new_run_changes_a_final_state() {
        for state in State::ALL.into_iter().filter(|s| s.is_final()) {
            for event in EventKind::ALL {
                if event == EventKind::Restarted {
                    continue;
                }
                if let Ok(next) = transition(state, event) {
                    assert_eq!(next, state, "{event:?}");
                }
            }
        }
    }

    #[test]
    fn the_table_in_the_docs_is_the_table_in_the_code() {
        let mut text = String::from(
            "# States and events\n\nMade from `transition` in `foster-model` by its test \
             (`FOSTER_BLESS=1 cargo test -p foster-model`).\nA cell is the state after the event; \
             `·` is an illegal pair, which is refused.\n\n| event |",
        );
        for state in State::ALL {
            let _ = write!(text, " {state} |");
        }
        text += "\n|---|---|---|---|---|---|---|\n";
        for event in EventKind::ALL {
            let name = format!("{event:?}");
            let _ = write!(text, "| {name} |");
            for state in State::ALL {
                let cell = transition(state, event).map_or("·", State::as_str);
                let _ = write!(text, " {cell} |");
            }
            text += "\n";
        }
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/states.md");
        if std::env::var_os("FOSTER_BLESS").is_some() {
            std::fs::write(path, &text).unwrap();
        }
        assert_eq!(
            std::fs::read_to_string(path).unwrap(),
            text,
            "run with FOSTER_BLESS=1"
        );
    }
}
