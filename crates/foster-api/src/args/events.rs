use std::ffi::OsString;

use foster_model::Moment;

use foster_service::EventsRequest;

use super::selector;
use super::value;
use crate::Failure;

/// Tell what happened to a job, or to all, event by event
///
/// As JSON: a document for each event (`"type": "event"`), on a line of its own, with the fields that
/// the job's journal has. With all jobs, what has happened before comes job by job.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The job
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    pub job: Option<OsString>,
    /// Tell what happened to all jobs
    #[arg(long)]
    pub all: bool,
    /// Go on with what happens: until the job is over; with --all until interrupted, jobs that are
    /// made later included
    #[arg(long, short)]
    pub follow: bool,
    /// Tell what happened then or later: 10m for ten minutes ago, or 2026-11-20T08:00:00Z
    #[arg(long, value_name = "DURATION|TIME", value_parser = value::moment)]
    pub since: Option<Moment>,
}

const EXAMPLES: &str = "\
Examples:
  foster events @1
  foster events web --follow
  foster events --all --follow --since 0s --json | jq -r .event";

impl Args {
    /// Returns what the service is asked for.
    ///
    /// # Errors
    /// The job's name is none.
    pub fn request(&self) -> Result<EventsRequest, Failure> {
        Ok(EventsRequest {
            job: self.job.as_deref().map(selector).transpose()?,
            follow: self.follow,
            since: self.since,
        })
    }
}
