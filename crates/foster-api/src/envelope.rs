use foster_model::{ErrorBody, ErrorCode, SCHEMA_VERSION};
use serde::Serialize;

/// What stands around every answer.
#[derive(Debug, Serialize)]
pub struct Envelope<'a, T: Serialize> {
    schema_version: &'static str,
    ok: bool,
    #[serde(rename = "type")]
    kind: &'a str,
    #[serde(flatten)]
    answer: Option<&'a T>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a ErrorBody>,
}

impl<'a, T: Serialize> Envelope<'a, T> {
    /// Returns the document of a call of the verb `kind`: with an answer, an error, or an answer that tells
    /// of something that could not be done.
    pub fn new(kind: &'a str, answer: Option<&'a T>, error: Option<&'a ErrorBody>) -> Self {
        Self {
            schema_version: SCHEMA_VERSION,
            ok: error.is_none(),
            kind,
            answer,
            error,
        }
    }
}

/// Returns the document as JSON.
pub fn document<T: Serialize>(
    kind: &str,
    answer: Option<&T>,
    error: Option<&ErrorBody>,
) -> serde_json::Value {
    let written = serde_json::to_value(Envelope::new(kind, answer, error));
    written.unwrap_or_else(|error| {
        // None of the model's types can bring that about.
        let message = format!("the answer can't be written: {error}");
        let body = ErrorCode::Internal.body(message);
        serde_json::json!({
            "schema_version": SCHEMA_VERSION, "ok": false, "type": kind, "error": body,
        })
    })
}
