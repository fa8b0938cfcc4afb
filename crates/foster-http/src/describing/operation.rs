use std::collections::BTreeSet;

use axum::http::Method;
use foster_api::{Effect, Verb, request_schema};
use foster_model::ErrorCode;
use serde_json::{Map, Value, json};

use super::schemas::Schemas;
use crate::routes::{Named, Route, Target};
use crate::status::status;

/// Returns what the document says of a route.
pub fn of(route: &Route, schemas: &mut Schemas) -> Value {
    match route.target {
        Target::Verb { name, path, fixed } => match foster_api::verb(name) {
            Some(verb) => of_verb(route, verb, path, fixed, schemas),
            None => json!({}),
        },
        Target::Document => {
            let content = json!({"application/json": {"schema": {"type": "object"}}});
            operation(route, "This document", "", &[], &content)
        }
        Target::Output => {
            let mut parameters = vec![
                parameter("path", "job", true, &json!({"type": "string"}), "The job"),
                parameter(
                    "path",
                    "stream",
                    true,
                    &json!({"enum": ["stdout", "stderr"]}),
                    "The stream",
                ),
            ];
            for (name, text) in [
                (
                    "run",
                    "The run; the first is 1, and without it the newest is meant",
                ),
                ("from", "The offset to begin at, in bytes"),
                (
                    "tail",
                    "How many bytes before the end to begin, at the start of a line",
                ),
            ] {
                parameters.push(parameter("query", name, false, &count(), text));
            }
            parameters.push(parameter(
                "header",
                "Last-Event-ID",
                false,
                &count(),
                "The offset to go on at",
            ));
            schemas.add_answer("log_line");
            let text = "Each `line` has a `log_line`, and as its id the offset after it; `end` has the answer of logs. A line that is not \
                        complete for a while comes in pieces.";
            stream(route, "A job's output, as it comes", text, &parameters)
        }
        Target::Events => {
            let job = route.path.contains("{job}");
            let mut parameters = Vec::new();
            if job {
                parameters.push(parameter(
                    "path",
                    "job",
                    true,
                    &json!({"type": "string"}),
                    "The job",
                ));
            }
            let since = "Tell what happened then or later: a duration, for so long ago, or a time";
            parameters.push(parameter(
                "query",
                "since",
                false,
                &json!({"type": "string"}),
                since,
            ));
            schemas.add_answer("event");
            let title = if job {
                "What happens to a job"
            } else {
                "What happens to jobs"
            };
            stream(
                route,
                title,
                "Each `event` has an answer of the type `event`.",
                &parameters,
            )
        }
        Target::Changes => {
            let verb = foster_api::verb("list");
            let parameters = verb
                .map(|verb| in_query(&request_schema(verb), &[]))
                .unwrap_or_default();
            let text = "`list` has the answer of list, at once and whenever it is another.";
            stream(
                route,
                "The jobs, and again whenever they change",
                text,
                &parameters,
            )
        }
    }
}

fn of_verb(
    route: &Route,
    verb: &Verb,
    path: &[Named],
    fixed: &[(&str, &str)],
    schemas: &mut Schemas,
) -> Value {
    let answer = schemas.add_answer(verb.name);
    let said: Vec<&str> = path
        .iter()
        .map(|named| named.field)
        .chain(fixed.iter().map(|(field, _)| *field))
        .collect();
    let mut request = request_schema(verb);
    let mut parameters: Vec<Value> = path
        .iter()
        .map(|named| {
            let text = request["properties"][named.field]["description"].clone();
            let text = text.as_str().unwrap_or_default();
            parameter(
                "path",
                named.parameter,
                true,
                &json!({"type": "string", "minLength": 1}),
                text,
            )
        })
        .collect();
    let takes_body = route.method == Method::POST;
    if !takes_body {
        parameters.extend(in_query(&request, &said));
    }
    let content = json!({"application/json": {"schema": answer}});
    let mut operation = operation(route, verb.title, verb.advice, &parameters, &content);
    if takes_body {
        leave_out(&mut request, &said);
        let required = request["required"].is_array();
        let name = if path.is_empty() {
            format!("{}_request", verb.name)
        } else {
            format!("{}_of_job_request", verb.name)
        };
        let schema = schemas.add(&name, request);
        operation["requestBody"] = json!({
            "required": required,
            "content": {"application/json": {"schema": schema}},
        });
    }
    operation["x-foster-verb"] = json!(verb.name);
    operation["x-foster-effect"] = json!(match verb.effect {
        Effect::Looks => "looks",
        Effect::Adds => "adds",
        Effect::Sets => "sets",
        Effect::Ends => "ends",
        Effect::EndsAndAdds => "ends_and_adds",
    });
    operation
}

