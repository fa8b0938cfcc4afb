//! One handle, several threads, no runtime: one reads, one waits, one ends the tree.
#![expect(clippy::print_stdout, reason = "an example shows what it found")]

use std::error::Error;
use std::thread;
use std::time::Duration;

use foster_process::blocking::Process;
use foster_process::output::{
    CollectLines, KeepLines, LineBound, LineOptions, Pattern, PatternSet,
};
use foster_process::{Command, Ended, GracefulTimeouts, Output, Terminated, UnixPhases};

/// Errors of a thread have to be able to leave it.
type Failure = Box<dyn Error + Send + Sync>;

fn main() -> Result<(), Failure> {
    let script = "trap 'echo saved; exit 0' TERM; echo working; sleep 300 & wait";
    let command = Command::new("sh")
        .args(["-c", script])
        .stdout(Output::captured());
    let process = Process::start(command)?;
    let mut stdout = process.stdout()?;
    let working = PatternSet::new([Pattern::substring("working\n")])?;
    stdout.wait_for(&working, Some(Duration::from_secs(10)))?;

    let grace = Duration::from_secs(5);
    let timeouts = GracefulTimeouts::builder()
        .unix(UnixPhases::terminate_only(grace))
        .windows(grace)
        .build();
    let joined = thread::scope(|scope| -> Result<_, Failure> {
        let reader = scope.spawn(move || {
            let bound = LineBound {
                lines: 1000,
                bytes: 64 * 1024,
            };
            let lines = CollectLines::new(KeepLines::Tail(bound));
            stdout.visit_lines(lines, LineOptions::default())
        });
        let waiter = scope.spawn(|| -> Result<Ended, Failure> { Ok(process.wait()?) });
        let ender =
            scope.spawn(|| -> Result<Terminated, Failure> { Ok(process.terminate(&timeouts)?) });
        let panicked = |_| Failure::from("a thread panicked");
        Ok((
            reader.join().map_err(panicked)??,
            waiter.join().map_err(panicked)??,
            ender.join().map_err(panicked)??,
        ))
    });
    let (lines, ended, terminated) = joined?;
    println!("{}", lines.to_string_lossy_with_marker().trim_end());
    println!("ended: {:?}", ended.status);
    println!("the tree is empty: {}", terminated.report.empty);
    Ok(())
}
