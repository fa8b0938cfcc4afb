use std::ffi::OsString;

use foster_service::ProcessesRequest;

use super::selector;
use crate::Failure;

/// Tell which processes of a job live
///
/// They are told as they are now, as a tree: what the job has started and is proved to be its own, however
/// far it went; never by a name. Of a job that is over it is what was left behind.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The job
    pub job: OsString,
}

const EXAMPLES: &str = "\
Examples:
  foster processes @1
  foster processes web --json | jq '.processes[] | select(.leader).pid'";

impl Args {
    /// Returns what the service is asked for.
    ///
    /// # Errors
    /// The job's name is none.
    pub fn request(&self) -> Result<ProcessesRequest, Failure> {
        Ok(ProcessesRequest {
            job: selector(&self.job)?,
        })
    }
}
