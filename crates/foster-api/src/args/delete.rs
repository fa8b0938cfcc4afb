use std::ffi::OsString;

use foster_model::{JobName, State, Tag};
use foster_service::{DeleteRequest, DeleteWhich, Selection};

use super::{selectors, value};
use crate::Failure;

/// Delete jobs with their records and all of their output
///
/// A named job is deleted unless it runs. --all, --group and --tag delete the jobs that are over and
/// were started in this directory or below it; the others are told of.
#[derive(Debug, clap::Args)]
#[command(
    override_usage = "foster delete [OPTIONS] JOB...\n       \
                      foster delete [OPTIONS] --all | --group NAME | --tag TAG",
    after_help = EXAMPLES
)]
pub struct Args {
    /// The jobs
    #[arg(value_name = "JOB", required_unless_present_any = ["all", "group", "tag"])]
    jobs: Vec<OsString>,
    /// Delete all jobs of this directory that are over
    #[arg(long, conflicts_with = "jobs")]
    all: bool,
    /// Delete the jobs of this group that are over
    #[arg(long, value_name = "NAME", value_parser = value::name, conflicts_with = "jobs")]
    group: Option<JobName>,
    /// Delete the jobs with this tag that are over
    #[arg(long, value_name = "TAG", value_parser = value::tag, conflicts_with = "jobs")]
    tag: Option<Tag>,
    /// Delete those in this state alone (repeatable)
    #[arg(
        long,
        value_name = "STATE",
        value_delimiter = ',',
        value_parser = value::state(),
        conflicts_with = "jobs"
    )]
    state: Vec<State>,
    /// Delete jobs of all directories
    #[arg(long, conflicts_with = "jobs")]
    everywhere: bool,
    /// End what still runs first, as `foster kill` does
    #[arg(long, conflicts_with = "all")]
    kill: bool,
    /// Tell what would be deleted, and delete nothing
    #[arg(long)]
    dry_run: bool,
}

const EXAMPLES: &str = "\
Examples:
  foster delete @1
  foster delete --kill web
  foster delete --all --state failed --dry-run
  foster delete --tag ci --everywhere";

impl Args {
    /// Returns what the service is asked for.
    pub fn request(self) -> Result<DeleteRequest, Failure> {
        if self.state.contains(&State::Running) && !self.kill {
            return Err(Failure::usage(
                "a job that runs is not deleted",
                Some("end it first: `foster kill`, or --kill".to_owned()),
            ));
        }
        let which = if self.jobs.is_empty() {
            DeleteWhich::Selected(Selection {
                everywhere: self.everywhere,
                group: self.group,
                tag: self.tag,
                states: self.state,
            })
        } else {
            DeleteWhich::Named(selectors(&self.jobs)?)
        };
        Ok(DeleteRequest {
            which,
            kill: self.kill,
            dry_run: self.dry_run,
        })
    }

    /// Returns whether the jobs are looked for by the caller's directory.
    pub fn needs_directory(&self) -> bool {
        self.jobs.is_empty() && !self.everywhere
    }
}
