//! Says when something happened, by the monotonic clock, as a line `PID MILLISECONDS` into a FIFO.
//!
//! `stamp first BELL`: at its first instruction. `stamp stay BELL GATE`: the same, and then stays until the gate
//! is closed. `stamp last BELL GATE`: waits for a line at the gate, and says when it ends. `stamp drip GATE`:
//! prints the time for each line that comes through the gate.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::process::ExitCode;
use std::time::Duration;

fn main() -> ExitCode {
    let began = now();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments.as_slice() {
        ["first", bell] => ring(bell, began),
        ["stay", bell, gate] => ring(bell, began).and_then(|()| stay(gate)),
        ["last", bell, gate] => one_line(gate).and_then(|()| ring(bell, now())),
        ["drip", gate] => drip(gate),
        _ => Err(io::ErrorKind::InvalidInput.into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("stamp: {error}");
            ExitCode::FAILURE
        }
    }
}

fn now() -> f64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    Duration::try_from(now).unwrap_or_default().as_secs_f64() * 1e3
}

fn ring(bell: &str, at: f64) -> io::Result<()> {
    let line = format!("{} {at}\n", std::process::id());
    OpenOptions::new()
        .write(true)
        .open(bell)?
        .write_all(line.as_bytes())
}

fn stay(gate: &str) -> io::Result<()> {
    File::open(gate)?.read_to_end(&mut Vec::new()).map(drop)
}

fn one_line(gate: &str) -> io::Result<()> {
    BufReader::new(File::open(gate)?)
        .read_line(&mut String::new())
        .map(drop)
}

fn drip(gate: &str) -> io::Result<()> {
    for line in BufReader::new(File::open(gate)?).lines() {
        line?;
        let stamped = format!("{}\n", now());
        io::stdout().write_all(stamped.as_bytes())?;
    }
    Ok(())
}
