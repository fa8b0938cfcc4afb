//! Stops itself with SIGSTOP; continued, it goes on sleeping.
//!
//! `[--pid-file F]`
//!
//! Says `ready` just before, and `continued` if it is continued.

#![expect(clippy::print_stdout, reason = "that is how it speaks")]
#![expect(
    clippy::expect_used,
    reason = "a habit that can't act stops there and then"
)]

use foster_testkit::parts::{Args, ready, rest_to_the_limit};
use rustix::process::{Signal, getpid, kill_process};

fn main() {
    let mut args = Args::of_this_process();
    let pid_file = args.path("--pid-file");
    args.end();

    ready(pid_file.as_deref());
    kill_process(getpid(), Signal::STOP).expect("it can signal itself");
    println!("continued");
    rest_to_the_limit();
}
