//! Takes no notice of TERM, INT and HUP; only KILL ends it.
//!
//! `[--pid-file F] [--exit-code N [--linger MS]]`
//!
//! Says `ready` once the handlers stand. With `--exit-code` TERM does end it, with that code, after
//! `--linger` milliseconds (default 0).

use std::os::unix::net::UnixStream;
use std::process::ExitCode;
use std::time::Duration;

use foster_testkit::parts::{Args, LIMIT, ignore_polite_signals, ready, rest, wait_readable};

fn main() -> ExitCode {
    let mut args = Args::of_this_process();
    let pid_file = args.path("--pid-file");
    let exit_code: Option<u8> = args.number("--exit-code");
    let linger = Duration::from_millis(args.number("--linger").unwrap_or(0));
    args.end();

    ignore_polite_signals();
    let told = exit_code.map(|_| on_term());
    ready(pid_file.as_deref());
    match (exit_code, told) {
        (Some(code), Some(told)) if wait_readable(Some(&told), LIMIT) => {
            rest(linger);
            code.into()
        }
        (Some(_), _) => ExitCode::SUCCESS,
        _ => {
            rest(LIMIT);
            ExitCode::SUCCESS
        }
    }
}

#[expect(
    clippy::expect_used,
    reason = "without its handler it would be another habit"
)]
fn on_term() -> UnixStream {
    let (told, tell) = UnixStream::pair().expect("a pair of sockets can be made");
    signal_hook::low_level::pipe::register(signal_hook::consts::SIGTERM, tell)
        .expect("a handler can be set");
    told
}
