use std::ffi::OsString;

use foster_service::StartRequest;

use super::observation::ObservationArgs;
use super::selector;
use crate::Failure;

/// Start a job that `create` has made
///
/// Of several who start a job at once, one starts it, and the others are told so (invalid_state).
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The job
    pub job: OsString,
    #[command(flatten)]
    pub observation: ObservationArgs,
}

const EXAMPLES: &str = "\
Examples:
  foster start tests
  foster start tests --wait
  foster start @1 --no-wait";

impl Args {
    /// Returns what the service is asked for.
    ///
    /// # Errors
    /// The job's name is none.
    pub fn request(&self) -> Result<StartRequest, Failure> {
        Ok(StartRequest {
            job: selector(&self.job)?,
            observation: self.observation.observation(),
        })
    }
}
