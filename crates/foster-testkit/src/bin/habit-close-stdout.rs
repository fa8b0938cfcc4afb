//! Lets go of both its output streams and lives on.
//!
//! `[--seconds S] [--exit-code N] [--pid-file F]`
//!
//! Says `ready`, puts `/dev/null` in the place of descriptors 1 and 2 (a reader sees the end of
//! file, just as if they were closed), goes on for `S` seconds (default and most: 120) and exits
//! with `N` (default 0).

#![expect(
    clippy::expect_used,
    reason = "a habit that can't act stops there and then"
)]

use std::fs::OpenOptions;
use std::process::ExitCode;
use std::time::Duration;

use foster_testkit::parts::{Args, LIMIT, ready, rest};

fn main() -> ExitCode {
    let mut args = Args::of_this_process();
    let time = args
        .number("--seconds")
        .map_or(LIMIT, Duration::from_secs_f64);
    let exit_code: u8 = args.number("--exit-code").unwrap_or(0);
    let pid_file = args.path("--pid-file");
    args.end();

    ready(pid_file.as_deref());
    let null = OpenOptions::new()
        .write(true)
        .open("/dev/null")
        .expect("/dev/null can be opened");
    rustix::stdio::dup2_stdout(&null).expect("standard output can be replaced");
    rustix::stdio::dup2_stderr(&null).expect("standard error can be replaced");
    rest(time);
    exit_code.into()
}
