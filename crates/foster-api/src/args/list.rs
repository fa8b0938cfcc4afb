use std::path::PathBuf;

use foster_model::{Cause, Cursor, JobName, Moment, State, TagPattern};
use foster_service::{JobFilter, ListRequest, NamePattern, SortBy};

use super::value::{self, Limit};

/// List jobs, the newest first
///
/// Shows the jobs that were started in this directory or below it.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// List the jobs in this state alone (repeatable)
    #[arg(long, value_name = "STATE", value_delimiter = ',', value_parser = value::state())]
    pub state: Vec<State>,
    /// List the jobs that ended for this cause alone (repeatable)
    #[arg(long, value_name = "CAUSE", value_delimiter = ',', value_parser = value::cause())]
    pub cause: Vec<Cause>,
    #[command(flatten)]
    pub chosen: ListArgs,
}

/// List the running jobs, the newest first
///
/// Shows the jobs that were started in this directory or below it.
#[derive(Debug, clap::Args)]
#[command(after_help = PS_EXAMPLES)]
pub struct PsArgs {
    #[command(flatten)]
    pub chosen: ListArgs,
}

/// Which jobs, how many, and in which order: the same for `list` and `ps`.
#[derive(Debug, clap::Args)]
pub struct ListArgs {
    /// List the jobs of all directories
    #[arg(long)]
    pub all: bool,
    /// List the jobs that were started in this directory or below it [default: this one]
    #[arg(long, value_name = "DIR", conflicts_with = "all")]
    pub cwd: Option<PathBuf>,
    /// List the jobs with this tag alone; ns.* takes all below ns (repeatable: with all of them)
    #[arg(long, value_name = "TAG", value_parser = value::tag_pattern)]
    pub tag: Vec<TagPattern>,
    /// List the jobs of this group alone
    #[arg(long, value_name = "GROUP", value_parser = value::name)]
    pub group: Option<JobName>,
    /// List the jobs with such a name alone; * stands for any characters, ? for one
    #[arg(long, value_name = "PATTERN", value_parser = value::name_pattern)]
    pub name: Option<NamePattern>,
    /// List the jobs with this text in their command alone
    #[arg(long, value_name = "TEXT")]
    pub command: Option<String>,
    /// List the jobs that were created then or later: 2h for two hours ago, or 2026-11-20T08:00:00Z
    #[arg(long, value_name = "DURATION|TIME", value_parser = value::moment)]
    pub since: Option<Moment>,
    /// List the jobs that were created then or before
    #[arg(long, value_name = "DURATION|TIME", value_parser = value::moment)]
    pub until: Option<Moment>,
    /// Sort by this: times and durations the greatest first, names from A to Z
    #[arg(long, value_name = "KEY", default_value = "created", value_parser = value::sort_by())]
    pub sort: SortBy,
    /// Turn the order round
    #[arg(long)]
    pub reverse: bool,
    /// List at most this many
    #[arg(long, value_name = "N|none", default_value = "50", value_parser = value::count)]
    pub limit: Limit<usize>,
    /// Go on behind the jobs of an answer: its `next`
    #[arg(long, value_name = "CURSOR", value_parser = value::cursor)]
    pub cursor: Option<Cursor>,
    /// As text, write the ids alone, one on each line
    #[arg(long)]
    pub ids: bool,
    /// Show the listing again whenever it changes, until Ctrl-C or q
    #[arg(long)]
    pub watch: bool,
}

impl Args {
    /// Returns what the service is asked for.
    pub fn request(self) -> ListRequest {
        self.chosen.request(self.state, self.cause)
    }
}

impl PsArgs {
    /// Returns what the service is asked for.
    pub fn request(self) -> ListRequest {
        self.chosen.request(vec![State::Running], Vec::new())
    }
}

impl ListArgs {
    fn request(self, states: Vec<State>, causes: Vec<Cause>) -> ListRequest {
        let now = std::time::SystemTime::now().into();
        let time = |moment: Option<Moment>| moment.map(|moment| moment.time(now));
        ListRequest {
            all: self.all,
            cwd: self.cwd,
            limit: self.limit.into(),
            filter: JobFilter {
                states,
                causes,
                tags: self.tag,
                group: self.group,
                name: self.name,
                since: time(self.since),
                until: time(self.until),
                command: self.command,
            },
            sort: self.sort,
            reverse: self.reverse,
            cursor: self.cursor,
        }
    }
}

const EXAMPLES: &str = "\
Examples:
  foster list --state killed,lost --since 2h
  foster list --tag 'ci.*' --tag nightly --sort duration
  foster list --all --group build --ids --output text
  foster list --watch";

const PS_EXAMPLES: &str = "\
Examples:
  foster ps
  foster ps --all --watch";
