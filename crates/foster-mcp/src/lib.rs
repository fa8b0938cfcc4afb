//! Foster as an MCP server on a pair of streams: its verbs as tools, its jobs as resources.
//!
//! Theory of operation. `rmcp` speaks the protocol, in every version that is in use; this crate says what is
//! served. `tools` makes the list of tools from `foster_api::VERBS`, and `call` hands a call to
//! [`foster_api::Door`], whose document becomes `structuredContent`, and `text` the short text beside it.
//! `resources` shows jobs and their output under `foster://jobs/…`, and `subscriptions` tells when one
//! of them changes. `transport` reads and writes lines.
//!
//! Verbs block their thread. So each call has a thread of its own while it lasts, and `lanes` keeps those that
//! may wait long from taking the threads of those that answer at once. All else runs on one thread. A call is called
//! back by the interrupt in its context, which a cancellation and the end of the session both use.
//!
//! Nothing here ends a job when the client goes away, and nothing but the protocol is written to the stream.

mod call;
mod instructions;
mod lanes;
mod progress;
mod resources;
mod serve;
mod server;
mod subscriptions;
mod text;
mod tools;
mod transport;

pub use serve::{ServeError, serve};
pub use tools::TOOLS;
