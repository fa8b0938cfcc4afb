use std::ffi::OsString;
use std::time::Duration;

use foster_model::{JobName, TagPattern, Target};

use foster_service::KillRequest;

use super::definition::Phases;
use super::selectors;
use super::value;
use crate::Failure;

/// End jobs with all their processes, or send them a signal
///
/// Sends TERM to the whole tree, waits for the grace period, sends KILL, and answers when the tree is
/// empty. With --signal it sends exactly that signal, once.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The jobs
    #[arg(
        required_unless_present_any = ["group", "tag"],
        conflicts_with_all = ["group", "tag"],
        value_name = "JOB"
    )]
    pub jobs: Vec<OsString>,
    /// End the jobs of this group, of all directories
    #[arg(long, value_name = "GROUP", value_parser = value::name)]
    pub group: Option<JobName>,
    /// End the jobs with this tag, of all directories; ns.* takes all below ns (repeatable: with all)
    #[arg(long, value_name = "TAG", value_parser = value::tag_pattern)]
    pub tag: Vec<TagPattern>,
    /// Send this signal and nothing else: a name, or a number
    #[arg(long, value_name = "NAME", conflicts_with_all = ["grace", "escalate"])]
    pub signal: Option<String>,
    /// Send the signal to these processes
    #[arg(
        long,
        value_name = "WHOM",
        default_value = "tree",
        value_parser = value::target(),
        requires = "signal"
    )]
    pub to: Target,
    /// Return when the first signal is sent
    #[arg(long)]
    pub no_wait: bool,
    /// Wait this long between TERM and KILL; 0s kills at once [default: the job's --kill-after]
    #[arg(
        long,
        value_name = "DURATION",
        value_parser = value::duration,
        conflicts_with = "escalate"
    )]
    pub grace: Option<Duration>,
    /// End the jobs by these phases, such as INT:2s,TERM:5s, and then KILL
    #[arg(long, value_name = "PHASES", value_parser = value::escalation)]
    pub escalate: Option<Phases>,
}

const EXAMPLES: &str = "\
Examples:
  foster kill @1
  foster kill web --grace 30s
  foster kill --group build
  foster kill web --escalate INT:2s,TERM:5s
  foster kill web --signal HUP --to leader";

impl Args {
    /// Returns what the service is asked for.
    ///
    /// # Errors
    /// A job's name is none.
    pub fn request(self) -> Result<KillRequest, Failure> {
        Ok(KillRequest {
            jobs: selectors(&self.jobs)?,
            group: self.group,
            tags: self.tag,
            signal: self.signal,
            target: self.to,
            grace: self.grace,
            escalation: self.escalate,
            wait: !self.no_wait,
        })
    }
}
