//! An owner is killed by SIGKILL, and its guardian ends what the owner had started.
//!
//! This program plays all three: the guardian, the owner, and the one who kills the owner and looks.
#![expect(clippy::print_stdout, reason = "an example shows what it found")]

use std::error::Error;
use std::io::{BufRead as _, BufReader};
use std::process::{Command as Plain, Stdio};
use std::sync::Arc;
use std::time::Duration;

use foster_process::blocking::Process;
use foster_process::guardian::{self, Guardian, GuardianPlan};
use foster_process::{Command, GracefulTimeouts, ProcessRef};

fn main() -> Result<(), Box<dyn Error>> {
    // First of all: this program is its own guardian.
    guardian::serve_if_asked();
    if std::env::args().nth(1).is_some_and(|role| role == "owner") {
        own()
    } else {
        kill_an_owner()
    }
}

fn own() -> Result<(), Box<dyn Error>> {
    let guardian = Guardian::start(&GuardianPlan {
        argv: &[std::env::current_exe()?.into(), guardian::ARGUMENT.into()],
        env: &[],
        timeouts: &GracefulTimeouts::both(Duration::from_millis(200)),
        answer_within: Duration::from_secs(5),
    })?;
    let script = "setsid sh -c 'echo daemon $$; exec sleep 300' & echo leader $$; exec sleep 300";
    // The guardian hears of the tree before there is one: at no moment it runs unguarded.
    let command = Command::new("sh")
        .args(["-c", script])
        .guarded_by(Arc::new(guardian));
    // This owner does not live to see the end of it.
    Process::start(command)?.wait()?;
    Ok(())
}

fn kill_an_owner() -> Result<(), Box<dyn Error>> {
    let mut owner = Plain::new(std::env::current_exe()?)
        .arg("owner")
        .stdout(Stdio::piped())
        .spawn()?;
    let told = BufReader::new(owner.stdout.take().ok_or("no output")?);
    let mut members = Vec::new();
    for line in told.lines().take(2) {
        let line = line?;
        let (role, pid) = line.split_once(' ').ok_or("it speaks in riddles")?;
        members.push((role.to_owned(), ProcessRef::open(pid.parse()?)?));
    }
    owner.kill()?;
    println!("the owner: {}", owner.wait()?);
    members.sort_by(|(one, _), (two, _)| one.cmp(two));
    for (role, process) in members {
        let gone = process.wait_ended(Some(Duration::from_secs(10)))?;
        println!("the {role} has ended: {gone}");
    }
    Ok(())
}
