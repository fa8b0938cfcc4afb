use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use foster_model::{JobName, JobSelector};
use foster_service::{OutputPattern, Stream, WaitRequest, Wanted};

use super::common::SnapshotArgs;
use super::selectors;
use super::value::{self, Limit};
use crate::Failure;

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

impl StreamChoice {
    fn only(self) -> Option<Stream> {
        match self {
            Self::Only(stream) => Some(stream),
            Self::Either => None,
        }
    }
}

impl Args {
    /// Returns what the service is asked for. `kept` is the job that an answer names, where the caller has read one.
    ///
    /// # Errors
    /// A job's name is none; a stream is named and nothing looked for in it.
    pub fn request(self, kept: Option<JobSelector>) -> Result<WaitRequest, Failure> {
        let text = self.text.map(Wanted::Text);
        let output = text
            .or(self.regex.map(Wanted::Regex))
            .map(|what| OutputPattern {
                what,
                only: self.stream.and_then(StreamChoice::only),
            });
        if self.stream.is_some() && output.is_none() {
            let hint = "give --for or --for-regex".to_owned();
            return Err(Failure::usage(
                "nothing is looked for in the stream",
                Some(hint),
            ));
        }
        let jobs = match kept {
            Some(job) => vec![job],
            None => selectors(&self.jobs)?,
        };
        Ok(WaitRequest {
            jobs,
            group: self.group,
            any: self.any,
            output,
            timeout: self.timeout.into(),
            tail_lines: self.snapshot.tail_lines,
            max_bytes: self.snapshot.max_bytes,
            digest: self.snapshot.digest,
        })
    }
}

const EXAMPLES: &str = "\
Examples:
  foster wait @1
  foster wait web --for 'Listening on' --timeout 30s
  foster wait lint tests --any
  foster wait --group build
  foster run --no-wait -- make | foster wait --from-json -";
