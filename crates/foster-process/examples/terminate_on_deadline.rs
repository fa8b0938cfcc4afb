//! Gives a command a time, ends its whole tree when that is over, and keeps what it had printed.
#![expect(clippy::print_stdout, reason = "an example shows what it found")]

use std::error::Error;
use std::time::Duration;

use foster_process::blocking::Process;
use foster_process::output::{CollectBytes, Keep};
use foster_process::{Command, CompletionOptions, GracefulTimeouts, Output, UnixPhases};

fn main() -> Result<(), Box<dyn Error>> {
    // It ignores INT, and has a child that has left its session.
    let script = "trap '' INT; setsid sleep 300 & echo 'half of the work is done'; wait";
    let command = Command::new("sh")
        .args(["-c", script])
        .stdout(Output::captured());
    let process = Process::start(command)?;

    let short = Duration::from_millis(200);
    let phases = GracefulTimeouts::builder()
        .unix(UnixPhases::interrupt_then_terminate(short, short))
        .windows(short)
        .build();
    let options = CompletionOptions::new()
        .deadline(Duration::from_millis(300))
        .terminate_at_deadline(&phases)
        .stdout(CollectBytes::new(Keep::All));
    let done = process.wait_for_completion(options)?;

    println!("status: {:?}", done.status());
    print!(
        "printed: {}",
        String::from_utf8_lossy(&done.stdout.into_vec())
    );
    let report = done.termination.ok_or("it ended before the deadline")?;
    for phase in &report.phases {
        println!("{} reached {} processes", phase.signal, phase.sent);
    }
    println!(
        "the tree is empty: {}, survivors: {}",
        report.empty,
        report.survivors.len()
    );
    Ok(())
}
