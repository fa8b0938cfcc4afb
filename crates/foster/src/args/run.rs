use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use foster_model::{JobName, PhaseSpec, Stragglers, Tag};

use super::common::{CommandArgs, SnapshotArgs};
use super::value::{self, Limit};

/// Start a command as a job
///
/// Returns when the job is over, or after --snapshot-after, whichever is first; the job goes on. The
/// answer names the job, tells where it stands, and shows its newest output.
#[derive(Debug, clap::Args)]
#[command(
    override_usage = "foster run [OPTIONS] [--] CMD [ARGS]...\n       \
                      foster run [OPTIONS] --shell LINE",
    after_help = EXAMPLES
)]
pub struct Args {
    #[command(flatten)]
    pub command: CommandArgs,
    /// Stay with the job this long; 0s is --no-wait
    #[arg(
        long,
        value_name = "DURATION",
        default_value = "10s",
        value_parser = value::duration,
        conflicts_with_all = ["no_wait", "wait"]
    )]
    pub snapshot_after: Duration,
    /// Return as soon as the command is being executed
    #[arg(long, conflicts_with = "wait")]
    pub no_wait: bool,
    /// Stay with the job until it is over
    #[arg(long)]
    pub wait: bool,
    /// End the job after this time
    #[arg(long, value_name = "DURATION|none", default_value = "none", value_parser = value::timeout)]
    pub timeout: Limit<Duration>,
    /// End the job by these phases, such as INT:2s,TERM:5s, and then KILL
    #[arg(
        long,
        value_name = "PHASES",
        value_parser = value::escalation,
        conflicts_with = "kill_after"
    )]
    pub escalate: Option<Phases>,
    /// Read the output this long after the command's exit, while somebody holds it
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = value::duration)]
    pub drain: Duration,
    /// Show the value of this variable nowhere (repeatable)
    #[arg(long, value_name = "NAME")]
    pub mask: Vec<OsString>,
    /// Mark the job, to find it by (repeatable)
    #[arg(long, value_name = "TAG", value_parser = value::tag)]
    pub tag: Vec<Tag>,
    /// Give the job a name to call it by
    #[arg(long, value_name = "NAME", value_parser = value::name)]
    pub name: Option<JobName>,
    #[command(flatten)]
    pub snapshot: SnapshotArgs,
    /// Give the command this file on standard input [default: nothing]
    #[arg(long, value_name = "FILE")]
    pub stdin_file: Option<PathBuf>,
    /// Write both streams, interleaved and with times, to this file as they come
    #[arg(long, value_name = "PATH")]
    pub log: Option<PathBuf>,
    /// Keep at most this much of each stream: its head and its tail
    #[arg(long, value_name = "SIZE|none", default_value = "1GiB", value_parser = value::cap)]
    pub log_cap: Limit<u64>,
    /// Do this with processes that the command leaves behind
    #[arg(
        long,
        value_name = "WHAT",
        default_value = "kill",
        value_parser = value::stragglers()
    )]
    pub stragglers: Stragglers,
}

/// The phases of an escalation. (An alias, so that they are read as one value, not as several.)
pub type Phases = Vec<PhaseSpec>;

const EXAMPLES: &str = "\
Examples:
  foster run -- cargo build
  foster run --no-wait --name web -- npm run dev
  foster run --shell 'make 2>&1 | tee build.txt' --timeout 30m
  foster run --wait --env-file .env --mask API_KEY -- ./deploy production";
