use std::time::Duration;

use foster_process::{GracefulTimeouts, UnixPhases};

/// How often a sink is tried.
pub const ATTEMPTS: u32 = 3;

/// How long a command may run, each time. Then its tree is ended.
pub const COMMAND_TIMEOUT: Duration = Duration::from_secs(30);

/// How long one request may take.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(8);

/// How long is waited before a sink is tried again, the first time; then four times as long.
pub const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// How long a notifier goes on telling when the run is over. What it has not told by then it tells
/// nobody.
pub const AFTER_THE_END: Duration = Duration::from_mins(5);

/// How long threads are given to write down what they know once their processes were killed.
pub const LAST_WORDS: Duration = Duration::from_secs(3);

/// How the tree of a command is ended whose time is up.
pub fn ending() -> GracefulTimeouts {
    let grace = Duration::from_secs(2);
    GracefulTimeouts::builder()
        .unix(UnixPhases::terminate_only(grace))
        .windows(grace)
        .build()
}
