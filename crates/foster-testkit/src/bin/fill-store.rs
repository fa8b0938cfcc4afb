//! Makes a store of many jobs that are over: `fill-store FOSTER ROOT COUNT`, where `FOSTER` is the program and
//! `ROOT` is new. Prints the id of the job in the middle, the oldest, and the newest, one on each line.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for people"
)]

use std::path::Path;
use std::process::ExitCode;

use foster_testkit::fill_store;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let count = args.get(2).and_then(|count| count.parse().ok());
    let (Some(count), 3) = (count.filter(|count| *count > 0), args.len()) else {
        eprintln!("usage: fill-store FOSTER ROOT COUNT");
        return ExitCode::from(2);
    };
    let ids = fill_store(Path::new(&args[0]), Path::new(&args[1]), count);
    let middle = ids.get(ids.len() / 2);
    for id in [middle, ids.first(), ids.last()].into_iter().flatten() {
        println!("{id}");
    }
    ExitCode::SUCCESS
}
