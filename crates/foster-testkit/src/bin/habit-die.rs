//! Dies of a signal, by the system's default action.
//!
//! `--signal N [--core]`
//!
//! `N` is a number, of a signal whose default action ends a process; not one of the real-time
//! signals. With `--core` it leaves a core if the hard limit, the system's pattern and the
//! directory allow it; without, none.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a habit that can't act stops there and then"
)]

use foster_testkit::parts::Args;
use rustix::process::{Resource, getrlimit, setrlimit};

fn main() {
    let mut args = Args::of_this_process();
    let signal: i32 = args.number("--signal").expect("--signal N");
    let core = args.flag("--core");
    args.end();

    let mut limit = getrlimit(Resource::Core);
    limit.current = if core { limit.maximum } else { Some(0) };
    setrlimit(Resource::Core, limit).expect("a limit can be lowered");
    signal_hook::low_level::emulate_default_handler(signal).expect("a signal of this system");
    panic!("the default action of {signal} does not end a process");
}
