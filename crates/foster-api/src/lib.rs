//! What can be asked of Foster, defined once for its command line, for MCP and for HTTP.
//!
//! Theory of operation. [`args`] defines each verb: its arguments, their forms, their defaults and which exclude each
//! other. The command line reads words with it. MCP and HTTP have objects instead: [`Fields`], named as the
//! long options are, with `_` for `-`. They become words and are read by the same definition, so that a
//! front end can't know another default, another form of a duration or another rule than the others.
//! [`request_schema`] shows the definition as JSON Schema. [`Door`] carries a call out, by `foster-service`, and answers
//! with the document that the command line prints. [`VERBS`] is the table of what can be called so.
//!
//! Refused: a structure of its own for each request beside the arguments of the command line. It would say
//! some two hundred options a second time, and nothing would keep the two alike.
//!
//! Nothing here prints, or reads the environment.

pub mod args;
mod door;
mod envelope;
mod failure;
mod fields;
mod harmless;
mod verbs;

pub use door::{Answer, Door};
pub use envelope::{Envelope, document};
pub use failure::Failure;
pub use fields::{Fields, answer_schema, request_schema};
pub use harmless::{acts_on_a_terminal, harmless_json};
pub use verbs::{Effect, VERBS, Verb, verb};
