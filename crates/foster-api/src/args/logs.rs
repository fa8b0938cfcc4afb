use std::ffi::OsString;

use foster_service::{LogsRequest, Since};

use super::common::StreamArgs;
use super::grep::GrepArgs;
use super::selector;
use super::value;
use crate::Failure;

/// Show both streams of a job, interleaved in the order they came
///
/// As text: the bytes of each line, as they are. As JSON: one document with the lines, at most 1MiB
/// of text unless --max-bytes says otherwise. As JSON with --follow: one document for each line as it
/// comes (`"type": "log_line"`), and the answer without lines as the last one.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The job
    pub job: OsString,
    /// Go on with the output as it comes, until the job is over
    #[arg(long, short)]
    pub follow: bool,
    #[command(flatten)]
    pub streams: StreamArgs,
    /// Begin each line with its time and its stream
    #[arg(long, short)]
    pub timestamps: bool,
    /// Begin at this offset of the stream, in bytes, or this long ago, or at this time
    #[arg(long, value_name = "OFFSET|DURATION|TIME", value_parser = value::since)]
    pub since: Option<Since>,
    /// Show the output of this run; the first is 1 [default: the newest]
    #[arg(long, value_name = "N")]
    pub run: Option<u32>,
    /// Show at most this much text
    #[arg(long, value_name = "SIZE", value_parser = value::size)]
    pub max_bytes: Option<u64>,
    #[command(flatten)]
    pub lines: GrepArgs,
}

const EXAMPLES: &str = "\
Examples:
  foster logs @1
  foster logs web --follow --timestamps
  foster logs web --stderr --since 10m
  foster logs @1 --grep 'error|warning' --context 2 --max-matches 20
  foster logs web --json --follow | jq -r .text";

/// How much text one document holds, if nothing was said, in bytes.
const MOST_IN_A_DOCUMENT: u64 = 1 << 20;

impl Args {
    /// Returns what the service is asked for.
    /// `one_document` if the lines are to stand in one answer, which is never endless.
    ///
    /// # Errors
    /// The job's name is none.
    pub fn request(self, one_document: bool) -> Result<LogsRequest, Failure> {
        Ok(LogsRequest {
            job: selector(&self.job)?,
            run: self.run,
            only: self.streams.only(),
            since: self.since,
            follow: self.follow,
            begun_after: None,
            max_bytes: match self.max_bytes {
                None if one_document => Some(MOST_IN_A_DOCUMENT),
                given => given,
            },
            grep: self.lines.request(),
        })
    }
}
