//! `foster mcp`, as a client sees it: over pipes, by lines of JSON-RPC.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at what it did not expect"
)]

mod client;

mod agents;
mod bad_input;
mod clients;
mod end;
mod handshake;
mod hostile;
mod resources;
mod subscriptions;
mod tools;
mod waiting;
