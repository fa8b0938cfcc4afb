use foster_api::{Envelope, harmless_json};
use foster_model::{ErrorBody, ErrorCode, SCHEMA_VERSION};
use serde::Serialize;

use super::{Format, Rendered, Style};

/// One of many documents, which belong to one answer.
#[derive(Serialize)]
struct Item<'a, T: Serialize> {
    #[serde(rename = "type")]
    kind: &'a str,
    #[serde(flatten)]
    item: &'a T,
}

/// Returns the one document that a call answers with.
pub fn answer<T: Serialize>(
    style: Style,
    kind: &str,
    answer: Option<&T>,
    error: Option<&ErrorBody>,
) -> Rendered {
    let envelope = Envelope::new(kind, answer, error);
    let out = match style.format {
        Format::Yaml => yaml(&envelope),
        _ => json(&envelope, style.pretty),
    };
    Rendered {
        out: out.unwrap_or_else(|message| unwritable(kind, &message)),
        err: Vec::new(),
    }
}

/// Returns one of many documents, each of which is an answer: a line of JSON, or a document of a YAML
/// stream.
pub fn one_of_many<T: Serialize>(
    style: Style,
    kind: &str,
    item: Option<&T>,
    error: Option<&ErrorBody>,
) -> Vec<u8> {
    let out = answer(style, kind, item, error).out;
    match style.format {
        Format::Yaml => [b"---\n", out.as_slice()].concat(),
        _ => out,
    }
}

/// Returns one of many documents as one line of JSON.
pub fn json_line<T: Serialize>(kind: &str, item: &T) -> Vec<u8> {
    json(&Item { kind, item }, false).unwrap_or_else(|message| unwritable(kind, &message))
}

/// Returns one of many documents as one document of a YAML stream.
pub fn yaml_item<T: Serialize>(kind: &str, item: &T) -> Vec<u8> {
    let text = yaml(&Item { kind, item }).unwrap_or_else(|message| unwritable(kind, &message));
    [b"---\n", text.as_slice()].concat()
}

fn json<T: Serialize>(document: &T, pretty: bool) -> Result<Vec<u8>, String> {
    let text = if pretty {
        serde_json::to_string_pretty(document)
    } else {
        serde_json::to_string(document)
    };
    let mut text = harmless_json(text.map_err(|error| error.to_string())?);
    text.push('\n');
    Ok(text.into_bytes())
}

fn yaml<T: Serialize>(document: &T) -> Result<Vec<u8>, String> {
    let mut text = serde_saphyr::to_string(document).map_err(|error| error.to_string())?;
    if !text.ends_with('\n') {
        text.push('\n');
    }
    Ok(text.into_bytes())
}

/// Returns the document that stands in for one that could not be written; none of the model's types
/// can bring that about.
fn unwritable(kind: &str, message: &str) -> Vec<u8> {
    let error = ErrorCode::Internal.body(format!("the answer can't be written: {message}"));
    let value = serde_json::json!({
        "schema_version": SCHEMA_VERSION, "ok": false, "type": kind, "error": error,
    });
    format!("{value}\n").into_bytes()
}
