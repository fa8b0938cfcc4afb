use std::ffi::OsString;
use std::time::Duration;

use foster_service::RestartRequest;

use super::definition::Phases;
use super::observation::ObservationArgs;
use super::selector;
use super::value;
use crate::Failure;

/// Run a job once more, under the same id
///
/// What still runs of it is ended first. It gets the same command, explicit environment and input;
/// the environment that it inherits is this one, unless --keep-env kept another. The output of
/// earlier runs stays: see --run of `logs` and `tail`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The job
    pub job: OsString,
    /// Wait this long between TERM and KILL; 0s kills at once [default: the job's --kill-after]
    #[arg(
        long,
        value_name = "DURATION",
        value_parser = value::duration,
        conflicts_with = "escalate"
    )]
    pub grace: Option<Duration>,
    /// End what still runs by these phases, such as INT:2s,TERM:5s, and then KILL
    #[arg(long, value_name = "PHASES", value_parser = value::escalation)]
    pub escalate: Option<Phases>,
    #[command(flatten)]
    pub observation: ObservationArgs,
}

const EXAMPLES: &str = "\
Examples:
  foster restart web --no-wait
  foster restart web --grace 30s
  foster logs web --run 1";

impl Args {
    /// Returns what the service is asked for.
    ///
    /// # Errors
    /// The job's name is none.
    pub fn request(self) -> Result<RestartRequest, Failure> {
        Ok(RestartRequest {
            job: selector(&self.job)?,
            grace: self.grace,
            escalation: self.escalate,
            observation: self.observation.observation(),
        })
    }
}
