use std::ffi::OsString;
use std::time::Duration;

use foster_model::Target;

use super::definition::Phases;
use super::value;

/// End jobs with all their processes, or send them a signal
///
/// Sends TERM to the whole tree, waits for the grace period, sends KILL, and answers when the tree is
/// empty. With --signal it sends exactly that signal, once.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The jobs
    #[arg(required = true, value_name = "JOB")]
    pub jobs: Vec<OsString>,
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
  foster kill web --escalate INT:2s,TERM:5s
  foster kill web --signal HUP --to leader";
