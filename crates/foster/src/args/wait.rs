use std::ffi::OsString;
use std::time::Duration;

use super::common::SnapshotArgs;
use super::value::{self, Limit};

/// Wait until jobs are over
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The jobs
    #[arg(required = true, value_name = "JOB")]
    pub jobs: Vec<OsString>,
    /// Return when the first of them is over
    #[arg(long)]
    pub any: bool,
    /// Return after this time; the jobs go on
    #[arg(
        long,
        value_name = "DURATION|none",
        default_value = "none",
        value_parser = value::deadline
    )]
    pub timeout: Limit<Duration>,
    #[command(flatten)]
    pub snapshot: SnapshotArgs,
}

const EXAMPLES: &str = "\
Examples:
  foster wait @1
  foster wait web --timeout 30s
  foster wait lint tests --any";
