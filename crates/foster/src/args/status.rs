use std::ffi::OsString;

/// Tell everything that is known of a job
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The job
    pub job: OsString,
    /// Tell of this run; the first is 1 [default: the newest]
    #[arg(long, value_name = "N")]
    pub run: Option<u32>,
}
