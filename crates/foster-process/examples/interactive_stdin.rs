//! Answers a program that asks, by prompts that end in no newline.
#![expect(clippy::print_stdout, reason = "an example shows what it found")]

use std::error::Error;
use std::io::Write as _;
use std::time::Duration;

use foster_process::blocking::Process;
use foster_process::output::{CollectBytes, Keep, Pattern, PatternSet};
use foster_process::{Command, Input, Output, WaitedFor};

fn main() -> Result<(), Box<dyn Error>> {
    let script =
        "printf 'name: '; read name; printf 'colour: '; read colour; echo \"$name likes $colour\"";
    let command = Command::new("sh")
        .args(["-c", script])
        .stdin(Input::Piped)
        .stdout(Output::captured());
    let mut process = Process::start(command)?;
    let mut stdout = process.stdout()?;

    for (prompt, answer) in [("name: ", "Ann"), ("colour: ", "red")] {
        let prompt = PatternSet::new([Pattern::substring(prompt)])?;
        let waited = stdout.wait_for(&prompt, Some(Duration::from_secs(10)))?;
        let WaitedFor::Found(found) = waited else {
            return Err(format!("no prompt came: {waited:?}").into());
        };
        let stdin = process.stdin().ok_or("its input is closed")?;
        writeln!(stdin, "{answer}")?;
        println!("{:?} was answered with {answer}", found.what.text);
    }

    // What follows the last match was not taken by the search.
    let rest = stdout.visit(CollectBytes::new(Keep::All))?;
    print!("it says: {}", String::from_utf8_lossy(&rest.into_vec()));
    println!("{:?}", process.wait()?.status);
    Ok(())
}
