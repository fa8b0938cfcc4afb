use std::ffi::OsString;

/// Tell everything that is known of a job
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The job
    pub job: OsString,
}
