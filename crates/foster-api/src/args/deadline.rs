use std::ffi::OsString;
use std::time::Duration;

use foster_service::DeadlineRequest;

use super::selector;
use super::value::{self, Limit};
use crate::Failure;

/// Change when a job is ended
///
/// The time counts from now, whatever --timeout the job has; 0s ends it at once. It holds for the run
/// that is under way. Of a job that `create` has made and nobody has started, --timeout itself is
/// changed, which counts from the start.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The job
    pub job: OsString,
    /// End it when this much time has passed from now; none for never
    #[arg(value_name = "DURATION|none", value_parser = value::deadline)]
    pub after: Limit<Duration>,
}

const EXAMPLES: &str = "\
Examples:
  foster deadline tests 30m
  foster deadline @1 none";

impl Args {
    /// Returns what the service is asked for.
    pub fn request(self) -> Result<DeadlineRequest, Failure> {
        Ok(DeadlineRequest {
            job: selector(&self.job)?,
            after: self.after.into(),
        })
    }
}
