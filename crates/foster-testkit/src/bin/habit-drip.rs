//! Writes one byte at a time.
//!
//! `--every MS [--count N]`
//!
//! The bytes are `a` to `z`, over and over, on standard output, the first one at once; `N` of them,
//! else until 120 seconds are over.

#![expect(clippy::expect_used, reason = "a wrong call must be seen")]

use std::time::{Duration, Instant};

use foster_testkit::parts::{Args, LIMIT, rest, write_all};

fn main() {
    let mut args = Args::of_this_process();
    let every = Duration::from_millis(args.number("--every").expect("--every MS"));
    let count: usize = args.number("--count").unwrap_or(usize::MAX);
    args.end();

    let end = Instant::now() + LIMIT;
    for (number, byte) in (b'a'..=b'z').cycle().take(count).enumerate() {
        if number > 0 {
            rest(every);
        }
        if Instant::now() >= end || write_all(std::io::stdout(), &[byte]).is_err() {
            return;
        }
    }
}
