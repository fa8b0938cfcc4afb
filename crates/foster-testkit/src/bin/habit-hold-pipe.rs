//! Exits at once, while a child of it in the same process group goes on holding its output.
//!
//! `[--exit-code N] [--seconds S] [--every MS] [--pid-file F]`
//!
//! The child holds both streams for `S` seconds (default and most: 120), and with `--every` writes
//! `held 00000000`, `held 00000001` … to standard output, one line each `MS` milliseconds, the
//! first one at once. It writes its pid to `F` before the leader exits with `N` (default 0).

use std::io::Write as _;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use foster_testkit::parts::{
    Args, LIMIT, RollCall, again, answer_roll_call, let_loose, rest, write_pid_file,
};

fn main() -> ExitCode {
    let mut args = Args::of_this_process();
    let child = args.text("--as").is_some();
    let exit_code: u8 = args.number("--exit-code").unwrap_or(0);
    let seconds: Option<u64> = args.number("--seconds");
    let every: Option<u64> = args.number("--every");
    let pid_file = args.path("--pid-file");
    args.end();

    if child {
        if let Some(path) = pid_file {
            write_pid_file(&path);
        }
        answer_roll_call();
        hold(
            seconds.map_or(LIMIT, Duration::from_secs),
            every.map(Duration::from_millis),
        );
        return ExitCode::SUCCESS;
    }

    let roll = RollCall::new();
    let mut child = again("holder");
    child.stdin(roll.stdin());
    for (name, value) in [("--seconds", seconds), ("--every", every)] {
        if let Some(value) = value {
            child.arg(name).arg(value.to_string());
        }
    }
    if let Some(path) = pid_file {
        child.arg("--pid-file").arg(path);
    }
    let_loose(&mut child);
    roll.wait_for(1);
    exit_code.into()
}

fn hold(time: Duration, every: Option<Duration>) {
    let Some(every) = every else {
        return rest(time);
    };
    let end = Instant::now() + time.min(LIMIT);
    for number in 0u64.. {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() || writeln!(std::io::stdout(), "held {number:08}").is_err() {
            return;
        }
        rest(every.min(left));
    }
}
