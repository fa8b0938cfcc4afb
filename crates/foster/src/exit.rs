use std::process::ExitCode;

use foster_model::{ErrorBody, ErrorCode, Exit};

/// How the program ends: one of Foster's own statuses, or for `exec` the command's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status(u8);

impl Status {
    /// Returns how the program ends after an answer with this error, or with none.
    pub fn of(error: Option<&ErrorBody>) -> Self {
        error.map_or(Exit::Ok, |error| error.code.exit()).into()
    }

    /// Returns how `exec` ends when the command could not be run.
    pub fn of_exec(error: &ErrorBody) -> Self {
        Self(match error.code {
            ErrorCode::CommandNotFound => Exit::EXEC_NOT_FOUND,
            ErrorCode::NotExecutable => Exit::EXEC_NOT_EXECUTABLE,
            _ => Exit::EXEC_FAILED,
        })
    }

    /// Returns a failure where this is none.
    pub fn or_failure(self) -> Self {
        if self == Exit::Ok.into() {
            Exit::Failure.into()
        } else {
            self
        }
    }

    /// Returns how `exec` ends when the command ended so.
    pub fn of_command(code: u8) -> Self {
        Self(code)
    }
}

impl From<Exit> for Status {
    fn from(exit: Exit) -> Self {
        Self(exit as u8)
    }
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> Self {
        Self::from(status.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_ends_as_its_table_says() {
        assert_eq!(Status::of(None), Status(0));
        for code in ErrorCode::ALL {
            let body = code.body("");
            assert_eq!(Status::of(Some(&body)), Status(code.exit() as u8));
            assert!((125..=127).contains(&Status::of_exec(&body).0));
        }
    }
}
