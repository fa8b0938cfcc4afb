//! The part of `docs/cli.md` that is made from the definitions of the verbs.

use std::fmt::Write as _;
use std::path::Path;

use clap::{Arg, Command};

use super::command;

const BEGIN: &str = "<!-- made from the code: begin -->\n";
const END: &str = "<!-- made from the code: end -->\n";

#[test]
fn the_documentation_has_every_verb_and_option() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/cli.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let made = format!("{before}{BEGIN}{}{END}{after}", reference());
    if std::env::var_os("FOSTER_BLESS").is_some() {
        std::fs::write(&path, made).unwrap();
    } else {
        assert_eq!(text, made, "run: FOSTER_BLESS=1 cargo test -p foster-api");
    }
}

fn reference() -> String {
    let mut program = command().disable_help_subcommand(true);
    program.build();
    let mut out = "\n### Options of every verb\n\n".to_owned();
    let options = program.get_arguments().filter(|arg| arg.is_global_set());
    table(options, &mut out);
    for verb in program.get_subcommands().filter(|verb| !verb.is_hide_set()) {
        section(verb, &mut out);
    }
    out
}

fn section(verb: &Command, out: &mut String) {
    let about = verb.get_long_about().or(verb.get_about()).unwrap();
    writeln!(out, "\n### foster {}\n\n{about}\n", verb.get_name()).unwrap();
    let usage = verb.clone().render_usage().to_string();
    let usage = usage
        .lines()
        .map(|line| line.trim_start_matches("Usage:").trim());
    let usage: Vec<_> = usage.collect();
    let examples = verb.get_after_help().unwrap().to_string();
    let examples = examples.strip_prefix("Examples:\n").unwrap();
    let examples: Vec<_> = examples.lines().map(str::trim_start).collect();
    let own = |arg: &&Arg| !arg.is_global_set() && arg.get_id() != "help";
    writeln!(out, "```\n{}\n```\n", usage.join("\n")).unwrap();
    table(verb.get_arguments().filter(own), out);
    writeln!(out, "\n```sh\n{}\n```", examples.join("\n")).unwrap();
}

fn table<'a>(args: impl Iterator<Item = &'a Arg>, out: &mut String) {
    let mut args = args.filter(|arg| !arg.is_hide_set()).peekable();
    if args.peek().is_none() {
        return;
    }
    out.push_str("| option | meaning |\n|---|---|\n");
    for arg in args {
        let called = called(arg).replace('|', "\\|");
        let help = arg.get_long_help().or(arg.get_help()).unwrap();
        let help = help.to_string().replace("\n\n", ". ").replace('\n', " ");
        let known = arg.get_possible_values();
        let known: Vec<_> = known
            .iter()
            .map(|value| format!("`{}`", value.get_name()))
            .collect();
        let takes = arg.get_action().takes_values() && !known.is_empty();
        let known = if takes {
            format!(" ({})", known.join(", "))
        } else {
            String::new()
        };
        let default = arg
            .get_default_values()
            .iter()
            .map(|value| value.to_string_lossy());
        let default: Vec<_> = default.collect();
        let shown = takes_default(arg) && !default.is_empty();
        let default = if shown {
            format!(" [default: {}]", default.join(" "))
        } else {
            String::new()
        };
        writeln!(
            out,
            "| `{called}` | {}{known}{default} |",
            help.replace('|', "\\|")
        )
        .unwrap();
    }
}

/// Returns whether the default is not told of in the text already.
fn takes_default(arg: &Arg) -> bool {
    arg.get_action().takes_values() && !arg.is_hide_default_value_set()
}

fn called(arg: &Arg) -> String {
    let value = arg.get_value_names().unwrap_or_default();
    let value = value.first().map(ToString::to_string).unwrap_or_default();
    let long = arg.get_long().map(|long| format!("--{long}"));
    let short = arg
        .get_short()
        .map(|short| format!(", -{short}"))
        .unwrap_or_default();
    match long {
        Some(long) if arg.get_action().takes_values() => format!("{long} {value}{short}"),
        Some(long) => format!("{long}{short}"),
        None => value,
    }
}
