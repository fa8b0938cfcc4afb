use std::ffi::OsString;
use std::fs::File;
use std::io::{self, IsTerminal as _};
use std::os::fd::AsFd as _;
use std::os::unix::ffi::OsStringExt as _;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use foster_model::ErrorCode;
use foster_service::Stdin;

use super::value;
use crate::Failure;

/// What a job's command reads on standard input.
#[derive(Debug, Args)]
pub struct InputArgs {
    /// Give the command this text on standard input [default: nothing]
    ///
    /// Two words are no text: - takes what stands on foster's own standard input, up to its end, and
    /// open leaves it open for `foster send`. To give these words themselves, use - or --stdin-file.
    /// Without an option, nothing is read, whatever foster's standard input is.
    #[arg(long, value_name = "TEXT|-|open", conflicts_with = "stdin_file")]
    stdin: Option<OsString>,
    /// Give the command this file on standard input
    #[arg(long, value_name = "FILE")]
    stdin_file: Option<PathBuf>,
    /// Take at most this much of it
    #[arg(long, value_name = "SIZE", default_value = "64MiB", value_parser = value::size)]
    pub stdin_max: u64,
}

/// What `-` stands for where text is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dash {
    /// What stands on the caller's standard input: on a command line.
    StandardInput,
    /// Itself: in a request, whose server's standard input is nobody's business.
    Text,
}

impl InputArgs {
    /// Returns what the service is told.
    ///
    /// # Errors
    /// Standard input is asked for and can't be had.
    pub fn stdin(self, dash: Dash) -> Result<Stdin, Failure> {
        Ok(match (self.stdin, self.stdin_file) {
            (_, Some(file)) => Stdin::File(file),
            (None, None) => Stdin::Nothing,
            (Some(word), _) if word == "-" && dash == Dash::StandardInput => {
                Stdin::Stream(standard_input("--stdin -")?)
            }
            (Some(word), _) if word == "open" => Stdin::Open,
            (Some(text), _) => Stdin::Bytes(text.into_vec()),
        })
    }
}

/// Returns the program's own standard input. `what` asked for it.
pub fn standard_input(what: &str) -> Result<Arc<File>, Failure> {
    let stdin = io::stdin();
    if stdin.is_terminal() {
        let message = format!("{what} would read from a terminal");
        return Err(Failure::with_hint(ErrorCode::StdinRequired, message, None));
    }
    let copy = stdin.as_fd().try_clone_to_owned();
    let failed = |error| {
        let message = format!("standard input can't be read: {error}");
        Failure::with_hint(ErrorCode::Io, message, None)
    };
    Ok(Arc::new(File::from(copy.map_err(failed)?)))
}
