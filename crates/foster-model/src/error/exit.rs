use schemars::JsonSchema;
use serde::Serialize;

/// How the program `foster` ends. These numbers are a published contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[repr(u8)]
pub enum Exit {
    /// The answer has `ok: true`.
    Ok = 0,
    /// It could not be done: input, output, or a fault of Foster.
    Failure = 1,
    /// The call itself is wrong.
    Usage = 2,
    /// There is no such job, or more than one.
    NotFound = 3,
    /// The job is not in a state for this.
    State = 4,
    /// The command could not be started.
    Start = 5,
    /// The root or a job's folder can't be trusted or read.
    Store = 6,
    /// This machine does not offer what was asked for.
    Unavailable = 7,
    /// A tree could not be emptied: survivors are listed.
    Survivors = 8,
}

impl Exit {
    /// `foster exec` itself failed; the command did not run.
    pub const EXEC_FAILED: u8 = 125;
    /// `foster exec` found the command, and it can't be executed.
    pub const EXEC_NOT_EXECUTABLE: u8 = 126;
    /// `foster exec` did not find the command.
    pub const EXEC_NOT_FOUND: u8 = 127;
    /// `foster exec` adds this to the number of the signal that ended the command.
    pub const EXEC_SIGNAL_BASE: u8 = 128;
}
