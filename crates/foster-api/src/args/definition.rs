use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use foster_model::{JobName, PhaseSpec, Stragglers, Tag};
use foster_service::JobRequest;

use super::common::CommandArgs;
use super::input::{Dash, InputArgs};
use super::notify_flags::NotifyFlags;
use super::value::{self, Limit};
use crate::Failure;

/// What a job is to be: the same for `run` and `create`.
#[derive(Debug, Args)]
pub struct DefinitionArgs {
    #[command(flatten)]
    pub command: CommandArgs,
    /// End the job after this time
    #[arg(long, value_name = "DURATION|none", default_value = "none", value_parser = value::timeout)]
    pub timeout: Limit<Duration>,
    /// End the job when it has printed nothing for this time
    #[arg(long, value_name = "DURATION|none", default_value = "none", value_parser = value::idle_timeout)]
    pub idle_timeout: Limit<Duration>,
    /// Refresh `updated_at` in the job's state this often while it runs
    #[arg(long, value_name = "DURATION|none", default_value = "none", value_parser = value::interval)]
    pub progress_every: Limit<Duration>,
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
    /// Show the value of this variable nowhere, and take it out of everything captured (repeatable)
    #[arg(long, value_name = "NAME")]
    pub redact: Vec<OsString>,
    /// The same for every variable whose name looks like a secret's, such as API_TOKEN
    #[arg(long)]
    pub redact_env_like: bool,
    /// Keep the environment that the job inherits now for its later runs
    #[arg(long, conflicts_with = "no_inherit_env")]
    pub keep_env: bool,
    /// Mark the job, to find it by (repeatable)
    #[arg(long, value_name = "TAG", value_parser = value::tag)]
    pub tag: Vec<Tag>,
    /// Give the job a name to call it by
    #[arg(long, value_name = "NAME", value_parser = value::name)]
    pub name: Option<JobName>,
    /// Put the job into a group, to deal with several at once
    #[arg(long, value_name = "GROUP", value_parser = value::name)]
    pub group: Option<JobName>,
    #[command(flatten)]
    pub input: InputArgs,
    /// Write both streams, interleaved and with times, to this file as they come
    #[arg(long, value_name = "PATH")]
    pub log: Option<PathBuf>,
    /// Keep at most this much of each stream (8KiB at the least): its head and its tail
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
    #[command(flatten)]
    pub notify: NotifyFlags,
}

/// The phases of an escalation. (An alias, so that they are read as one value, not as several.)
pub type Phases = Vec<PhaseSpec>;

impl DefinitionArgs {
    /// Returns what the service is asked for.
    ///
    /// # Errors
    /// The command is empty; standard input is asked for and can't be had.
    pub fn request(mut self, dash: Dash) -> Result<JobRequest, Failure> {
        Ok(JobRequest {
            command: self.command.command_line()?,
            cwd: self.command.cwd,
            env: self.command.env,
            env_files: self.command.env_file,
            inherit_env: !self.command.no_inherit_env,
            keep_env: self.keep_env,
            mask: self.mask,
            redact: self.redact,
            redact_env_like: self.redact_env_like,
            tags: self.tag,
            name: self.name,
            group: self.group,
            timeout: self.timeout.into(),
            idle_timeout: self.idle_timeout.into(),
            progress_every: self.progress_every.into(),
            kill_after: self.command.kill_after,
            escalation: self.escalate,
            drain: self.drain,
            stragglers: self.stragglers,
            stdin_max: self.input.stdin_max,
            stdin: self.input.stdin(dash)?,
            log: self.log,
            log_cap: self.log_cap.into(),
            notify: self.notify.settings(),
        })
    }
}
