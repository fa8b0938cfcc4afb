//! Writes so many bytes: `blast bytes COUNT` in blocks of 64 KiB, `blast lines COUNT` the same as lines of 80 bytes
//! each, `blast by-line COUNT` one line at a time, `blast yes COUNT` as `yes` does. It ends when nobody reads any
//! more. With `BLAST_PARENT`, the name of a file, it notes there at its end how much memory its parent has used at
//! most: only the child knows when that is and who it was.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::fd::AsFd as _;
use std::process::ExitCode;

const BLOCK: usize = 64 * 1024;
const LINE: usize = 80;
/// What GNU `yes` writes at once.
const YES: usize = 8 * 1024;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let what = arguments.next().unwrap_or_default();
    let count = arguments.next().and_then(|count| count.parse().ok());
    let (pattern, at_once) = match what.as_str() {
        "bytes" => (vec![b'x'; BLOCK], BLOCK),
        "lines" => (lines(), BLOCK),
        "by-line" => (lines(), LINE),
        "yes" => (b"y\n".repeat(YES / 2), YES),
        _ => (Vec::new(), 0),
    };
    let Some(count) = count.filter(|_| !pattern.is_empty()) else {
        eprintln!("usage: blast bytes|lines|by-line|yes COUNT");
        return ExitCode::from(2);
    };
    match write(&pattern, at_once, count).and_then(|()| note_parent()) {
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

fn write(pattern: &[u8], at_once: usize, mut left: usize) -> io::Result<()> {
    // Not `io::stdout`, which looks for lines in what it is given.
    let mut stdout = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    let mut blocks = pattern.chunks(at_once).cycle();
    while left > 0 {
        let block = blocks.next().unwrap_or_default();
        let block = &block[..block.len().min(left)];
        stdout.write_all(block)?;
        left -= block.len();
    }
    Ok(())
}

fn note_parent() -> io::Result<()> {
    let Some(file) = std::env::var_os("BLAST_PARENT") else {
        return Ok(());
    };
    let status = format!("/proc/{}/status", std::os::unix::process::parent_id());
    let status = std::fs::read_to_string(status)?;
    let peak = status.lines().find(|line| line.starts_with("VmHWM:"));
    let mut file = OpenOptions::new().append(true).create(true).open(file)?;
    writeln!(file, "{}", peak.unwrap_or_default())
}
