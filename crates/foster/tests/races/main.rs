//! Two who want something of one job at the same moment, and whoever dies in the middle: there is one
//! truth at the end, every answer has told it, and nothing is left.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at what it did not expect"
)]

mod crowds;
mod guardians;
mod launchers;
mod pairs;
mod setting;
mod truth;
mod verbs;
