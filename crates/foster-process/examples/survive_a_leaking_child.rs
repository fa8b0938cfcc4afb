//! A command ends and leaves a daemon behind that holds its output open: the status and the bytes are
//! there all the same, and who holds it is told.
#![expect(clippy::print_stdout, reason = "an example shows what it found")]

use std::error::Error;
use std::time::Duration;

use foster_process::blocking::Process;
use foster_process::output::{CollectBytes, Keep, StreamEnd};
use foster_process::{Command, CompletionOptions, Drain, ExitStatus, Output};

fn main() -> Result<(), Box<dyn Error>> {
    let script = "echo installed; setsid sleep 300 & exit 7";
    let command = Command::new("sh")
        .args(["-c", script])
        .stdout(Output::captured());
    let process = Process::start(command)?;

    // What is read on after the leader's end; by default 2 s without a byte, 10 s in all.
    let drain = Drain {
        quiet: Duration::from_millis(200),
        at_most: Duration::from_secs(1),
    };
    let options = CompletionOptions::new()
        .drain(drain)
        .stdout(CollectBytes::new(Keep::All));
    let done = process.wait_for_completion(options)?;

    println!("exit code: {:?}", done.status().and_then(ExitStatus::code));
    print!(
        "printed: {}",
        String::from_utf8_lossy(&done.stdout.into_vec())
    );
    if let StreamEnd::HeldOpen { pids } = &done.stdout_end {
        println!("{} process holds it open", pids.len());
    }

    // The command is over, its tree is not. Dropping the handle would end it too.
    println!("the tree is empty: {}", process.is_tree_empty()?);
    let terminated = process.kill()?;
    println!("after kill: {}", terminated.report.empty);
    Ok(())
}
