use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use foster_model::JobName;
use foster_service::{OutputPattern, Stream, Wanted};

use super::common::SnapshotArgs;
use super::value::{self, Limit};

/// Wait until jobs are over, or until one has printed something
///
/// The answer tells why it came back: `reason` is finished, any_finished, matched, deadline or no_jobs. None of
/// these is an error.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The jobs
    #[arg(
        required_unless_present_any = ["group", "from_json"],
        conflicts_with_all = ["group", "from_json"],
        value_name = "JOB"
    )]
    pub jobs: Vec<OsString>,
    /// Wait for the jobs of this group, of all directories
    #[arg(long, value_name = "GROUP", value_parser = value::name, conflicts_with = "from_json")]
    pub group: Option<JobName>,
    /// Wait for the job that an answer of run or create names; - reads it from standard input
    #[arg(long, value_name = "FILE|-", conflicts_with = "root")]
    pub from_json: Option<PathBuf>,
    /// Return when the first of them is over
    #[arg(long)]
    pub any: bool,
    /// Return when this text is in the job's output, also if it is there already
    #[arg(long = "for", value_name = "TEXT", conflicts_with_all = ["any", "group"])]
    pub text: Option<String>,
    /// Return when a line of the job's output matches this regular expression
    #[arg(long = "for-regex", value_name = "REGEX", conflicts_with_all = ["any", "group", "text"])]
    pub regex: Option<String>,
    /// Look for it in this stream [default: either]
    #[arg(long, value_name = "STREAM", value_parser = value::stream())]
    pub stream: Option<StreamChoice>,
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

/// One of the two streams, or either.
#[derive(Debug, Clone, Copy)]
pub enum StreamChoice {
    /// This one.
    Only(Stream),
    /// Either.
    Either,
}

impl Args {
    /// Returns what is looked for in the output, if anything is.
    pub fn output(&mut self) -> Option<OutputPattern> {
        let text = self.text.take().map(Wanted::Text);
        let what = text.or(self.regex.take().map(Wanted::Regex))?;
        let only = match self.stream {
            Some(StreamChoice::Only(stream)) => Some(stream),
            Some(StreamChoice::Either) | None => None,
        };
        Some(OutputPattern { what, only })
    }
}

const EXAMPLES: &str = "\
Examples:
  foster wait @1
  foster wait web --for 'Listening on' --timeout 30s
  foster wait lint tests --any
  foster wait --group build
  foster run --no-wait -- make | foster wait --from-json -";
