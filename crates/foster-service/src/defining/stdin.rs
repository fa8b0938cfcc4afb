use std::fmt;
use std::fs::File;
use std::io::{self, IsTerminal as _, Read};
use std::os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use foster_model::{ErrorCode, StartFailure, StdinMode};
use foster_store::{CreateError, Input, InputError};
use rustix::fs::OFlags;

use crate::context::Context;
use crate::error::ServiceError;

/// What a command is to read on standard input.
///
/// Never the caller's own by itself: what a program finds there is often a pipe that nobody writes
/// to or closes, and reading it to its end would be waiting for ever.
#[derive(Clone, Default)]
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

impl fmt::Debug for Stdin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // It may be a password.
            Self::Bytes(bytes) => write!(f, "{} bytes", bytes.len()),
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
            Self::Stream(file) => f.debug_tuple("Stream").field(file).finish(),
            Self::Nothing | Self::Open => write!(f, "{:?}", self.mode()),
        }
    }
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
                let file = open_file(&path);
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

/// Opens a file that can be read to its end without anybody's help: with a pipe or a terminal, who
/// launches a job could wait for ever.
fn open_file(path: &Path) -> io::Result<File> {
    // Without NONBLOCK a FIFO would be waited for already here; without NOCTTY a terminal could become ours.
    let flags = (OFlags::NONBLOCK | OFlags::NOCTTY).bits() as i32;
    let file = File::options().read(true).custom_flags(flags).open(path)?;
    let kind = file.metadata()?.file_type();
    if kind.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    if kind.is_fifo() || file.is_terminal() {
        return Err(io::Error::other(
            "it is a pipe or a terminal, and its end may never come: give it by `--stdin -`",
        ));
    }
    Ok(file)
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
