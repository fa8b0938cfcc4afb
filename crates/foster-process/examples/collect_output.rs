//! Collects what a command prints, in bounded memory, together with how it ended.
#![expect(clippy::print_stdout, reason = "an example shows what it found")]

use std::error::Error;

use foster_process::blocking::Process;
use foster_process::output::{CollectBytes, Keep};
use foster_process::{Command, CompletionOptions, Output};

fn main() -> Result<(), Box<dyn Error>> {
    let command = Command::new("sh")
        .args(["-c", "seq 1 100000; echo 'disk is nearly full' >&2; exit 3"])
        .stdout(Output::captured())
        .stderr(Output::captured());
    let process = Process::start(command)?;
    let options = CompletionOptions::new()
        .stdout(CollectBytes::new(Keep::HeadAndTail { head: 8, tail: 14 }))
        .stderr(CollectBytes::new(Keep::Tail(64 * 1024)));
    let done = process.wait_for_completion(options)?;

    // Without a deadline the leader has always ended by now.
    let code = done.status().and_then(foster_process::ExitStatus::code);
    println!("exit code {code:?}");
    println!("{}", done.stdout.to_string_lossy_with_marker());
    println!(
        "{} of {} bytes kept, truncated: {}, read to the end: {}",
        done.stdout.kept_bytes(),
        done.stdout.total(),
        done.stdout.truncated(),
        done.stdout_end.is_eof(),
    );
    print!(
        "stderr: {}",
        String::from_utf8_lossy(&done.stderr.into_vec())
    );
    if let Some(usage) = done.ended.and_then(|ended| ended.usage) {
        println!("processor time: {:?}", usage.user + usage.system);
    }
    Ok(())
}
