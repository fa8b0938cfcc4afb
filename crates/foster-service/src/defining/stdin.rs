use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::Arc;

use foster_model::{ErrorCode, StartFailure, StdinMode};
use foster_store::{CreateError, Input, InputError};

use crate::context::Context;
use crate::error::ServiceError;

/// What a command is to read on standard input.
///
/// Never the caller's own by itself: what a program finds there is often a pipe that nobody writes
/// to or closes, and reading it to its end would be waiting for ever.
#[derive(Debug, Clone, Default)]
pub enum Stdin {
    /// Nothing.
    #[default]
    Nothing,
    /// These bytes.
    Bytes(Vec<u8>),
    /// What is in this file now.
    File(PathBuf),
    /// What this has to give, up to its end.
    Stream(Arc<File>),
    /// What [`send`](crate::send()) writes to it while it runs.
    Open,
}

impl Stdin {
    pub(crate) fn mode(&self) -> StdinMode {
        match self {
            Self::Nothing => StdinMode::Nothing,
            Self::Bytes(_) | Self::File(_) | Self::Stream(_) => StdinMode::Given,
            Self::Open => StdinMode::Open,
        }
    }
}

/// Input that is to be taken into a job's folder.
pub(crate) struct Given {
    from: Box<dyn Read>,
    at_most: u64,
}

impl Given {
    /// Opens what was given, if that is something to be kept.
    pub fn open(ctx: &Context, stdin: &Stdin, at_most: u64) -> Result<Option<Self>, StartFailure> {
        let from: Box<dyn Read> = match stdin {
            Stdin::Nothing | Stdin::Open => return Ok(None),
            Stdin::Bytes(bytes) => Box::new(io::Cursor::new(bytes.clone())),
            Stdin::Stream(stream) => Box::new(Arc::clone(stream)),
            Stdin::File(path) => {
                let path = ctx.absolute(path);
                let file = File::open(&path).and_then(|file| {
                    let is_folder = file.metadata()?.is_dir();
                    let folder = io::Error::from(io::ErrorKind::IsADirectory);
                    if is_folder { Err(folder) } else { Ok(file) }
                });
                let failed = |error| StartFailure {
                    code: ErrorCode::BadStdin.as_str().to_owned(),
                    message: format!("the input file {}: {error}", path.display()),
                };
                Box::new(file.map_err(failed)?)
            }
        };
        Ok(Some(Self { from, at_most }))
    }

    /// Returns it as the store takes it.
    pub fn input(&mut self) -> Input<'_> {
        Input {
            from: &mut self.from,
            at_most: self.at_most,
        }
    }
}

/// Returns the code of a job that could not be made.
pub(crate) fn code_of(error: &CreateError) -> ErrorCode {
    match error {
        CreateError::Input(InputError::Read(_)) => ErrorCode::BadStdin,
        CreateError::Input(InputError::TooLarge { .. }) => ErrorCode::StdinTooLarge,
        _ => ErrorCode::Io,
    }
}

/// Returns the error of a verb for what a job's supervisor has refused.
pub(crate) fn refused(
    job_id: foster_model::JobId,
    code: ErrorCode,
    message: String,
) -> ServiceError {
    match code {
        ErrorCode::InvalidState => ServiceError::State { job_id, message },
        code => ServiceError::Refused { code, message },
    }
}
