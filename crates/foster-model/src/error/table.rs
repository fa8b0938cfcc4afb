use super::{ErrorCode, Exit};

impl ErrorCode {
    /// Returns the word, the exit status, whether a retry may help, and the hint: the one table.
    #[expect(clippy::too_many_lines, reason = "it is one table")]
    pub(super) fn row(self) -> (&'static str, Exit, bool, Option<&'static str>) {
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
            Self::ResourcesExhausted => (
                "resources_exhausted",
                Exit::Start,
                true,
                Some(
                    "end something, or raise the limit: `ulimit -n` for files, `ulimit -u` for processes",
                ),
            ),
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
            Self::Interrupted => (
                "interrupted",
                Exit::Failure,
                true,
                Some("what was begun goes on by itself: `foster wait JOB` waits for the job"),
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
            Self::Unauthorized => (
                "unauthorized",
                Exit::Usage,
                false,
                Some(
                    "send `Authorization: Bearer TOKEN`; the token is in the file that `foster serve` names",
                ),
            ),
            Self::Forbidden => (
                "forbidden",
                Exit::Usage,
                false,
                Some("ask by the server's own address, or start it with --allow-host NAME"),
            ),
            Self::UnknownRoute => (
                "unknown_route",
                Exit::Usage,
                false,
                Some("GET /v1/openapi.json lists what there is"),
            ),
            Self::MethodNotAllowed => (
                "method_not_allowed",
                Exit::Usage,
                false,
                Some("the header `Allow` lists the methods of this path"),
            ),
            Self::RequestTooLarge => ("request_too_large", Exit::Usage, false, None),
            Self::RequestTooSlow => ("request_too_slow", Exit::Failure, true, None),
            Self::UnsupportedMediaType => (
                "unsupported_media_type",
                Exit::Usage,
                false,
                Some("send JSON, and `Content-Type: application/json`"),
            ),
            Self::TooBusy => (
                "too_busy",
                Exit::Failure,
                true,
                Some("ask again later; the header `Retry-After` says when"),
            ),
            Self::AddressUnavailable => ("address_unavailable", Exit::Failure, false, None),
            Self::TokenUntrusted => (
                "token_untrusted",
                Exit::Store,
                false,
                Some("remove the file: a new token is made at the next start"),
            ),
            Self::Io => ("io_error", Exit::Failure, true, None),
            Self::Internal => ("internal_error", Exit::Failure, false, None),
        }
    }
}
