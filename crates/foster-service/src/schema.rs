use std::collections::BTreeMap;

use foster_model::answer::{
    DoctorAnswer, KillAnswer, ListAnswer, LogLine, LogsAnswer, RecoverAnswer, RunAnswer,
    SchemaAnswer, StatusAnswer, TailAnswer, WaitAnswer,
};
use foster_model::{Definition, Entry, ErrorBody, SCHEMA_VERSION, StateFile};
use schemars::{JsonSchema, generate::SchemaSettings};
use serde_json::{Value, json};

use crate::error::ServiceError;

/// Returns the JSON Schemas (2020-12) of answers and files, made from the types: one, or all.
///
/// # Errors
/// There is none of this name.
pub fn schema(name: Option<&str>) -> Result<SchemaAnswer, ServiceError> {
    let mut all = all();
    let schemas = match name {
        None => all,
        Some(name) => {
            let found = all.remove_entry(name);
            let missing = || ServiceError::UnknownSchema(name.to_owned());
            BTreeMap::from([found.ok_or_else(missing)?])
        }
    };
    Ok(SchemaAnswer { schemas })
}

fn all() -> BTreeMap<String, Value> {
    let rows = [
        ("doctor", answer::<DoctorAnswer>("doctor")),
        ("kill", answer::<KillAnswer>("kill")),
        ("list", answer::<ListAnswer>("list")),
        ("logs", answer::<LogsAnswer>("logs")),
        ("ps", answer::<ListAnswer>("ps")),
        ("recover", answer::<RecoverAnswer>("recover")),
        ("run", answer::<RunAnswer>("run")),
        ("schema", answer::<SchemaAnswer>("schema")),
        ("status", answer::<StatusAnswer>("status")),
        ("tail", answer::<TailAnswer>("tail")),
        ("wait", answer::<WaitAnswer>("wait")),
        ("error", error()),
        ("event", plain::<Entry>()),
        ("log_line", plain::<LogLine>()),
        ("meta_file", plain::<Definition>()),
        ("state_file", plain::<StateFile>()),
    ];
    rows.into_iter()
        .map(|(name, schema)| (name.to_owned(), schema))
        .collect()
}

fn plain<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    settings
        .into_generator()
        .into_root_schema_for::<T>()
        .to_value()
}

/// The schema of an answer within its envelope.
fn answer<T: JsonSchema>(verb: &str) -> Value {
    let mut schema = plain::<T>();
    add_property(
        &mut schema,
        "schema_version",
        json!({"const": SCHEMA_VERSION}),
    );
    add_property(&mut schema, "ok", json!({"type": "boolean"}));
    add_property(&mut schema, "type", json!({"const": verb}));
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        // Beside an answer that is complete and yet tells of something that could not be done.
        properties.insert("error".to_owned(), json!({"type": "object"}));
    }
    schema
}

/// The schema of an answer with `ok: false`.
fn error() -> Value {
    let mut body = plain::<ErrorBody>();
    let definitions = body.as_object_mut().and_then(|body| body.remove("$defs"));
    let mut schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": {"error": body},
        "required": ["error"],
    });
    if let (Some(definitions), Some(schema)) = (definitions, schema.as_object_mut()) {
        schema.insert("$defs".to_owned(), definitions);
    }
    add_property(
        &mut schema,
        "schema_version",
        json!({"const": SCHEMA_VERSION}),
    );
    add_property(&mut schema, "ok", json!({"const": false}));
    add_property(&mut schema, "type", json!({"type": "string"}));
    schema
}

fn add_property(schema: &mut Value, name: &str, property: Value) {
    let Some(object) = schema.as_object_mut() else {
        return;
    };
    let properties = object.entry("properties").or_insert_with(|| json!({}));
    if let Some(properties) = properties.as_object_mut() {
        properties.insert(name.to_owned(), property);
    }
    let required = object.entry("required").or_insert_with(|| json!([]));
    if let Some(required) = required.as_array_mut() {
        required.push(json!(name));
    }
}
