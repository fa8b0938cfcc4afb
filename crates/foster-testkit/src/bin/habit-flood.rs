//! Writes as much and as fast as it can.
//!
//! `[--stdout BYTES] [--stderr BYTES] [--block BYTES]`, or `--lines N`
//!
//! So many bytes on each stream (default 0), one block (default 65536) on standard output and one
//! on standard error in turn. What they are is published: `foster_testkit::flood`. With `--lines`:
//! `N` lines on each stream in turn, one write each: `foster_testkit::flood_line`.
//!
//! When nobody reads any more it dies of SIGPIPE, as most programs do.

#![expect(
    clippy::expect_used,
    reason = "a habit that can't write stops there and then"
)]

use foster_testkit::parts::{Args, write_all};
use foster_testkit::{Stream, fill_flood, flood_line};
use rustix::io::Errno;
use signal_hook::consts::SIGPIPE;
use signal_hook::low_level::emulate_default_handler;

fn main() {
    let mut args = Args::of_this_process();
    let lines: Option<u64> = args.number("--lines");
    let stdout: u64 = args.number("--stdout").unwrap_or(0);
    let stderr: u64 = args.number("--stderr").unwrap_or(0);
    let block: usize = args.number("--block").unwrap_or(65536);
    args.end();

    if let Some(lines) = lines {
        for number in 0..lines {
            for stream in [Stream::Stdout, Stream::Stderr] {
                put(stream, flood_line(stream, number).as_bytes());
            }
        }
        return;
    }
    assert!(block > 0, "--block 0 would never end");
    let mut buffer = vec![0; block];
    for at in (0..stdout.max(stderr)).step_by(block) {
        for (stream, total) in [(Stream::Stdout, stdout), (Stream::Stderr, stderr)] {
            let length = total.saturating_sub(at).min(block as u64) as usize;
            fill_flood(stream, at, &mut buffer[..length]);
            put(stream, &buffer[..length]);
        }
    }
}

fn put(stream: Stream, bytes: &[u8]) {
    let written = match stream {
        Stream::Stdout => write_all(std::io::stdout(), bytes),
        Stream::Stderr => write_all(std::io::stderr(), bytes),
    };
    if written == Err(Errno::PIPE) {
        // Rust has the signal ignored.
        emulate_default_handler(SIGPIPE).expect("it can be died of");
    }
    written.expect("the stream takes it");
}
