//! Requests as objects: their schema, and how they become the words of a command line.

mod arguments;
mod kind;
mod schema;
#[cfg(test)]
mod tests;
mod wording;

pub use schema::{answer_schema, request_schema};

pub(crate) use arguments::arguments;
pub(crate) use wording::in_fields;

/// The fields of a request: the options of its verb by their long names, with `_` for `-`, and its arguments by
/// their own.
pub type Fields = serde_json::Map<String, serde_json::Value>;
