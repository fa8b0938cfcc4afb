//! What is said over a job's control socket: JSON documents, one per line.
//!
//! The server speaks first, with [`Message::Hello`]; a client that does not know the version says
//! so and goes. Then the client may send [`Request`]s, and the server sends [`Message`]s.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::answer::StopReport;
use crate::{Amendment, Blob, ErrorCode, JobId, PhaseSpec, StartFailure, Target, Time};

/// The version of this protocol. A new `foster` will meet old supervisors.
pub const VERSION: u32 = 1;

/// The longest line that either side takes, in bytes.
pub const LONGEST_LINE: usize = 64 * 1024;

/// The most bytes of input in one [`Request::Input`]: as base64, with all that stands around them,
/// they stay well below [`LONGEST_LINE`].
pub const LONGEST_INPUT: usize = 32 * 1024;

/// What a client asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "request", rename_all = "snake_case")]
pub enum Request {
    /// To be told when the job is over and, if wanted, whenever output has arrived.
    Watch {
        /// Whether [`Message::Output`] is wanted.
        output: bool,
    },
    /// To end the whole tree.
    Stop {
        /// The phases; `null` for the job's own.
        phases: Option<Vec<PhaseSpec>>,
    },
    /// To change the job's definition.
    Amend {
        /// How.
        change: Amendment,
    },
    /// To write to the command's standard input. The answer is one [`Message::InputTaken`], and until
    /// it has come the same client may ask for no more input.
    Input {
        /// The bytes, [`LONGEST_INPUT`] at most.
        data: Blob,
        /// Whether more of the same follows at once: nobody else's input comes between.
        more: bool,
        /// Whether standard input is closed behind them, for good.
        eof: bool,
    },
    /// To leave what of the last [`Request::Input`] is not in the pipe yet. The answer to that one
    /// follows, unless it was given already.
    WithdrawInput {},
    /// To end the job at another time than it was to be.
    Deadline {
        /// From now, in milliseconds; `null` for never.
        after_ms: Option<u64>,
    },
    /// To send exactly one signal.
    Signal {
        /// The signal's number on this system.
        number: i32,
        /// To whom.
        target: Target,
    },
}

/// What the supervisor says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "say", rename_all = "snake_case")]
pub enum Message {
    /// The first message.
    Hello {
        /// [`VERSION`].
        version: u32,
        /// The job.
        job_id: JobId,
    },
    /// The command was executed.
    Started {},
    /// The command could not be executed.
    StartFailed {
        /// Why.
        failure: StartFailure,
    },
    /// That many bytes have come in all.
    Output {
        /// On standard output.
        stdout: u64,
        /// On standard error.
        stderr: u64,
        /// Whether no more will come.
        closed: bool,
    },
    /// The job is over; its files say how.
    Finished {},
    /// An escalation is under way.
    Stopping {},
    /// An escalation has ended.
    Stopped {
        /// What was done and what is left.
        report: StopReport,
    },
    /// A single signal was sent.
    Signalled {
        /// How many processes it reached.
        sent: u32,
        /// What went wrong.
        errors: Vec<String>,
    },
    /// An end has come of a [`Request::Input`].
    InputTaken {
        /// How many of its bytes are in the command's pipe.
        bytes: u64,
        /// Why not all of it was done; `null` if it was.
        refused: Option<Refusal>,
    },
    /// The job will be ended at another time, and it is written down.
    DeadlineSet {
        /// When; `null` for never.
        deadline: Option<Time>,
    },
    /// The definition was changed, and it is written down.
    Amended {},
    /// The request was refused.
    Refused {
        /// Why, for programs.
        code: ErrorCode,
        /// Why, for people.
        message: String,
    },
}

/// Why something was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Refusal {
    /// For programs.
    pub code: ErrorCode,
    /// For people.
    pub message: String,
}
