//! Who may do what to a job, and what a job may do to whom: each claim of `docs/threat-model.md`.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at what it did not expect"
)]

mod common;

mod configuration;
mod control;
mod deputy;
mod descriptors;
mod handover;
mod links;
mod lookup;
mod modes;
mod network;
mod page;
mod strangers;
mod terminal;
