use std::ffi::OsString;

use foster_service::StatusRequest;

use super::selector;
use crate::Failure;
/// Tell everything that is known of a job
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The job
    pub job: OsString,
    /// Tell of this run; the first is 1 [default: the newest]
    #[arg(long, value_name = "N")]
    pub run: Option<u32>,
}

const EXAMPLES: &str = "\
Examples:
  foster status @1
  foster status web --json | jq -r .state";

impl Args {
    /// Returns what the service is asked for.
    ///
    /// # Errors
    /// The job's name is none.
    pub fn request(&self) -> Result<StatusRequest, Failure> {
        Ok(StatusRequest {
            job: selector(&self.job)?,
            run: self.run,
        })
    }
}
