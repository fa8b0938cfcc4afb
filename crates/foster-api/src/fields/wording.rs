use clap::{Arg, Command};

use super::kind::field_of;

/// Returns what a text says of the words of a command line, said of fields: `--kill-after <DURATION>` is
/// `kill_after`, and `<JOB>` is `job`.
pub(crate) fn in_fields(text: &str, command: &Command) -> String {
    let mut said = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("--") {
        let (before, option) = rest.split_at(at);
        said.push_str(before);
        let option = &option[2..];
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '-';
        let end = option.find(|c| !is_name(c)).unwrap_or(option.len());
        let (name, after) = option.split_at(end);
        if name.starts_with(|c: char| c.is_ascii_lowercase()) {
            said.push_str(&name.replace('-', "_"));
            rest = without_value(after);
        } else {
            said.push_str("--");
            rest = option;
        }
    }
    said.push_str(rest);
    positional(&said, command)
}

/// Returns what follows the name of a value, where one does.
fn without_value(text: &str) -> &str {
    let value = text.strip_prefix(" <").or(text.strip_prefix("=<"));
    value
        .and_then(|value| value.split_once('>'))
        .map_or(text, |(_, rest)| rest)
}

fn positional(text: &str, command: &Command) -> String {
    let unnamed = command
        .get_arguments()
        .filter(|arg| arg.get_long().is_none());
    unnamed.fold(text.to_owned(), |text, arg| {
        let names = arg.get_value_names().unwrap_or_default();
        names.iter().fold(text, |text, name| say(&text, name, arg))
    })
}

fn say(text: &str, name: &str, arg: &Arg) -> String {
    let field = field_of(arg);
    text.replace(&format!("<{name}>..."), &field)
        .replace(&format!("<{name}>"), &field)
}
