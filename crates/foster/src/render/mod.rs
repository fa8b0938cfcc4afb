//! Turns answers into what is written: JSON, YAML, or text for people.

mod document;
pub mod text;

use foster_api::args::Format;
use foster_model::ErrorBody;
use foster_service::Outcome;
use serde::Serialize;

use crate::output::Colors;

pub use document::{json_line, yaml_item};
pub use text::Text;

/// How answers are to look.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    /// Their form.
    pub format: Format,
    /// Whether JSON is spread over lines.
    pub pretty: bool,
    /// Whether a terminal shows the text, and would act on what a job printed.
    pub terminal: bool,
    /// How wide lines of text may be, if that matters.
    pub width: Option<u16>,
    /// Where text has colours. Other forms never have any.
    pub colors: Colors,
}

/// What goes to standard output and to standard error.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Rendered {
    /// For standard output.
    pub out: Vec<u8>,
    /// For standard error.
    pub err: Vec<u8>,
}

impl From<Vec<u8>> for Rendered {
    fn from(out: Vec<u8>) -> Self {
        Self {
            out,
            err: Vec::new(),
        }
    }
}

/// Returns an answer as it is to be written.
pub fn answer<T: Serialize + Text>(style: Style, kind: &str, outcome: &Outcome<T>) -> Rendered {
    let error = outcome.error.as_ref();
    if style.format != Format::Text {
        return document::answer(style, kind, Some(&outcome.answer), error);
    }
    let mut out = String::new();
    outcome.answer.text(style, &mut out);
    Rendered {
        out: out.into_bytes(),
        err: error
            .map(|error| text::error(style, error))
            .unwrap_or_default()
            .into_bytes(),
    }
}

/// Returns one of many documents, in its envelope.
pub fn one_of_many<T: Serialize>(style: Style, kind: &str, item: &T) -> Vec<u8> {
    document::one_of_many(style, kind, Some(item), None)
}

/// Returns an error that is one of many documents.
pub fn failure_of_many(style: Style, kind: &str, error: &ErrorBody) -> Vec<u8> {
    document::one_of_many::<()>(style, kind, None, Some(error))
}

/// Returns an error as it is to be written.
pub fn failure(style: Style, kind: &str, error: &ErrorBody) -> Rendered {
    match style.format {
        Format::Text => Rendered {
            out: Vec::new(),
            err: text::error(style, error).into_bytes(),
        },
        _ => document::answer::<()>(style, kind, None, Some(error)),
    }
}

#[cfg(test)]
mod tests;
