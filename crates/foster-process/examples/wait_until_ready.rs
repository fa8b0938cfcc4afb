//! Waits until a server says that it is ready, or that it can't be, on whichever stream, under tokio.
#![expect(clippy::print_stdout, reason = "an example shows what it found")]

use std::error::Error;
use std::time::Duration;

use foster_process::output::{Pattern, PatternSet};
use foster_process::tokio::{Process, wait_for};
use foster_process::{Command, GracefulTimeouts, Output, WaitedFor};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let server = "echo starting; echo 'listening on 127.0.0.1:8080' >&2; exec sleep 300";
    let command = Command::new("sh")
        .args(["-c", server])
        .name("server")
        .stdout(Output::captured())
        .stderr(Output::captured());
    let process = Process::start(command)?;
    let (mut stdout, mut stderr) = (process.stdout()?, process.stderr()?);

    let patterns = PatternSet::new([
        Pattern::regex(r"listening on \S+:(\d+)")?,
        Pattern::substring("address already in use"),
        Pattern::predicate(|line| line.starts_with("FATAL")),
    ])?;
    let at_most = Some(Duration::from_secs(10));
    match wait_for(&mut [&mut stdout, &mut stderr], &patterns, at_most).await? {
        WaitedFor::Found(found) if found.what.pattern == 0 => {
            println!("ready, says {}: {}", found.stream, found.what.text);
        }
        WaitedFor::Found(found) => println!("it can't start: {}", found.what.line),
        WaitedFor::Ended(_) => println!("it ended: {:?}", process.wait().await?.status),
        WaitedFor::Deadline => println!("it takes too long"),
    }

    let second = Duration::from_secs(1);
    let terminated = process.terminate(GracefulTimeouts::both(second)).await?;
    println!("the tree is empty: {}", terminated.report.empty);
    Ok(())
}
