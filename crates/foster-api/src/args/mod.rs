//! What can be asked for: one structure for each verb, its form checked and nothing else.
//!
//! The doc comment of an argument is its help text, on the command line, in the schema of an MCP tool and in
//! the HTTP API's document.
#![expect(
    missing_docs,
    reason = "a doc comment is a help text here: one on a variant would take the place of its verb's own"
)]

mod choice;
/// Options that several verbs share.
pub mod common;
/// The arguments of `foster completions`.
pub mod completions;
/// The arguments of `foster config`.
pub mod config;
/// The arguments of `foster create`.
pub mod create;
/// The arguments of `foster deadline`.
pub mod deadline;
mod defaults;
/// What a job is to be: the options of `run` and `create`.
pub mod definition;
/// The arguments of `foster delete`.
pub mod delete;
/// The arguments of `foster doctor`.
pub mod doctor;
/// The arguments of `foster events`.
pub mod events;
/// The arguments of `foster exec`.
pub mod exec;
mod form;
/// The arguments of `foster gc`.
pub mod gc;
/// How lines are chosen: the options of `logs` and `tail`.
pub mod grep;
mod input;
/// The arguments of `foster install-skill`.
pub mod install_skill;
/// The arguments of `foster kill`.
pub mod kill;
/// The arguments of `foster list`.
pub mod list;
/// The arguments of `foster logs`.
pub mod logs;
/// The arguments of `foster man`.
pub mod man;
/// The arguments of `foster notify`.
pub mod notify;
/// Whom a job tells of itself.
pub mod notify_flags;
/// How long a verb stays with a job, and what it shows of it.
pub mod observation;
mod one_verb;
/// The arguments of `foster recover`.
/// The arguments of `foster processes`.
pub mod processes;
pub mod recover;
mod refusal;
/// The arguments of `foster restart`.
pub mod restart;
/// The arguments of `foster run`.
pub mod run;
/// The arguments of `foster schema`.
pub mod schema;
/// The arguments of `foster send`.
pub mod send;
/// The arguments of `foster serve`.
pub mod serve;
/// The arguments of `foster start`.
pub mod start;
/// The arguments of `foster status`.
pub mod status;
/// The arguments of `foster tag`.
pub mod tag;
/// The arguments of `foster tail`.
pub mod tail;
/// The arguments of `foster ui`.
pub mod ui;
mod value;
/// The arguments of `foster wait`.
pub mod wait;

use std::ffi::OsString;

use clap::{ArgMatches, Command, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use foster_service::config::{Config, ConfigError};

pub use common::Common;
pub use form::{Format, When};
pub use input::Dash;
pub use refusal::{Typed, failure};
pub use value::{Limit, selector, selectors};

/// Run commands as jobs that outlive whoever started them
///
/// Foster runs a command as a job: supervised until the last of its descendants has ended, recorded
/// to the last byte, and answerable to whoever asks later.
///
/// On a terminal the answers are text; otherwise each is one JSON document on standard output.
#[derive(Debug, Parser)]
#[command(
    name = "foster",
    bin_name = "foster",
    version,
    subcommand_required = true,
    arg_required_else_help = true,
    subcommand_value_name = "VERB",
    subcommand_help_heading = "Verbs",
    after_help = AFTER_HELP
)]
pub struct Cli {
    #[command(flatten)]
    pub common: Common,
    #[command(subcommand)]
    pub verb: Verb,
}

const AFTER_HELP: &str = "\
Name a job by its id, by the beginning or the end of it, by its name, or by its age: @1 is the newest.
Durations and sizes carry a unit: 500ms, 5s, 2m, 1h; 512B, 64KiB, 10MiB.

Environment:
  FOSTER_ROOT         Keep the jobs here (as --root)
  FOSTER_OUTPUT       Answer as json, yaml or text (as --output)
  FOSTER_CONTAINMENT  Hold the trees of new jobs so (as --containment)
  FOSTER_CONFIG       Take the configuration from this file (as --config)
  NO_COLOR, CLICOLOR_FORCE    Never use colours, or always (as --color)
`foster config` lists all settings with their variables.

