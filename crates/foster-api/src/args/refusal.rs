use std::error::Error as _;
use std::ffi::OsString;

use clap::error::ErrorKind;
use clap::{CommandFactory as _, Error};

use super::Cli;
use super::value::Refused;
use crate::Failure;
use crate::args::form::{Format, When};

/// What can be told of a command line that could not be understood.
#[derive(Debug, PartialEq, Eq)]
pub struct Typed {
    /// The verb, if one was recognised.
    pub verb: Option<String>,
    /// The form of the answer, if one was asked for.
    pub format: Option<Format>,
    /// When colours are used.
    pub color: When,
}

impl Typed {
    /// Looks through what was typed, up to `--`.
    pub fn new(typed: &[OsString]) -> Self {
        let mut words = typed.iter().skip(1).map_while(|word| {
            let word = word.to_str().unwrap_or_default();
            (word != "--").then_some(word)
        });
        let (mut verb, mut format, mut verb_is_over) = (None, None, false);
        let mut color = None;
        while let Some(word) = words.next() {
            match word.split_once('=') {
                _ if word == "--json" => format = Some(Format::Json),
                Some(("--output", value)) => format = format.or(Format::from_word(value)),
                _ if word == "--output" => {
                    format = format.or(words.next().and_then(Format::from_word));
                }
                Some(("--color", value)) => color = When::from_word(value),
                _ if word == "--color" => color = words.next().and_then(When::from_word),
                _ if matches!(word, "--root" | "--config") && !verb_is_over => drop(words.next()),
                _ if !verb_is_over && !word.starts_with('-') => {
                    verb_is_over = true;
                    verb = verb_called(word);
                }
                _ => {}
            }
        }
        Self {
            verb,
            format,
            color: color.unwrap_or_default(),
        }
    }
}

/// Returns the verb that a word means, by its name or another that it has.
fn verb_called(word: &str) -> Option<String> {
    let cli = Cli::command();
    let mut verbs = cli.get_subcommands();
    let is_called = |verb: &&clap::Command| {
        verb.get_name() == word || verb.get_all_aliases().any(|alias| alias == word)
    };
    verbs.find(is_called).map(|verb| verb.get_name().to_owned())
}

/// Returns the error of an answer for a command line that was refused.
pub fn failure(error: &Error, verb: Option<&str>) -> Failure {
    let takes_command = matches!(verb, Some("run" | "exec"));
    let verb = verb.map_or(String::new(), |verb| format!(" {verb}"));
    let refused = error
        .source()
        .and_then(|source| source.downcast_ref::<Refused>());
    let help = match error.kind() {
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand | ErrorKind::MissingSubcommand => {
            return Failure::usage(
                "no verb was given",
                Some("`foster --help` lists the verbs".to_owned()),
            );
        }
        ErrorKind::InvalidSubcommand => "`foster --help` lists the verbs".to_owned(),
        _ => format!("`foster{verb} --help` tells what can be given"),
    };
    let (message, tips) = parts(&error.render().to_string());
    let hint = match refused {
        Some(refused) => refused.hint.clone(),
        // Where no command follows, an unknown option was hardly meant to be a job.
        None if !takes_command => tips.filter(|tips| !tips.starts_with("to pass ")),
        None => tips,
    };
    Failure::usage(message, hint.or(Some(help)))
}

/// Splits a text of the parser's, which has no other form, into the message and the tips.
fn parts(text: &str) -> (String, Option<String>) {
    let mut paragraphs = text.split("\n\n");
    let message = paragraphs.next().unwrap_or_default();
    let message = message.strip_prefix("error: ").unwrap_or(message);
    let message: Vec<_> = message.lines().map(str::trim).collect();
    let tips: Vec<_> = text
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix("tip: "))
        .collect();
    (
        message.join(" ").trim().to_owned(),
        (!tips.is_empty()).then(|| tips.join("; ")),
    )
}
