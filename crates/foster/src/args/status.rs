use std::ffi::OsString;

/// Tell everything that is known of a job
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The job
    pub job: OsString,
}

const EXAMPLES: &str = "\
Examples:
  foster status @1
  foster status web --json | jq -r .state";
