//! Writes so many bytes in blocks of 64 KiB: `blast bytes COUNT`, or lines of 80 bytes each:
//! `blast lines COUNT`. It ends when nobody reads any more.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::AsFd as _;
use std::process::ExitCode;

const BLOCK: usize = 64 * 1024;
const LINE: usize = 80;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let what = arguments.next().unwrap_or_default();
    let count = arguments.next().and_then(|count| count.parse().ok());
    let block = match what.as_str() {
        "bytes" => vec![b'x'; BLOCK],
        "lines" => lines(),
        _ => Vec::new(),
    };
    let Some(count) = count.filter(|_| !block.is_empty()) else {
        eprintln!("usage: blast bytes|lines COUNT");
        return ExitCode::from(2);
    };
    match write(&block, count) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

/// As many whole lines as 80 blocks hold, so that lines are cut by the ends of blocks at every place.
fn lines() -> Vec<u8> {
    let mut line = vec![b'x'; LINE - 1];
    line.push(b'\n');
    line.repeat(BLOCK)
}

fn write(pattern: &[u8], mut left: usize) -> io::Result<()> {
    // Not `io::stdout`, which looks for lines in what it is given.
    let mut stdout = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    let mut blocks = pattern.chunks(BLOCK).cycle();
    while left > 0 {
        let block = blocks.next().unwrap_or_default();
        let block = &block[..block.len().min(left)];
        stdout.write_all(block)?;
        left -= block.len();
    }
    Ok(())
}
