use std::ffi::OsString;

use clap::{Arg, Command};
use serde_json::Value;

use super::Fields;
use super::kind::{Kind, field_of, takes_many};
use crate::failure::Failure;
use crate::verbs::Verb;

/// How unlike a known field one may be and still be meant.
const LIKE: f64 = 0.7;

/// Returns the words by which a command line would ask for the same.
///
/// # Errors
/// A field that the verb does not have, or a value of another type.
pub(crate) fn arguments(verb: &Verb, mut fields: Fields) -> Result<Vec<OsString>, Failure> {
    let missing = || Failure::usage(format!("there is no verb {:?}", verb.name), None);
    let command = verb.command().ok_or_else(missing)?;
    let mut words: Vec<OsString> = vec!["foster".into(), verb.name.into()];
    if !command.has_subcommands() {
        words.extend(words_of(verb, &command, fields)?);
        return Ok(words);
    }
    let action = chosen(&command, fields.remove("action").as_ref())?;
    words.push(action.get_name().into());
    words.extend(words_of(verb, action, fields)?);
    Ok(words)
}

/// Returns the action that is named.
fn chosen<'a>(command: &'a Command, named: Option<&Value>) -> Result<&'a Command, Failure> {
    let found = named
        .and_then(Value::as_str)
        .and_then(|name| actions(command).find(|action| action.get_name() == name));
    found.ok_or_else(|| {
        let known: Vec<_> = actions(command).map(Command::get_name).collect();
        let hint = format!("give one of {}", known.join(", "));
        Failure::usage("`action` has to say what is to be done", Some(hint))
    })
}

/// Returns the actions of a verb that has some.
pub(super) fn actions(command: &Command) -> impl Iterator<Item = &Command> {
    command
        .get_subcommands()
        .filter(|action| action.get_name() != "help")
}

/// Returns the arguments of a verb that programs are offered.
pub(super) fn offered<'a>(verb: &'a Verb, command: &'a Command) -> impl Iterator<Item = &'a Arg> {
    command
        .get_arguments()
        .filter(|arg| !arg.is_global_set() && !arg.is_hide_set() && !verb.withholds(&field_of(arg)))
}

fn words_of(verb: &Verb, command: &Command, fields: Fields) -> Result<Vec<OsString>, Failure> {
    let mut options = Vec::new();
    let mut positional: Vec<(usize, Vec<OsString>)> = Vec::new();
    for (name, value) in fields {
        let arg = offered(verb, command).find(|arg| field_of(arg) == name);
        let arg = arg.ok_or_else(|| unknown(verb, command, &name))?;
        if value.is_null() {
            continue;
        }
        let values = values(arg, &name, value)?;
        match (arg.get_long(), arg.get_index()) {
            (Some(long), _) if Kind::of(arg) == Kind::Switch => {
                options.extend(values.iter().map(|_| format!("--{long}").into()));
            }
            (Some(long), _) => options.extend(values.into_iter().map(|value| {
                let mut word = OsString::from(format!("--{long}="));
                word.push(value);
                word
            })),
            (None, index) => positional.push((index.unwrap_or_default(), values)),
        }
    }
    positional.sort();
    options.push("--".into());
    options.extend(positional.into_iter().flat_map(|(_, values)| values));
    Ok(options)
}

fn unknown(verb: &Verb, command: &Command, name: &str) -> Failure {
    let known: Vec<String> = offered(verb, command).map(field_of).collect();
    let likeness = |known: &String| strsim::jaro_winkler(known, name);
    let like = known.iter().filter(|known| likeness(known) > LIKE);
    let nearest = like.max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    let hint = match nearest {
        Some(nearest) => format!("did you mean `{nearest}`?"),
        None if known.is_empty() => format!("{} takes no fields", verb.name),
        None => format!("{} takes {}", verb.name, known.join(", ")),
    };
    Failure::usage(format!("{} has no field `{name}`", verb.name), Some(hint))
}

/// Returns the words for the value of a field.
fn values(arg: &Arg, name: &str, value: Value) -> Result<Vec<OsString>, Failure> {
    let kind = Kind::of(arg);
    let values = match (kind, value) {
        (Kind::Variables, Value::Object(variables)) => {
            let pair = |(key, value): (String, Value)| match value {
                Value::String(value) => Ok(Value::String(format!("{key}={value}"))),
                _ => Err(wrong(
                    name,
                    "an object whose values are strings, or a list of NAME=VALUE",
                )),
            };
            variables.into_iter().map(pair).collect::<Result<_, _>>()?
        }
        (_, Value::Array(values)) if takes_many(arg) => values,
        (_, _) if takes_many(arg) => return Err(wrong(name, &list_of(kind))),
        (_, value) => vec![value],
    };
    let words = values.iter().map(|value| word(kind, name, value));
    Ok(words
        .collect::<Result<Vec<_>, _>>()?
        .into_iter()
        .flatten()
        .collect())
}

/// Returns the word for one value; none for a switch that is off.
fn word(kind: Kind, name: &str, value: &Value) -> Result<Option<OsString>, Failure> {
    let text = match (kind, value) {
        (Kind::Switch, Value::Bool(on)) => return Ok(on.then(OsString::new)),
        (Kind::Count | Kind::CountOrNone, Value::Number(number)) if number.is_u64() => {
            number.to_string()
        }
        (Kind::CountOrNone, Value::String(text)) if text == "none" => text.clone(),
        (Kind::Words, Value::Array(words)) if words.iter().all(Value::is_string) => {
            value.to_string()
        }
        (Kind::Text | Kind::Variables, Value::String(text)) => text.clone(),
        _ => return Err(wrong(name, expected(kind))),
    };
    // What is written somewhere may hold it; what is executed, or names something, can't.
    if text.contains('\0') && !matches!(name, "stdin" | "text") {
        return Err(Failure::usage(format!("`{name}` holds a zero byte"), None));
    }
    Ok(Some(text.into()))
}

fn expected(kind: Kind) -> &'static str {
    match kind {
        Kind::Switch => "true or false",
        Kind::Count => "a number that is not negative",
        Kind::CountOrNone => "a number that is not negative, or \"none\"",
        Kind::Words => "a list of strings",
        Kind::Variables | Kind::Text => "a string",
    }
}

fn list_of(kind: Kind) -> String {
    format!("a list, each of it {}", expected(kind))
}

fn wrong(name: &str, expected: &str) -> Failure {
    Failure::usage(format!("`{name}` has to be {expected}"), None)
}
