use foster_model::{State, Tag};

use super::value;

/// List jobs, the newest first
///
/// Shows the jobs that were started in this directory or below it.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    pub scope: ScopeArgs,
    /// List the jobs in this state alone (repeatable)
    #[arg(long, value_name = "STATE", value_delimiter = ',', value_parser = value::state())]
    pub state: Vec<State>,
    /// List the jobs with this tag alone
    #[arg(long, value_name = "TAG", value_parser = value::tag)]
    pub tag: Option<Tag>,
}

/// List the running jobs, the newest first
///
/// Shows the jobs that were started in this directory or below it.
#[derive(Debug, clap::Args)]
#[command(after_help = PS_EXAMPLES)]
pub struct PsArgs {
    #[command(flatten)]
    pub scope: ScopeArgs,
}

/// Which jobs, and how many.
#[derive(Debug, clap::Args)]
pub struct ScopeArgs {
    /// List the jobs of all directories
    #[arg(long)]
    pub all: bool,
    /// List at most this many
    #[arg(long, value_name = "N", default_value = "50")]
    pub limit: usize,
    /// Show the listing again whenever it changes, until Ctrl-C or q
    #[arg(long)]
    pub watch: bool,
}

const EXAMPLES: &str = "\
Examples:
  foster list --all --limit 200
  foster list --state failed,lost
  foster list --tag ci.lint --json | jq -r '.jobs[].job_id'
  foster list --watch";

const PS_EXAMPLES: &str = "\
Examples:
  foster ps
  foster ps --all --watch";
