use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::time::Duration;

use foster_service::{SendRequest, Sending};

use super::input::{self, Dash};
use super::selector;
use super::value::{self, Limit};
use crate::Failure;

/// Write to the standard input of a job that was made with --stdin open
///
/// Answers when all of it is in the command's pipe. What one call sends stays in one piece, whatever
/// others send at the same time.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The job
    pub job: OsString,
    /// Send this line; - for all that stands on standard input, as it is
    #[arg(required_unless_present = "eof")]
    pub text: Option<OsString>,
    /// Close the command's standard input then, for good
    #[arg(long)]
    pub eof: bool,
    /// Send the text without an end of line
    #[arg(long)]
    pub no_newline: bool,
    /// Give up after this time; the answer tells how much was sent
    #[arg(long, value_name = "DURATION|none", default_value = "10s", value_parser = value::deadline)]
    pub timeout: Limit<Duration>,
}

const EXAMPLES: &str = "\
Examples:
  foster run --no-wait --name repl --stdin open -- python3 -i
  foster send repl 'print(6 * 7)'
  foster send repl - --timeout none < commands.txt
  foster send repl --eof
  foster send repl -- --help";

impl Args {
    /// Returns what the service is asked for.
    ///
    /// # Errors
    /// The job's name is none; standard input is asked for and can't be had.
    pub fn request(self, dash: Dash) -> Result<SendRequest, Failure> {
        let what = match self.text {
            None => Sending::Bytes(Vec::new()),
            Some(text) if text == "-" && dash == Dash::StandardInput => {
                Sending::Stream(input::standard_input("-")?)
            }
            Some(text) => {
                let mut bytes = text.into_vec();
                if !self.no_newline {
                    bytes.push(b'\n');
                }
                Sending::Bytes(bytes)
            }
        };
        Ok(SendRequest {
            job: selector(&self.job)?,
            what,
            eof: self.eof,
            timeout: self.timeout.into(),
        })
    }
}
