use std::ffi::OsString;

use super::observation::ObservationArgs;

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
