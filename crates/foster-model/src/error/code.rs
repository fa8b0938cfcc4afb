use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Exit;

/// What went wrong, for programs. The word for each is stable.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// An option or argument is wrong.
    InvalidArgument,
    /// What was given can't name a job.
    InvalidJobId,
    /// Too few characters of an id for a verb that ends something.
    JobIdTooShort,
    /// No job is called so.
    JobNotFound,
    /// More than one job is called so.
    AmbiguousJobId,
    /// The job is not in a state for this.
    InvalidState,
    /// The job belongs to another machine or PID namespace.
    ForeignJob,
    /// The system has no such signal.
    UnknownSignal,
    /// The program is not there.
    CommandNotFound,
    /// The program is there and can't be executed.
    NotExecutable,
    /// The working directory can't be entered.
    BadCwd,
    /// An environment file can't be read or understood.
    BadEnvFile,
    /// A variable can't be given so.
    BadEnv,
    /// What was given for standard input can't be read.
    BadStdin,
    /// More was given for standard input than is taken.
    StdinTooLarge,
    /// Standard input was to be read from a terminal.
    StdinRequired,
    /// Whoever was to read has closed the pipe.
    BrokenPipe,
    /// Not all was done in the time given.
    TimedOut,
    /// The path for the interleaved log can't be written.
    BadLogPath,
    /// Arguments and environment exceed what the system takes.
    ArgumentsTooLarge,
    /// The system has no process, descriptor or memory left.
    ResourcesExhausted,
    /// The containment that was demanded is not to be had.
    ContainmentUnavailable,
    /// The command could not be executed for another reason.
    StartFailed,
    /// Keeper and supervisor ended before they could say whether the command runs.
    LaunchFailed,
    /// The root can't be made, read or written.
    RootUnusable,
    /// The root belongs to somebody else.
    RootNotOwned,
    /// Others may write to the root.
    RootWritableByOthers,
    /// A file of the job's folder can't be understood.
    DamagedJob,
    /// The job's supervisor can't be reached.
    SupervisorUnreachable,
    /// The supervisor speaks another version of the protocol.
    ProtocolMismatch,
    /// Not every process of the tree could be ended.
    SurvivorsLeft,
    /// Some of the jobs named could not be dealt with.
    SomeFailed,
    /// The caller has called off what it waited for.
    Interrupted,
    /// There is no schema of this name.
    UnknownSchema,
    /// A file that was to be replaced was changed by somebody.
    FileChanged,
    /// The configuration file can't be read or understood.
    ConfigError,
    /// The caller has not shown the server's token.
    Unauthorized,
    /// A request came to the server by a name, or from a page, that is not its own.
    Forbidden,
    /// The server has nothing at this path.
    UnknownRoute,
    /// The path does not take this method.
    MethodNotAllowed,
    /// The body of a request is larger than the server takes.
    RequestTooLarge,
    /// The body of a request did not come in the time given.
    RequestTooSlow,
    /// The body of a request is not JSON.
    UnsupportedMediaType,
    /// The server answers as many requests of this kind as it may.
    TooBusy,
    /// The server can't listen there.
    AddressUnavailable,
    /// The file of the server's token can't be trusted or used.
    TokenUntrusted,
    /// Input or output failed.
    #[serde(rename = "io_error")]
    Io,
    /// A fault of Foster.
    #[serde(rename = "internal_error")]
    Internal,
}

impl ErrorCode {
    /// All codes.
    pub const ALL: [Self; 48] = [
        Self::InvalidArgument,
        Self::InvalidJobId,
        Self::JobIdTooShort,
        Self::JobNotFound,
        Self::AmbiguousJobId,
        Self::InvalidState,
        Self::ForeignJob,
        Self::UnknownSignal,
        Self::CommandNotFound,
        Self::NotExecutable,
        Self::BadCwd,
        Self::BadEnvFile,
        Self::BadEnv,
        Self::BadStdin,
        Self::StdinTooLarge,
        Self::StdinRequired,
        Self::BrokenPipe,
        Self::TimedOut,
        Self::BadLogPath,
        Self::ArgumentsTooLarge,
        Self::ResourcesExhausted,
        Self::ContainmentUnavailable,
        Self::StartFailed,
        Self::LaunchFailed,
        Self::RootUnusable,
        Self::RootNotOwned,
        Self::RootWritableByOthers,
        Self::DamagedJob,
        Self::SupervisorUnreachable,
        Self::ProtocolMismatch,
        Self::SurvivorsLeft,
        Self::SomeFailed,
        Self::Interrupted,
        Self::UnknownSchema,
        Self::FileChanged,
        Self::ConfigError,
        Self::Unauthorized,
        Self::Forbidden,
        Self::UnknownRoute,
        Self::MethodNotAllowed,
        Self::RequestTooLarge,
        Self::RequestTooSlow,
        Self::UnsupportedMediaType,
        Self::TooBusy,
        Self::AddressUnavailable,
        Self::TokenUntrusted,
        Self::Io,
        Self::Internal,
    ];

    /// Returns the stable word, such as `job_not_found`.
    pub fn as_str(self) -> &'static str {
        self.row().0
    }

    /// Returns how `foster` ends when this is the answer.
    pub fn exit(self) -> Exit {
        self.row().1
    }
}

impl std::str::FromStr for ErrorCode {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL
            .into_iter()
            .find(|code| code.as_str() == text)
            .ok_or(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_and_the_wire_use_the_same_words() {
        for code in ErrorCode::ALL {
            assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
        }
    }

    #[test]
    fn words_are_unique_and_no_error_ends_with_success() {
        for code in ErrorCode::ALL {
            assert_eq!(code.as_str().parse(), Ok(code));
            assert_ne!(code.exit(), Exit::Ok);
        }
    }
}
