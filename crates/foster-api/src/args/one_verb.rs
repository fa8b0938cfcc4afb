//! The command line as far as one verb goes: to define all verbs, with each of their options, would take
//! longer than most of them.

use std::ffi::OsString;

use clap::{Args, Command};

use super::{
    Common, completions, config, create, deadline, delete, doctor, events, exec, gc, install_skill,
    kill, list, logs, man, notify, processes, recover, restart, run, schema, send, serve, start,
    status, tag, tail, ui, wait,
};

/// Returns the definition of the command line with the verb alone that seems to be meant: the first
/// argument that is the name of one. `None` if none is.
///
/// It reads what was typed as the whole definition would, or refuses it. What it refuses is for the whole
/// one to judge, which knows what could have been typed instead.
pub(super) fn meant_by(typed: &[OsString]) -> Option<Command> {
    let mut arguments = typed
        .iter()
        .skip(1)
        .filter_map(|argument| argument.to_str());
    arguments.find_map(command)
}

/// Returns the definition of the command line with this verb alone; `None` if there is no such verb.
pub(super) fn command(verb: &str) -> Option<Command> {
    let program = program().subcommand_required(true);
    Some(program.subcommand(definition(verb)?))
}

/// Returns the definition without any verb, if nothing but the version is asked for.
pub(super) fn version_alone(typed: &[OsString]) -> Option<Command> {
    let [_, asked] = typed else { return None };
    let asked = ["--version", "-V"].iter().any(|flag| asked == flag);
    asked.then(|| program().version(env!("CARGO_PKG_VERSION")))
}

fn program() -> Command {
    Common::augment_args(Command::new("foster"))
}

fn definition(verb: &str) -> Option<Command> {
    let define: fn(Command) -> Command = match verb {
        "run" => run::Args::augment_args,
        "exec" => exec::Args::augment_args,
        "create" => create::Args::augment_args,
        "start" => start::Args::augment_args,
        "restart" => restart::Args::augment_args,
        "status" => status::Args::augment_args,
        "processes" => processes::Args::augment_args,
        "list" => list::Args::augment_args,
        "ps" => list::PsArgs::augment_args,
        "tail" => tail::Args::augment_args,
        "logs" => logs::Args::augment_args,
        "wait" => wait::Args::augment_args,
        "kill" => kill::Args::augment_args,
        "send" => send::Args::augment_args,
        "deadline" => deadline::Args::augment_args,
        "tag" => tag::Args::augment_args,
        "notify" => notify::Args::augment_args,
        "delete" => delete::Args::augment_args,
        "gc" => gc::Args::augment_args,
        "events" => events::Args::augment_args,
        "schema" => schema::Args::augment_args,
        "recover" => recover::Args::augment_args,
        "doctor" => doctor::Args::augment_args,
        "serve" => serve::Args::augment_args,
        "ui" => ui::Args::augment_args,
        "install-skill" => install_skill::Args::augment_args,
        "config" => config::Args::augment_args,
        "completions" => completions::Args::augment_args,
        "man" => man::Args::augment_args,
        "_supervise" | "_notify" => |verb| verb,
        _ => return None,
    };
    Some(define(Command::new(verb.to_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Asks for what a program shows of a verb, which has all that it takes.
    fn help(mut command: Command, name: &str) -> String {
        command.build();
        let verb = command.find_subcommand_mut(name).unwrap();
        verb.render_long_help().to_string()
    }

    #[test]
    fn the_name_of_a_verb_may_be_the_value_of_an_option() {
        let typed = ["foster", "--root", "run", "status", "@1"].map(OsString::from);
        let (cli, matches) = crate::args::parse(&typed).unwrap();
        assert_eq!(cli.common.root.as_deref(), Some("run".as_ref()));
        assert_eq!(matches.subcommand_name(), Some("status"));
    }

    #[test]
    fn the_version_is_told_as_by_the_whole_command_line() {
        let whole = <crate::args::Cli as clap::CommandFactory>::command();
        for flag in ["--version", "-V"] {
            let typed = ["foster", flag].map(OsString::from);
            let told = |command: Command| command.try_get_matches_from(&typed).unwrap_err();
            let alone = told(version_alone(&typed).unwrap());
            assert_eq!(alone.to_string(), told(whole.clone()).to_string());
        }
        let more = ["foster", "--version", "run"].map(OsString::from);
        assert!(version_alone(&more).is_none());
    }

    #[test]
    fn each_verb_is_the_one_of_the_whole_command_line() {
        let whole = <crate::args::Cli as clap::CommandFactory>::command();
        for verb in whole.get_subcommands() {
            let name = verb.get_name();
            let alone = command(name).unwrap_or_else(|| panic!("{name} is missing"));
            // The two that nobody types have nothing to show.
            if !verb.is_hide_set() {
                assert_eq!(help(alone, name), help(whole.clone(), name));
            }
        }
    }
}
