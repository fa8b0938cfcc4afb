use std::time::Instant;

use foster_model::{Cause, OutputEnd, State, TimeoutKind};
use foster_process::{Escalation, ExitStatus, Signal};

/// What is to be done next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Write down how the leader ended.
    RecordExit(ExitStatus),
    /// Write down that an escalation begins.
    BeginStop {
        /// What for. `None` if it is only for what the leader left behind.
        cause: Option<Cause>,
        /// Which limit was passed, if it is for that.
        timeout_kind: Option<TimeoutKind>,
    },
    /// Write down that the job still runs.
    Refresh,
    /// Send a signal to the whole tree, and tell by [`Life::sent`](super::Life::sent).
    Send {
        /// The phase, counted from 0.
        phase: u32,
        /// The signal.
        signal: Signal,
    },
    /// Tell those who asked what the escalation did.
    EndStop(Escalation),
    /// Write down who was left behind.
    ListStragglers,
    /// Write down that the tree is empty.
    RecordEmpty,
    /// Write down how the output ended.
    Close(OutputEnd),
    /// The job is over: write it down, then tell everybody.
    Finish(State, Cause),
    /// Nothing is left to look after.
    Conclude,
    /// Nothing, until something happens or this moment comes.
    Wait(Option<Instant>),
}
