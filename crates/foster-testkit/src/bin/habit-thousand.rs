//! Leaves a crowd of daemons behind.
//!
//! `[--count N] --pid-file F [--stay]`
//!
//! Starts `N` (default 1000) daemons, each through a middle process of its own that has exited, in
//! a session of its own and with null streams. Each appends its pid as a line to `F`. Once all are
//! there, the leader says `ready` and exits with 0, or sleeps with `--stay`.

#![expect(
    clippy::expect_used,
    reason = "a habit that can't act stops there and then"
)]

use std::fs::OpenOptions;
use std::path::Path;
use std::process::Stdio;

use foster_testkit::parts::{
    Args, RollCall, again, answer_roll_call, let_loose, ready, rest_to_the_limit, run_middle,
    write_all,
};

fn main() {
    let mut args = Args::of_this_process();
    let role = args.text("--as");
    let count: usize = args.number("--count").unwrap_or(1000);
    let pid_file = args.path("--pid-file").expect("--pid-file F");
    let stay = args.flag("--stay");
    args.end();
    match role.as_ref().and_then(|role| role.to_str()) {
        None => leader(count, &pid_file, stay),
        Some("middle") => {
            rustix::process::setsid().expect("it leads no group yet");
            let mut daemon = again("daemon");
            daemon
                .arg("--pid-file")
                .arg(pid_file)
                .stdout(Stdio::null())
                .stderr(Stdio::null());
            let_loose(&mut daemon);
        }
        Some(_) => daemon(&pid_file),
    }
}

fn leader(count: usize, pid_file: &Path, stay: bool) {
    let roll = RollCall::new();
    for _ in 0..count {
        let mut middle = again("middle");
        middle.arg("--pid-file").arg(pid_file).stdin(roll.stdin());
        run_middle(&mut middle);
    }
    roll.wait_for(count);
    ready(None);
    if stay {
        rest_to_the_limit();
    }
}

fn daemon(pid_file: &Path) {
    let file = OpenOptions::new().create(true).append(true).open(pid_file);
    let line = format!("{}\n", std::process::id());
    // One write, so that lines of different daemons don't mix.
    write_all(file.expect("the pid file can be opened"), line.as_bytes()).expect("and written");
    answer_roll_call();
    rest_to_the_limit();
}
