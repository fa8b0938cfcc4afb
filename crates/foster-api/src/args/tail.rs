use std::ffi::OsString;

use foster_service::TailRequest;

use super::common::StreamArgs;
use super::grep::GrepArgs;
use super::selector;
use super::value;
use crate::Failure;

/// Show the newest output of a job
///
/// The answer names its byte range in each stream: --from with the range's end goes on from there.
///
/// With --digest the text is made for a language model: escape sequences and overwritten progress are
/// removed, what repeats is folded with its count, failures of compilers and tests come before the end
/// (--lines) and the beginning, and what is left out is marked. It reads the first 256KiB and the last
/// 4MiB, and is never longer than the last --max-bytes would be.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The job
    pub job: OsString,
    #[command(flatten)]
    pub streams: StreamArgs,
    /// Show at most this many of the last lines of each stream
    #[arg(long, value_name = "N", default_value = "50")]
    pub lines: usize,
    /// Show at most this much of each stream
    #[arg(long, value_name = "SIZE", default_value = "64KiB", value_parser = value::size)]
    pub max_bytes: u64,
    /// Read forward from this offset of the stream, in bytes, instead of the last lines
    #[arg(long, value_name = "OFFSET", conflicts_with = "lines")]
    pub from: Option<u64>,
    /// Show a digest of each stream instead: cleaned and folded, failures first
    #[arg(long)]
    pub digest: bool,
    /// Show the output of this run; the first is 1 [default: the newest]
    #[arg(long, value_name = "N")]
    pub run: Option<u32>,
    #[command(flatten)]
    pub grep: GrepArgs,
}

const EXAMPLES: &str = "\
Examples:
  foster tail @1
  foster tail web --stderr --lines 200
  foster tail web --from 4096
  foster tail tests --digest --max-bytes 8KiB";

impl Args {
    /// Returns what the service is asked for.
    ///
    /// # Errors
    /// The job's name is none.
    pub fn request(self) -> Result<TailRequest, Failure> {
        Ok(TailRequest {
            job: selector(&self.job)?,
            only: self.streams.only(),
            lines: self.lines,
            max_bytes: self.max_bytes,
            from: self.from,
            digest: self.digest,
            run: self.run,
            grep: self.grep.request(),
        })
    }
}
