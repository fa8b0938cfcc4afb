use clap::{Arg, Command};
use serde_json::{Map, Value, json};

use super::arguments::{actions, offered};
use super::kind::{Kind, field_of, takes_many};
use super::wording::in_fields;
use crate::verbs::Verb;

/// Returns the JSON Schema (2020-12) of a verb's request, made from its definition.
///
/// It has no alternatives at its top, which several clients of language models refuse: that one of two
/// fields is needed stands in their descriptions, and is judged by the call.
pub fn request_schema(verb: &Verb) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    let Some(command) = verb.command() else {
        return json!({"type": "object"});
    };
    if command.has_subcommands() {
        let names: Vec<_> = actions(&command).map(Command::get_name).collect();
        let action = json!({"type": "string", "enum": names, "description": "What is to be done"});
        properties.insert("action".to_owned(), action);
        required.push("action".to_owned());
        for action in actions(&command) {
            add(verb, action, &mut properties, &mut required);
        }
    } else {
        add(verb, &command, &mut properties, &mut required);
    }
    let mut schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
    });
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema
}

fn add(
    verb: &Verb,
    command: &Command,
    properties: &mut Map<String, Value>,
    required: &mut Vec<String>,
) {
    for arg in offered(verb, command) {
        let field = field_of(arg);
        if arg.is_required_set() && !required.contains(&field) {
            required.push(field.clone());
        }
        properties
            .entry(field)
            .or_insert_with(|| property(arg, command));
    }
}

fn property(arg: &Arg, command: &Command) -> Value {
    let one = one(arg);
    let mut property = match Kind::of(arg) {
        Kind::Variables => json!({"anyOf": [
            {"type": "array", "items": {"type": "string"}},
            {"type": "object", "additionalProperties": {"type": "string"}},
        ]}),
        _ if takes_many(arg) => json!({"type": "array", "items": one}),
        _ => one,
    };
    let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    property["description"] = json!(for_programs(&help, command));
    let defaults = arg.get_default_values();
    if let ([default], true) = (defaults, arg.get_action().takes_values()) {
        let text = default.to_string_lossy();
        property["default"] = match Kind::of(arg) {
            Kind::Count | Kind::CountOrNone => text.parse::<u64>().map_or(json!(text), Value::from),
            _ => json!(text),
        };
    }
    property
}

/// Returns a help text without what is said of command lines alone.
fn for_programs(help: &str, command: &Command) -> String {
    in_fields(&help.replace(" (repeatable)", ""), command)
}

fn one(arg: &Arg) -> Value {
    match Kind::of(arg) {
        Kind::Switch => json!({"type": "boolean"}),
        Kind::Count => json!({"type": "integer", "minimum": 0}),
        Kind::CountOrNone => {
            json!({"anyOf": [{"type": "integer", "minimum": 0}, {"const": "none"}]})
        }
        Kind::Words => json!({"type": "array", "items": {"type": "string"}, "minItems": 1}),
        Kind::Variables => json!({"type": "string"}),
        Kind::Text => {
            let known: Vec<_> = arg
                .get_possible_values()
                .iter()
                .map(|value| value.get_name().to_owned())
                .collect();
            if known.is_empty() {
                json!({"type": "string"})
            } else {
                json!({"type": "string", "enum": known})
            }
        }
    }
}

/// Returns the JSON Schema of a verb's answer: that of `foster schema`, which covers answers that are complete. One
/// with `ok: false` may hold no more than the envelope and the error.
pub fn answer_schema(verb: &Verb) -> Option<Value> {
    let answer = foster_service::schema(Some(verb.name)).ok()?;
    answer.schemas.into_values().next()
}