Exit status:
  0  done                           5  the command could not be started
  1  failed                         6  the root or a job's folder can't be trusted or read
  2  the call is wrong              7  this machine does not offer what was asked for
  3  no such job, or several        8  processes are left that could not be ended
  4  the job's state forbids it";

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Verb {
    Run(Box<run::Args>),
    Exec(exec::Args),
    Create(Box<create::Args>),
    Start(start::Args),
    Restart(restart::Args),
    Status(status::Args),
    Processes(processes::Args),
    List(list::Args),
    Ps(list::PsArgs),
    Tail(tail::Args),
    Logs(logs::Args),
    Wait(wait::Args),
    Kill(kill::Args),
    Send(send::Args),
    Deadline(deadline::Args),
    Tag(tag::Args),
    Notify(notify::Args),
    #[command(visible_alias = "rm")]
    Delete(delete::Args),
    Gc(gc::Args),
    Events(events::Args),
    Schema(schema::Args),
    Recover(recover::Args),
    Doctor(doctor::Args),
    Serve(serve::Args),
    Ui(ui::Args),
    InstallSkill(install_skill::Args),
    Config(config::Args),
    Completions(completions::Args),
    Man(man::Args),
    /// Become the keeper of the job that is handed over on standard input
    #[command(name = "_supervise", hide = true)]
    Supervise,
    /// Become the notifier whose errand comes on standard input
    #[command(name = "_notify", hide = true)]
    BeNotifier,
}

impl Verb {
    /// Returns the verb as it is typed, which is also the `type` of its answer.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Run(_) => "run",
            Self::Exec(_) => "exec",
            Self::Create(_) => "create",
            Self::Start(_) => "start",
            Self::Restart(_) => "restart",
            Self::Status(_) => "status",
            Self::Processes(_) => "processes",
            Self::List(_) => "list",
            Self::Ps(_) => "ps",
            Self::Tail(_) => "tail",
            Self::Logs(_) => "logs",
            Self::Wait(_) => "wait",
            Self::Kill(_) => "kill",
            Self::Send(_) => "send",
            Self::Deadline(_) => "deadline",
            Self::Tag(_) => "tag",
            Self::Notify(_) => "notify",
            Self::Delete(_) => "delete",
            Self::Gc(_) => "gc",
            Self::Events(_) => "events",
            Self::Schema(_) => "schema",
            Self::Recover(_) => "recover",
            Self::Doctor(_) => "doctor",
            Self::Serve(_) => "serve",
            Self::Ui(_) => "ui",
            Self::InstallSkill(_) => "install-skill",
            Self::Config(_) => "config",
            Self::Completions(_) => "completions",
            Self::Man(_) => "man",
            Self::Supervise => "_supervise",
            Self::BeNotifier => "_notify",
        }
    }
}

/// Returns the definition of the command line.
pub fn command() -> Command {
    defaults::named(Cli::command())
}

/// Reads a command line, with the defaults that are built in.
pub fn parse(typed: &[OsString]) -> Result<(Cli, ArgMatches), clap::Error> {
    if let Some(command) = one_verb::version_alone(typed) {
        return read(command, typed);
    }
    if let Some(command) = one_verb::meant_by(typed)
        && let Ok(parsed) = read(command, typed)
    {
        return Ok(parsed);
    }
    read(command(), typed)
}

/// Reads it again where something is configured for options that were not typed.
///
/// # Errors
/// The environment has a value for one of them that can't be one.
pub fn parse_configured(
    parsed: (Cli, ArgMatches),
    typed: &[OsString],
    config: &Config,
) -> Result<Cli, ConfigError> {
    let (cli, matches) = parsed;
    if !config.sets_verbs() {
        return Ok(cli);
    }
    let verb = matches.subcommand_name().and_then(one_verb::command);
    let command = verb.unwrap_or_else(command);
    let Some(command) = defaults::configured(command, &matches, config)? else {
        return Ok(cli);
    };
    // Values of the configuration were checked when it was read: what could be refused here is what
    // was not refused before.
    Ok(read(command, typed).map_or(cli, |(configured, _)| configured))
}

/// Why words that were made of fields are no request.
pub(crate) enum Refusal {
    /// The parser refuses them.
    Words(clap::Error),
    /// Something is configured that can't be a value.
    Configuration(ConfigError),
}

/// Returns the definition of the command line with this verb alone; `None` if there is no such verb.
pub(crate) fn one_verb(name: &str) -> Option<Command> {
    one_verb::command(name)
}

/// Reads words whose first after the program is the verb, with what is configured.
pub(crate) fn read_verb(words: &[OsString], config: &Config) -> Result<Verb, Refusal> {
    let parsed = parse(words).map_err(Refusal::Words)?;
    let cli = parse_configured(parsed, words, config).map_err(Refusal::Configuration)?;
    Ok(cli.verb)
}

fn read(mut command: Command, typed: &[OsString]) -> Result<(Cli, ArgMatches), clap::Error> {
    let matches = command.try_get_matches_from_mut(typed)?;
    let cli = Cli::from_arg_matches(&matches).map_err(|error| error.format(&mut command))?;
    Ok((cli, matches))
}

#[cfg(test)]
mod reference;
#[cfg(test)]
mod skill;
#[cfg(test)]
mod tests;
