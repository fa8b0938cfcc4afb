use std::collections::BTreeMap;

use foster_model::answer::{
    ConfigAnswer, CreateAnswer, DeadlineAnswer, DeleteAnswer, DoctorAnswer, GcAnswer,
    InstallSkillAnswer, JobEvent, KillAnswer, ListAnswer, LogLine, LogsAnswer, ManAnswer,
    NotifyAnswer, ProcessesAnswer, RecoverAnswer, RunAnswer, SchemaAnswer, SendAnswer, ServeAnswer,
    StatusAnswer, TagAnswer, TailAnswer, UiAnswer, WaitAnswer,
};
use foster_model::{
    CompletionFile, Definition, Entry, ErrorBody, FinishEvent, MatchDelivery, MatchEvent,
    SCHEMA_VERSION, StateFile,
};
use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};
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
        ("config", answer::<ConfigAnswer>("config")),
        ("create", answer::<CreateAnswer>("create")),
        ("deadline", answer::<DeadlineAnswer>("deadline")),
        ("doctor", answer::<DoctorAnswer>("doctor")),
        (
            "install-skill",
            answer::<InstallSkillAnswer>("install-skill"),
        ),
        ("delete", answer::<DeleteAnswer>("delete")),
        ("gc", answer::<GcAnswer>("gc")),
        ("kill", answer::<KillAnswer>("kill")),
        ("list", answer::<ListAnswer>("list")),
        ("logs", answer::<LogsAnswer>("logs")),
        ("man", answer::<ManAnswer>("man")),
        ("notify", answer::<NotifyAnswer>("notify")),
        ("processes", answer::<ProcessesAnswer>("processes")),
        ("ps", answer::<ListAnswer>("ps")),
        ("recover", answer::<RecoverAnswer>("recover")),
        ("restart", answer::<RunAnswer>("restart")),
        ("run", answer::<RunAnswer>("run")),
        ("schema", answer::<SchemaAnswer>("schema")),
        ("send", answer::<SendAnswer>("send")),
        ("serve", answer::<ServeAnswer>("serve")),
        ("start", answer::<RunAnswer>("start")),
        ("status", answer::<StatusAnswer>("status")),
        ("tag", answer::<TagAnswer>("tag")),
        ("tail", answer::<TailAnswer>("tail")),
        ("ui", answer::<UiAnswer>("ui")),
        ("wait", answer::<WaitAnswer>("wait")),
        ("error", error()),
        ("event", answer::<JobEvent>("event")),
        ("journal_entry", plain::<Entry>()),
        ("log_line", plain::<LogLine>()),
        ("completion_file", plain::<CompletionFile>()),
        ("job_finished_event", plain::<FinishEvent>()),
        ("job_output_matched_event", plain::<MatchEvent>()),
        ("output_delivery", plain::<MatchDelivery>()),
        ("meta_file", plain::<Definition>()),
        ("state_file", plain::<StateFile>()),
    ];
    rows.into_iter()
        .map(|(name, schema)| (name.to_owned(), schema))
        .collect()
}

fn plain<T: JsonSchema>() -> Value {
    generator().into_root_schema_for::<T>().to_value()
}

fn generator() -> SchemaGenerator {
    SchemaSettings::draft2020_12()
        .for_serialize()
        .into_generator()
}

/// The schema of an answer within its envelope.
fn answer<T: JsonSchema>(verb: &str) -> Value {
    let mut generator = generator();
    let error = generator.subschema_for::<ErrorBody>().to_value();
    let mut schema = generator.into_root_schema_for::<T>().to_value();
    add_envelope(
        &mut schema,
        &json!({"type": "boolean"}),
        &json!({"const": verb}),
    );
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        // Beside an answer that is complete and yet tells of something that could not be done.
        properties.insert("error".to_owned(), error);
    }
    schema
}

/// The schema of an answer with `ok: false`.
fn error() -> Value {
    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "only its shape is wanted")]
    struct Refusal {
        /// What went wrong.
        error: ErrorBody,
    }
    let mut schema = plain::<Refusal>();
    add_envelope(
        &mut schema,
        &json!({"const": false}),
        &json!({"type": "string"}),
    );
    schema
}

fn add_envelope(schema: &mut Value, ok: &Value, kind: &Value) {
    add_property(schema, "schema_version", json!({"const": SCHEMA_VERSION}));
    add_property(schema, "ok", ok.clone());
    add_property(schema, "type", kind.clone());
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
