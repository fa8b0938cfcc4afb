use std::ffi::OsString;

use foster_model::Tag;
use foster_service::TagRequest;

use super::{selector, value};
use crate::Failure;

/// Show or change the tags of a job
///
/// A tag is made of words joined by dots, such as ci.lint. Without an option, the tags are shown.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The job
    pub job: OsString,
    /// Add this tag (repeatable)
    #[arg(long, value_name = "TAG", value_parser = value::tag)]
    pub add: Vec<Tag>,
    /// Take this tag away (repeatable)
    #[arg(long, value_name = "TAG", value_parser = value::tag)]
    pub remove: Vec<Tag>,
    /// Replace all tags by this one (repeatable)
    #[arg(
        long,
        value_name = "TAG",
        value_parser = value::tag,
        conflicts_with_all = ["add", "remove", "clear"]
    )]
    pub set: Vec<Tag>,
    /// Take all tags away
    #[arg(long)]
    pub clear: bool,
}

const EXAMPLES: &str = "\
Examples:
  foster tag web --add team.web --remove draft
  foster tag @1 --set ci.lint --set ci.fast
  foster tag web";

impl Args {
    /// Returns what the service is asked for.
    pub fn request(self) -> Result<TagRequest, Failure> {
        Ok(TagRequest {
            job: selector(&self.job)?,
            clear: self.clear || !self.set.is_empty(),
            add: if self.set.is_empty() {
                self.add
            } else {
                self.set
            },
            remove: self.remove,
        })
    }
}
