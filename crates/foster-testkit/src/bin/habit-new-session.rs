//! Starts a child that goes off into a session of its own (`setsid`), and so into another process
//! group.
//!
//! `[--pid-file F] [--drop-output] [--ignore-term] [--stay]`
//!
//! The child writes its pid to `F`, keeps the leader's output unless `--drop-output`, and sleeps.
//! Once it is there, the leader says `ready` and exits with 0, or sleeps with `--stay`.

use std::process::Stdio;

use foster_testkit::parts::{
    Args, RollCall, again, answer_roll_call, ignore_polite_signals, let_loose, ready,
    rest_to_the_limit, write_pid_file,
};

#[expect(
    clippy::expect_used,
    reason = "without its session it would be another habit"
)]
fn main() {
    let mut args = Args::of_this_process();
    let child = args.text("--as").is_some();
    let pid_file = args.path("--pid-file");
    let drop_output = args.flag("--drop-output");
    let ignore_term = args.flag("--ignore-term");
    let stay = args.flag("--stay");
    args.end();

    if child {
        rustix::process::setsid().expect("it leads no group yet");
        if ignore_term {
            ignore_polite_signals();
        }
        if let Some(path) = pid_file {
            write_pid_file(&path);
        }
        answer_roll_call();
        rest_to_the_limit();
        return;
    }

    let roll = RollCall::new();
    let mut child = again("child");
    child.stdin(roll.stdin());
    if let Some(path) = pid_file {
        child.arg("--pid-file").arg(path);
    }
    if ignore_term {
        child.arg("--ignore-term");
    }
    if drop_output {
        child.stdout(Stdio::null()).stderr(Stdio::null());
    }
    let_loose(&mut child);
    roll.wait_for(1);
    ready(None);
    if stay {
        rest_to_the_limit();
    }
}
