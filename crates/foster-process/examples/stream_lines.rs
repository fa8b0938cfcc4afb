//! Shows the lines of both streams as they come, under tokio.
#![expect(clippy::print_stdout, reason = "an example shows what it found")]

use std::error::Error;
use std::ops::ControlFlow;

use foster_process::output::{InspectLines, Line, LineEnding, LineOptions, StdStream};
use foster_process::tokio::Process;
use foster_process::{Command, Output};

fn show(stream: StdStream) -> InspectLines<impl FnMut(Line<'_>) -> ControlFlow<()>> {
    InspectLines(move |line: Line<'_>| {
        println!("{stream} at {}: {}", line.offset, line.text());
        ControlFlow::Continue(())
    })
}

// One thread is enough: nothing in the crate needs a second.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    // The progress bar overwrites its line with `\r`: each state of it is a line here.
    let script = "printf '10%%\\r50%%\\r100%%\\n'; echo 'one warning' >&2; echo built";
    let command = Command::new("sh")
        .args(["-c", script])
        .stdout(Output::captured())
        .stderr(Output::captured());
    let process = Process::start(command)?;
    let (mut stdout, mut stderr) = (process.stdout()?, process.stderr()?);
    let lines = LineOptions::default().with_ending(LineEnding::AnyCr);

    // Whoever waits reads: so both are waited for at once, or one would hold up the process.
    let (out, err, ended) = tokio::join!(
        stdout.visit_lines(show(StdStream::Stdout), lines),
        stderr.visit_lines(show(StdStream::Stderr), lines),
        process.wait(),
    );
    out?;
    err?;
    println!("ended: {:?}", ended?.status);
    Ok(())
}
