use std::ffi::OsString;

use foster_service::RecoverRequest;

use super::selectors;
use crate::Failure;
/// Bring the records of jobs up to the truth
///
/// Looks at every job of the root, or at those that are named: jobs whose supervisor is gone are
/// judged by what can still be had, damaged files are told, and the index is made anew if in doubt.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The jobs [default: all of them]
    #[arg(value_name = "JOB")]
    pub jobs: Vec<OsString>,
}

const EXAMPLES: &str = "\
Examples:
  foster recover
  foster recover web";

impl Args {
    /// Returns what the service is asked for.
    ///
    /// # Errors
    /// A job's name is none.
    pub fn request(&self) -> Result<RecoverRequest, Failure> {
        Ok(RecoverRequest {
            jobs: selectors(&self.jobs)?,
        })
    }
}
