use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
    /// There is no schema of this name.
    UnknownSchema,
    /// A file that was to be replaced was changed by somebody.
    FileChanged,
    /// The configuration file can't be read or understood.
    ConfigError,
    /// Input or output failed.
    #[serde(rename = "io_error")]
    Io,
    /// A fault of Foster.
    #[serde(rename = "internal_error")]
    Internal,
}

/// The `error` of an answer with `ok: false`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ErrorBody {
    /// The stable code.
    pub code: ErrorCode,
    /// For people.
    pub message: String,
    /// What to do about it, where that is known.
    pub hint: Option<String>,
    /// Whether the same call may succeed later without anything being changed.
    pub retryable: bool,
    /// The job in question, where one was made or found.
    pub job_id: Option<crate::JobId>,
    /// The jobs that could have been meant.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<crate::JobId>,
}

impl ErrorCode {
    /// All codes.
    pub const ALL: [Self; 37] = [
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
        Self::UnknownSchema,
        Self::FileChanged,
        Self::ConfigError,
        Self::Io,
        Self::Internal,
    ];

    /// Returns the word, the exit status, whether a retry may help, and the hint: the one table.
    #[expect(clippy::too_many_lines, reason = "it is one table")]
    fn row(self) -> (&'static str, Exit, bool, Option<&'static str>) {
        match self {
            Self::InvalidArgument => ("invalid_argument", Exit::Usage, false, None),
            Self::InvalidJobId => (
                "invalid_job_id",
                Exit::Usage,
                false,
                Some("give an id, its beginning or end, a name, or @1 for the newest job"),
            ),
            Self::JobIdTooShort => (
                "job_id_too_short",
                Exit::Usage,
                false,
                Some("give at least six characters of the id, or all of it"),
            ),
            Self::JobNotFound => (
                "job_not_found",
                Exit::NotFound,
                false,
                Some("`foster list --all` shows every job of this root"),
            ),
            Self::AmbiguousJobId => (
                "ambiguous_job_id",
                Exit::NotFound,
                false,
                Some("give more characters of the id; the candidates are listed"),
            ),
            Self::InvalidState => ("invalid_state", Exit::State, false, None),
            Self::ForeignJob => (
                "foreign_job",
                Exit::State,
                false,
                Some("ask on the machine, or in the container, that runs it"),
            ),
            Self::UnknownSignal => (
                "unknown_signal",
                Exit::Usage,
                false,
                Some("give a name such as TERM, INT or HUP, or a number of this system"),
            ),
            Self::CommandNotFound => (
                "command_not_found",
                Exit::Start,
                false,
                Some(
                    "check the spelling and PATH; a whole command line, or a shell's word, needs --shell",
                ),
            ),
            Self::NotExecutable => (
                "not_executable",
                Exit::Start,
                false,
                Some("set its executable bit, give it a `#!` line, or run it as `-- sh FILE`"),
            ),
            Self::BadCwd => ("bad_cwd", Exit::Start, false, None),
            Self::BadEnvFile => ("bad_env_file", Exit::Start, false, None),
            Self::BadEnv => ("bad_env", Exit::Usage, false, None),
            Self::BadStdin => ("bad_stdin", Exit::Start, false, None),
            Self::StdinTooLarge => (
                "stdin_too_large",
                Exit::Start,
                false,
                Some("raise --stdin-max, or let the command open the file itself"),
            ),
            Self::StdinRequired => (
                "stdin_required",
                Exit::Usage,
                false,
                Some("redirect a file or a pipe to it, or give the text itself"),
            ),
            Self::BrokenPipe => ("broken_pipe", Exit::State, false, None),
            Self::TimedOut => (
                "timed_out",
                Exit::Failure,
                false,
                Some(
                    "`sent_bytes` tells how much is done: send only the rest, with more --timeout",
                ),
            ),
            Self::BadLogPath => ("bad_log_path", Exit::Start, false, None),
            Self::ArgumentsTooLarge => (
                "arguments_too_large",
                Exit::Start,
                false,
                Some("pass the data in a file, or by --stdin-file"),
            ),
            Self::ResourcesExhausted => ("resources_exhausted", Exit::Start, true, None),
            Self::ContainmentUnavailable => (
                "containment_unavailable",
                Exit::Unavailable,
                false,
                Some("`foster doctor` tells what this machine offers"),
            ),
            Self::StartFailed => ("start_failed", Exit::Start, false, None),
            Self::LaunchFailed => (
                "launch_failed",
                Exit::Start,
                true,
                Some("`foster recover` tells what became of the job"),
            ),
            Self::RootUnusable => (
                "root_unusable",
                Exit::Store,
                false,
                Some("name another with --root or FOSTER_ROOT"),
            ),
            Self::RootNotOwned => (
                "root_not_owned",
                Exit::Store,
                false,
                Some("use a root of your own: --root or FOSTER_ROOT"),
            ),
            Self::RootWritableByOthers => (
                "root_writable_by_others",
                Exit::Store,
                false,
                Some("take the right away: chmod go-w on the root"),
            ),
            Self::DamagedJob => (
                "damaged_job",
                Exit::Store,
                false,
                Some("`foster recover JOB` rebuilds what the journal still tells"),
            ),
            Self::SupervisorUnreachable => ("supervisor_unreachable", Exit::Failure, true, None),
            Self::ProtocolMismatch => (
                "protocol_mismatch",
                Exit::Failure,
                false,
                Some("the job was launched by another version of foster: ask with that one"),
            ),
            Self::SurvivorsLeft => (
                "survivors_left",
                Exit::Survivors,
                true,
                Some("the survivors are listed with the reason"),
            ),
            Self::SomeFailed => (
                "some_failed",
                Exit::Failure,
                false,
                Some("each job's own result is in `jobs`"),
            ),
            Self::UnknownSchema => (
                "unknown_schema",
                Exit::Usage,
                false,
                Some("`foster schema` without a name prints them all"),
            ),
            Self::FileChanged => (
                "file_changed",
                Exit::Failure,
                false,
                Some("--force replaces it all the same"),
            ),
            Self::ConfigError => (
                "config_error",
                Exit::Usage,
                false,
                Some("`foster config path` names the file; `foster config show` lists all keys"),
            ),
            Self::Io => ("io_error", Exit::Failure, true, None),
            Self::Internal => ("internal_error", Exit::Failure, false, None),
        }
    }

    /// Returns the stable word, such as `job_not_found`.
    pub fn as_str(self) -> &'static str {
        self.row().0
    }

    /// Returns how `foster` ends when this is the answer.
    pub fn exit(self) -> Exit {
        self.row().1
    }

    /// Returns the error of an answer, with this code's hint.
    pub fn body(self, message: impl Into<String>) -> ErrorBody {
        let (_, _, retryable, hint) = self.row();
        ErrorBody {
            code: self,
            message: message.into(),
            hint: hint.map(str::to_owned),
            retryable,
            job_id: None,
            candidates: Vec::new(),
        }
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
