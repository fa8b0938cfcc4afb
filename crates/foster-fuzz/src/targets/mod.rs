//! One file for each reader.

mod config;
mod control;
mod definition;
mod digest;
mod dotenv;
mod ids;
mod index;
mod journal;
mod kept;
mod limits;
mod line_parser;
mod redaction;
mod state;
mod tags;
mod timeline;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Target;

/// All of them.
pub const TARGETS: [Target; 15] = [
    named("config", config::check),
    named("control", control::check),
    named("definition", definition::check),
    named("digest", digest::check),
    named("dotenv", dotenv::check),
    named("ids", ids::check),
    named("index", index::check),
    named("journal", journal::check),
    named("kept", kept::check),
    named("limits", limits::check),
    named("line_parser", line_parser::check),
    named("redaction", redaction::check),
    named("state", state::check),
    named("tags", tags::check),
    named("timeline", timeline::check),
];

const fn named(name: &'static str, check: fn(&[u8])) -> Target {
    Target { name, check }
}

/// Makes sure that what was written is what is read back.
fn assert_survives_json<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(value: &T) {
    let text = serde_json::to_vec(value).expect("what was read can be written");
    let again: T = serde_json::from_slice(&text).expect("what was written can be read");
    assert_eq!(&again, value);
}
