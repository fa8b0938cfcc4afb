//! What is said over a job's control socket: JSON documents, one per line.
//!
//! The server speaks first, with [`Message::Hello`]; a client that does not know the version says
//! so and goes. Then the client may send [`Request`]s, and the server sends [`Message`]s.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::answer::StopReport;
use crate::{Amendment, ErrorCode, JobId, PhaseSpec, StartFailure, Target};

/// The version of this protocol. A new `foster` will meet old supervisors.
pub const VERSION: u32 = 1;

/// The longest line that either side takes, in bytes.
pub const LONGEST_LINE: usize = 64 * 1024;

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
