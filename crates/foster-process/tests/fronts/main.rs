//! The same cases through both fronts: the blocking one, and the one under tokio.
#![cfg(all(target_os = "linux", not(foster_portable)))]
#![expect(clippy::panic, clippy::unwrap_used, reason = "this is a test")]

mod adverse;
mod asynchronous;
#[path = "../common/mod.rs"]
mod common;
mod completion;
mod dropping;
mod ending;
mod front;
mod output;
mod scarce;
mod starting;
mod writing;
