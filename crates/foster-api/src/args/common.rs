use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use foster_model::CommandLine;
use foster_service::{Containment, EnvSetting, Stream};

use super::value;
use crate::Failure;
use crate::args::form::{Format, When};

/// What can be given with every verb, before it or after it.
#[derive(Debug, Args)]
pub struct Common {
    /// Keep the jobs in this folder
    #[arg(
        long,
        global = true,
        value_name = "PATH",
        help_heading = "Global options"
    )]
    pub root: Option<PathBuf>,
    /// Take the configuration from this file [default: FOSTER_CONFIG, else the usual place]
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        help_heading = "Global options"
    )]
    pub config: Option<PathBuf>,
    /// Use colours in text: on terminals alone, unless this is always or never
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        default_value = "auto",
        hide_default_value = true,
        value_parser = value::when(),
        help_heading = "Global options"
    )]
    pub color: When,
    /// Answer with one JSON document (the same as --output json)
    #[arg(long, global = true, help_heading = "Global options")]
    json: bool,
    /// Answer in this form [default: text on a terminal, else json]
    #[arg(
        long,
        global = true,
        value_name = "FORMAT",
        value_parser = value::format(),
        help_heading = "Global options"
    )]
    output: Option<Format>,
}

impl Common {
    /// Returns the form of the answer that was asked for, if one was.
    pub fn format(&self) -> Result<Option<Format>, Failure> {
        match self.output {
            Some(format) if self.json && format != Format::Json => Err(Failure::usage(
                "--json can't be used with another --output",
                Some("leave one of them out".to_owned()),
            )),
            None if self.json => Ok(Some(Format::Json)),
            given => Ok(given),
        }
    }
}

/// What is to be executed, and in which surroundings: the same for `run` and `exec`.
#[derive(Debug, Args)]
pub struct CommandArgs {
    /// Execute this program with these arguments, as they are
    ///
    /// Options after the program belong to it. A program that begins with a dash follows `--`.
    #[arg(
        value_name = "CMD",
        trailing_var_arg = true,
        required_unless_present = "shell",
        conflicts_with = "shell"
    )]
    command: Vec<OsString>,
    /// Execute one string by `sh -c` instead of a program
    #[arg(long, value_name = "LINE")]
    shell: Option<OsString>,
    /// Run in this directory
    #[arg(long, value_name = "DIR")]
    pub cwd: Option<PathBuf>,
    /// Set a variable; NAME alone takes the value that it has here (repeatable)
    #[arg(long, value_name = "NAME[=VALUE]", value_parser = value::variable())]
    pub env: Vec<EnvSetting>,
    /// Set the variables of a dotenv file, before those of --env (repeatable)
    #[arg(long, value_name = "FILE")]
    pub env_file: Vec<PathBuf>,
    /// Start from an empty environment
    #[arg(long)]
    pub no_inherit_env: bool,
    /// Wait this long between TERM and KILL; 0s kills at once
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = value::duration)]
    pub kill_after: Duration,
    /// Hold the tree so, or fail [default: auto, or containment]
    #[arg(long, value_name = "LEVEL", value_parser = value::containment())]
    pub containment: Option<Containment>,
}

impl CommandArgs {
    /// Returns what is to be executed.
    pub fn command_line(&mut self) -> Result<CommandLine, Failure> {
        let native = |text: OsString| text.into_vec().into();
        let command = std::mem::take(&mut self.command);
        match self.shell.take() {
            Some(line) if !line.is_empty() => Ok(CommandLine::Shell(native(line))),
            None if command.first().is_some_and(|program| !program.is_empty()) => {
                Ok(CommandLine::Argv(command.into_iter().map(native).collect()))
            }
            _ => Err(Failure::usage(
                "the command is empty",
                Some("name a program: foster run -- uname -a".to_owned()),
            )),
        }
    }
}

/// One of the two streams, or both.
#[derive(Debug, Args)]
pub struct StreamArgs {
    /// Show standard output alone
    #[arg(long, conflicts_with = "stderr")]
    stdout: bool,
    /// Show standard error alone
    #[arg(long)]
    stderr: bool,
}

impl StreamArgs {
    /// Returns the stream, if only one is to be shown.
    pub fn only(&self) -> Option<Stream> {
        match (self.stdout, self.stderr) {
            (true, _) => Some(Stream::Stdout),
            (_, true) => Some(Stream::Stderr),
            _ => None,
        }
    }
}

/// How much of a job's output an answer holds.
#[derive(Debug, Args)]
pub struct SnapshotArgs {
    /// Show at most this many of the last lines of each stream
    #[arg(long, value_name = "N", default_value = "50")]
    pub tail_lines: usize,
    /// Show at most this much of each stream
    #[arg(long, value_name = "SIZE", default_value = "64KiB", value_parser = value::size)]
    pub max_bytes: u64,
    /// Show a digest of each stream instead: cleaned and folded, failures first
    #[arg(long)]
    pub digest: bool,
}
