//! From a line that a job prints to a follower that has read it.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use super::{aim, keep};
use crate::Error;
use crate::bell::Gate;
use crate::child::{command, now, output};
use crate::results::{Limit, Measured, Results};
use crate::setting::Setting;

/// By then a job has begun.
const BEGINS: Duration = Duration::from_millis(100);
/// By then a follower has shown the first line and sleeps.
const SLEEPS: Duration = Duration::from_millis(5);

pub fn measure(setting: &mut Setting, results: &mut Results) -> Result<(), Error> {
    let lines = if setting.quick { 20 } else { 200 };
    let stamp = setting.own("stamp");
    let mut measured = Vec::new();

    let mut gate = setting.gate()?;
    let mut job = command(&stamp);
    job.arg("drip").arg(&gate.path);
    measured.push(follow("its parent, by a pipe", &mut job, &mut gate, lines)?);

    let mut gate = setting.gate()?;
    let log = setting.work().join("followed");
    let mut job = command(&stamp);
    job.arg("drip")
        .arg(&gate.path)
        .stdout(std::fs::File::create(&log)?);
    let mut job = job.spawn()?;
    let mut tail = command("tail");
    tail.args(["-n", "+1", "-f"]).arg(&log);
    measured.push(follow("> file, tail -f", &mut tail, &mut gate, lines)?);
    drop(gate);
    job.kill()?;
    job.wait()?;

    let gates = (0..=setting.peers.len())
        .map(|_| setting.gate())
        .collect::<Result<Vec<_>, _>>()?;
    for (peer, mut gate) in setting.all().zip(gates) {
        let path = gate.path.clone();
        let drip: [&OsStr; 3] = [&stamp, "drip".as_ref(), path.as_ref()];
        let launched = output(&mut peer.launch(&drip)?)?;
        // Some have no file to follow before the job has begun.
        std::thread::sleep(BEGINS);
        if let Some(mut follower) = peer.follow(&launched) {
            // These two look once in a while.
            let slow = matches!(peer.name(), "pueue" | "task-spooler");
            let lines = if slow { 10 } else { lines };
            measured.push(follow(peer.name(), &mut follower, &mut gate, lines)?);
        }
    }
    let work = "a follower has read a line that was printed";
    keep(results, "following", work, "ms", measured);
    aim(results, "following", "foster", Limit::AtMost(1.0));
    Ok(())
}

/// Has one line printed after another, and takes the time of each. The follower is ended, the job by its gate.
fn follow(
    who: &str,
    follower: &mut Command,
    gate: &mut Gate,
    lines: usize,
) -> Result<Measured, Error> {
    let mut follower = follower.stdout(Stdio::piped()).spawn()?;
    let stdout = follower.stdout.take().ok_or("no pipe")?;
    let mut read = BufReader::new(stdout).lines();
    let mut figures = Vec::new();
    for number in 0..=lines {
        gate.pass()?;
        let line = read
            .next()
            .ok_or_else(|| format!("{who}: the follower has ended"))??;
        let seen = now();
        let printed: f64 = line.trim().parse()?;
        // The first one may have waited for the follower to begin.
        if number > 0 {
            figures.push(seen - printed);
        }
        std::thread::sleep(SLEEPS);
    }
    follower.kill()?;
    follower.wait()?;
    Ok(Measured::new(who, figures.into_iter()))
}
