//! What a model is shown of an answer: how things stand in a line or a few, and what was printed.
//!
//! What a command has printed, and what somebody has called a job, may be written to mislead whoever reads it. It is
//! shown between fences that it can't close, with everything escaped that does something else than be read.

mod fence;
mod harmless;
mod lines;

use foster_api::Answer;
use foster_model::ErrorBody;
use serde_json::Value;

pub use harmless::{harmless, one_line};

/// The longest text of one answer, in bytes. The document has all of it.
const LONGEST: usize = 64 << 10;
/// How much of an error is shown.
const ERROR: usize = 2 << 10;

/// Returns the text of an answer.
pub fn of(answer: &Answer) -> String {
    let mut text = String::new();
    if let Some(error) = &answer.error {
        text.push_str(&of_error(error));
    }
    let document = &answer.document;
    for line in lines::of(answer.kind, document) {
        add(&mut text, &line);
    }
    let room = LONGEST.saturating_sub(text.len());
    for part in output(answer.kind, document, room) {
        add(&mut text, &part);
    }
    if text.is_empty() {
        text.push_str("done");
    }
    text
}

fn of_error(error: &ErrorBody) -> String {
    let message = one_line(&error.message, ERROR);
    match &error.hint {
        Some(hint) => format!(
            "{}: {message} ({})",
            error.code.as_str(),
            one_line(hint, ERROR)
        ),
        None => format!("{}: {message}", error.code.as_str()),
    }
}

fn add(text: &mut String, part: &str) {
    if !text.is_empty() {
        text.push('\n');
    }
    text.push_str(part);
}

/// Returns what was printed, as far as the answer has it.
fn output(kind: &str, document: &Value, room: usize) -> Vec<String> {
    if let Some(lines) = document["lines"].as_array() {
        let lines: Vec<_> = lines
            .iter()
            .filter_map(|line| line["text"].as_str())
            .collect();
        return vec![fence::around("output", &lines.join("\n"), room)];
    }
    let excerpts = match document.get("snapshot") {
        Some(snapshot) => snapshot,
        None if kind == "tail" => document,
        None => return Vec::new(),
    };
    let streams = ["stdout", "stderr"].map(|stream| (stream, &excerpts[stream]));
    let shown = streams
        .into_iter()
        .filter(|(_, excerpt)| excerpt.is_object());
    shown
        .map(|(stream, excerpt)| of_excerpt(stream, excerpt, room / 2))
        .collect()
}

fn of_excerpt(stream: &str, excerpt: &Value, room: usize) -> String {
    let digest = excerpt["digest"]["text"].as_str();
    let text = digest.or(excerpt["tail"].as_str()).unwrap_or_default();
    if text.is_empty() {
        return format!("{stream}: nothing");
    }
    let name = if excerpt["truncated"] == true {
        let (shown, all) = (&excerpt["included_bytes"], &excerpt["observed_bytes"]);
        format!("{stream} ({shown} of {all} bytes)")
    } else {
        stream.to_owned()
    };
    fence::around(&name, text, room)
}
