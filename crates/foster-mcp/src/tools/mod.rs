//! Which verbs are tools, and how they are described.

mod compact;

use std::sync::{Arc, OnceLock};

use foster_api::{Effect, Verb, answer_schema, request_schema};
use rmcp::ErrorData;
use rmcp::model::{JsonObject, Tool, ToolAnnotations};
use serde_json::Value;

use crate::server::shortened;

/// The verbs that are tools: what an agent does with jobs. What is left is for people who look after a machine, and
/// would cost every model its place in the list.
pub const TOOLS: [&str; 15] = [
    "run", "status", "list", "tail", "logs", "wait", "kill", "send", "create", "start", "restart",
    "delete", "tag", "notify", "deadline",
];

/// Returns the verb of a tool.
///
/// # Errors
/// There is no such tool.
pub fn verb(name: &str) -> Result<&'static Verb, ErrorData> {
    let known = TOOLS.contains(&name).then(|| foster_api::verb(name));
    known.flatten().ok_or_else(|| {
        let text = format!("there is no tool {:?}", shortened(name));
        ErrorData::invalid_params(text, None)
    })
}

/// Returns all tools.
pub fn all() -> Vec<Tool> {
    static ALL: OnceLock<Vec<Tool>> = OnceLock::new();
    let verbs = || TOOLS.iter().filter_map(|name| foster_api::verb(name));
    ALL.get_or_init(|| verbs().map(tool).collect()).clone()
}

fn tool(verb: &'static Verb) -> Tool {
    let mut input = object(request_schema(verb));
    // The dialect that it names is the protocol's default, and some clients' validators know no other name.
    input.remove("$schema");
    let tool = Tool::new(verb.name, verb.advice, Arc::new(input))
        .with_title(verb.title)
        .with_annotations(annotations(verb));
    match answer_schema(verb) {
        Some(schema) => tool.with_raw_output_schema(Arc::new(compact::output(object(schema)))),
        None => tool,
    }
}

fn object(schema: Value) -> JsonObject {
    match schema {
        Value::Object(schema) => schema,
        _ => JsonObject::new(),
    }
}

fn annotations(verb: &Verb) -> ToolAnnotations {
    let (looks, ends, again) = match verb.effect {
        Effect::Looks => (true, false, true),
        Effect::Adds => (false, false, false),
        Effect::Sets => (false, false, true),
        Effect::Ends => (false, true, true),
        Effect::EndsAndAdds => (false, true, false),
    };
    // A command may do anything: what executes one, or writes to one, is as open and as destructive as it is.
    let executes = matches!(verb.name, "run" | "start" | "restart" | "send");
    // Whom a job tells may be a command or a machine elsewhere.
    let tells = verb.name == "notify";
    ToolAnnotations::new()
        .read_only(looks)
        .destructive(ends || executes)
        .idempotent(again)
        .open_world(executes || tells)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_tool_is_a_verb_with_schemas() {
        assert_eq!(all().len(), TOOLS.len());
        for tool in all() {
            assert!(tool.output_schema.is_some(), "{}", tool.name);
            assert_eq!(tool.input_schema["type"], "object", "{}", tool.name);
        }
        assert!(verb("gc").is_err() && verb("Run").is_err() && verb("").is_err());
    }
}
