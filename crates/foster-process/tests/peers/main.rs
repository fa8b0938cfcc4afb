//! What was seen to go wrong with others, case by case: each test is named after what is promised
//! here, and says which finding it answers.
#![cfg(all(target_os = "linux", not(foster_portable)))]
#![expect(clippy::panic, clippy::unwrap_used, reason = "this is a test")]

#[path = "../common/mod.rs"]
mod common;
mod fresh;
#[path = "../fronts/front.rs"]
#[expect(dead_code, reason = "these tests use a part of it")]
mod front;
mod recycled;
mod tokio_process_tools;
mod vtcode;

use std::time::Duration;

use foster_process::{GracefulTimeouts, UnixPhases};

/// TERM, so much time, KILL.
fn term(grace: Duration) -> GracefulTimeouts {
    let builder = GracefulTimeouts::builder().unix(UnixPhases::terminate_only(grace));
    builder.windows(grace).build()
}
