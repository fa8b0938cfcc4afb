use std::ffi::OsString;

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
