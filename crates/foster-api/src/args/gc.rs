use std::time::Duration;

use foster_model::GcRules;
use foster_model::answer::RulesFrom;
use foster_service::GcRequest;

use super::value;

/// Delete jobs that are over, by age, number or size
///
/// A job goes if one of the rules says so, the one that was over first first. Jobs that run, or that
/// were not started, stay. Without a rule, what has been over for 30 days goes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Delete what has been over for longer than this
    #[arg(long, value_name = "DURATION", value_parser = value::duration)]
    older_than: Option<Duration>,
    /// Keep at most this many finished jobs
    #[arg(long, value_name = "N")]
    max_jobs: Option<u64>,
    /// Keep finished jobs as long as they take no more of the disk than this
    #[arg(long, value_name = "SIZE", value_parser = value::size)]
    max_bytes: Option<u64>,
    /// Delete at most this many now
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// Tell what would be deleted, and delete nothing
    #[arg(long)]
    dry_run: bool,
}

const EXAMPLES: &str = "\
Examples:
  foster gc --dry-run
  foster gc --older-than 7d
  foster gc --max-jobs 1000 --max-bytes 2GiB";

impl Args {
    /// Returns what the service is asked for. `otherwise` are the rules where none was given.
    pub fn request(&self, otherwise: (GcRules, RulesFrom)) -> GcRequest {
        let given = GcRules {
            older_than: self.older_than,
            max_jobs: self.max_jobs,
            max_bytes: self.max_bytes,
        };
        let (rules, rules_from) = if given.is_empty() {
            otherwise
        } else {
            (given, RulesFrom::Options)
        };
        GcRequest {
            rules,
            rules_from,
            dry_run: self.dry_run,
            limit: self.limit,
        }
    }
}
