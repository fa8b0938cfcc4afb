//! The configuration: what may be set, from where a value came, and what is wrong with one.
//!
//! Every key stands once, in `table.rs`: its type, its default and its meaning. From there come the
//! typed [`Settings`], the names of the environment's variables, what a file may hold, what
//! `foster config show` tells and `docs/configuration.md`.
//!
//! It is pure: it is told the text of the file and the pairs of the environment, so that each front
//! end that reads them merges them in the same way. What was typed goes before the environment, that
//! before the file, that before the default.

mod error;
mod file;
mod kind;
mod merge;
mod suggest;
mod table;

pub use error::ConfigError;
pub use file::ConfigFile;
pub use kind::AnswerForm;
pub use merge::{Config, Layers, Resolved};
pub use table::{Gc, General, KEYS, Key, List, Run, Settings, Wait, key};

#[cfg(test)]
mod tests;
