//! Leaves a daemon behind: a grandchild in a session of its own, whose parent has exited.
//!
//! `--pid-file F [--clear-env] [--keep-output] [--ignore-term] [--stay]`
//!
//! The daemon writes its pid to `F`. Its streams are null, unless `--keep-output`; its environment
//! is empty with `--clear-env`. Once it is there and orphaned, the leader says `ready` and exits
//! with 0, or sleeps with `--stay`.

use std::path::Path;
use std::process::Stdio;

use foster_testkit::parts::{
    Args, RollCall, again, answer_roll_call, ignore_polite_signals, let_loose, ready,
    rest_to_the_limit, run_middle, write_pid_file,
};

struct Options {
    clear_env: bool,
    keep_output: bool,
    ignore_term: bool,
    stay: bool,
}

#[expect(clippy::expect_used, reason = "a wrong call must be seen")]
fn main() {
    let mut args = Args::of_this_process();
    let role = args.text("--as");
    let pid_file = args.path("--pid-file").expect("--pid-file F");
    let options = Options {
        clear_env: args.flag("--clear-env"),
        keep_output: args.flag("--keep-output"),
        ignore_term: args.flag("--ignore-term"),
        stay: args.flag("--stay"),
    };
    args.end();
    match role.as_ref().and_then(|role| role.to_str()) {
        None => leader(&pid_file, &options),
        Some("middle") => middle(&pid_file, &options),
        Some(_) => daemon(&pid_file, &options),
    }
}

fn leader(pid_file: &Path, options: &Options) {
    let roll = RollCall::new();
    let mut middle = again("middle");
    middle.arg("--pid-file").arg(pid_file).stdin(roll.stdin());
    for (flag, wanted) in [
        ("--clear-env", options.clear_env),
        ("--keep-output", options.keep_output),
        ("--ignore-term", options.ignore_term),
    ] {
        if wanted {
            middle.arg(flag);
        }
    }
    run_middle(&mut middle);
    roll.wait_for(1);
    ready(None);
    if options.stay {
        rest_to_the_limit();
    }
}

#[expect(
    clippy::expect_used,
    reason = "without its session it would be another habit"
)]
fn middle(pid_file: &Path, options: &Options) {
    rustix::process::setsid().expect("it leads no group yet");
    let mut daemon = again("daemon");
    daemon.arg("--pid-file").arg(pid_file);
    if options.ignore_term {
        daemon.arg("--ignore-term");
    }
    if options.clear_env {
        daemon.env_clear();
    }
    if !options.keep_output {
        daemon.stdout(Stdio::null()).stderr(Stdio::null());
    }
    let_loose(&mut daemon);
}

fn daemon(pid_file: &Path, options: &Options) {
    if options.ignore_term {
        ignore_polite_signals();
    }
    write_pid_file(pid_file);
    answer_roll_call();
    rest_to_the_limit();
}
