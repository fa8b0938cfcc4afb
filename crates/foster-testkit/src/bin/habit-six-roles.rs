//! Is hard to end in six ways: the escape test.
//!
//! `--dir D [--keep-output]`
//!
//! | role | what it is |
//! |---|---|
//! | `main` | the leader |
//! | `plain` | a child in its process group |
//! | `stubborn` | a child in its process group that takes no notice of TERM, INT and HUP |
//! | `setsid` | a child in a session of its own |
//! | `daemon` | a grandchild in another session, whose parent has exited |
//! | `envi` | such a daemon with a cleared environment |
//!
//! Each writes its pid to `D/ROLE.pid`, which appears complete, and sleeps. `main` says `ready` once
//! all six are there. `plain` and `stubborn` keep the leader's output, the other three only with
//! `--keep-output`.

#![expect(
    clippy::expect_used,
    reason = "a habit that can't act stops there and then"
)]

use std::path::Path;
use std::process::{Command, Stdio};

use foster_testkit::parts::{
    Args, RollCall, again, answer_roll_call, ignore_polite_signals, let_loose, ready,
    rest_to_the_limit, run_middle, write_pid_file,
};

fn main() {
    let mut args = Args::of_this_process();
    let role = args.text("--as");
    let dir = args.path("--dir").expect("--dir D");
    let keep_output = args.flag("--keep-output");
    args.end();
    match role.as_ref().and_then(|role| role.to_str()) {
        None => leader(&dir, keep_output),
        Some("daemon-middle") => {
            new_session();
            let_loose(&mut in_role("daemon", &dir, true));
        }
        Some("envi-middle") => {
            new_session();
            let_loose(in_role("envi", &dir, true).env_clear());
        }
        Some(role) => {
            match role {
                "stubborn" => ignore_polite_signals(),
                "setsid" => new_session(),
                _ => {}
            }
            write_pid_file(&dir.join(role).with_extension("pid"));
            answer_roll_call();
            rest_to_the_limit();
        }
    }
}

fn leader(dir: &Path, keep_output: bool) {
    let roll = RollCall::new();
    let_loose(in_role("plain", dir, true).stdin(roll.stdin()));
    let_loose(in_role("stubborn", dir, true).stdin(roll.stdin()));
    let_loose(in_role("setsid", dir, keep_output).stdin(roll.stdin()));
    run_middle(in_role("daemon-middle", dir, keep_output).stdin(roll.stdin()));
    run_middle(in_role("envi-middle", dir, keep_output).stdin(roll.stdin()));
    roll.wait_for(5);
    ready(Some(&dir.join("main.pid")));
    rest_to_the_limit();
}

fn in_role(role: &str, dir: &Path, keep_output: bool) -> Command {
    let mut command = again(role);
    command.arg("--dir").arg(dir);
    if !keep_output {
        command.stdout(Stdio::null()).stderr(Stdio::null());
    }
    command
}

fn new_session() {
    rustix::process::setsid().expect("it leads no group yet");
}