/// Takes fields out of the schema of a request that are said in another way.
fn leave_out(request: &mut Value, said: &[&str]) {
    if let Some(properties) = request["properties"].as_object_mut() {
        properties.retain(|name, _| !said.contains(&name.as_str()));
    }
    let Some(object) = request.as_object_mut() else {
        return;
    };
    let mut left = 0;
    if let Some(required) = object.get_mut("required").and_then(Value::as_array_mut) {
        required.retain(|name| !said.iter().any(|said| name == said));
        left = required.len();
    }
    if left == 0 {
        object.remove("required");
    }
}

/// Returns the fields of a request as parameters of a query.
fn in_query(request: &Value, said: &[&str]) -> Vec<Value> {
    let required = request["required"].as_array().cloned().unwrap_or_default();
    let nothing = Map::new();
    let properties = request["properties"].as_object().unwrap_or(&nothing);
    let given = properties
        .iter()
        .filter(|(name, _)| !said.contains(&name.as_str()));
    given
        .map(|(name, schema)| {
            let mut schema = schema.clone();
            let text = schema
                .as_object_mut()
                .and_then(|schema| schema.remove("description"));
            let text = text.as_ref().and_then(Value::as_str).unwrap_or_default();
            let must = required.iter().any(|required| required == name);
            parameter("query", name, must, &schema, text)
        })
        .collect()
}

fn parameter(place: &str, name: &str, required: bool, schema: &Value, text: &str) -> Value {
    json!({"in": place, "name": name, "required": required, "schema": schema, "description": text})
}

fn count() -> Value {
    json!({"type": "integer", "minimum": 0})
}

fn stream(route: &Route, title: &str, text: &str, parameters: &[Value]) -> Value {
    let content = json!({"text/event-stream": {"schema": {"type": "string"}}});
    let text = format!("Server-sent events. {text} `failure` has an error.");
    operation(route, title, &text, parameters, &content)
}

fn operation(
    route: &Route,
    title: &str,
    text: &str,
    parameters: &[Value],
    content: &Value,
) -> Value {
    let statuses: BTreeSet<u16> = ErrorCode::ALL
        .into_iter()
        .map(|code| status(code).as_u16())
        .collect();
    let mut responses: Map<String, Value> = statuses
        .into_iter()
        .map(|status| {
            let reference = format!("#/components/responses/error{status}");
            (status.to_string(), json!({"$ref": reference}))
        })
        .collect();
    responses.insert(
        "200".to_owned(),
        json!({"description": "done", "content": content}),
    );
    let mut operation = json!({
        "operationId": operation_id(route),
        "summary": title,
        "responses": responses,
    });
    if !text.is_empty() {
        operation["description"] = json!(text);
    }
    if !parameters.is_empty() {
        operation["parameters"] = json!(parameters);
    }
    operation
}

/// Returns a name that no other row has: the method and the words of the path.
fn operation_id(route: &Route) -> String {
    let words = route.path.trim_start_matches("/v1/").split(['/', '.']);
    let words = words.map(|word| word.trim_matches(['{', '}']));
    let words: Vec<_> = words.collect();
    format!(
        "{}_{}",
        route.method.as_str().to_lowercase(),
        words.join("_")
    )
}
