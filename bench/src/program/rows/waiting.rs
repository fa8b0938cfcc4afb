//! From the end of a job to the end of whoever waits for it.

use std::cell::RefCell;
use std::process::Command;
use std::time::Duration;

use super::{aim, keep};
use crate::Error;
use crate::bell::{Bell, Gate};
use crate::child::{command, now, output};
use crate::measure::{Contestant, rounds};
use crate::results::{Limit, Results};
use crate::setting::Setting;

/// By then a waiter sleeps; there is nothing that tells when.
const WAITS: Duration = Duration::from_millis(60);

pub fn measure(setting: &mut Setting, results: &mut Results) -> Result<(), Error> {
    let bell = RefCell::new(setting.bell()?);
    let gate = RefCell::new(setting.gate()?);
    let stamp = setting.own("stamp");
    let bell_path = bell.borrow().path.clone();
    let gate_path = gate.borrow().path.clone();
    let job = [
        &*stamp,
        "last".as_ref(),
        bell_path.as_ref(),
        gate_path.as_ref(),
    ];
    let mut contestants = vec![Contestant::new("its parent", || {
        let mut job = command(job[0]).args(&job[1..]).spawn()?;
        std::thread::sleep(WAITS);
        gate.borrow_mut().pass()?;
        job.wait()?;
        let woken = now();
        Ok(vec![woken - bell.borrow_mut().next()?.at])
    })];
    for peer in setting.all() {
        let run = move || -> Result<Command, Error> {
            let launched = output(&mut peer.launch(&job)?)?;
            peer.wait(&launched)
        };
        let (bell, gate) = (&bell, &gate);
        // Some look once a second.
        let slow = matches!(peer.name(), "pueue" | "agent-exec");
        let most = if slow { 5 } else { usize::MAX };
        let contestant = Contestant::new(peer.name(), move || woken(&mut run()?, bell, gate));
        contestants.push(contestant.at_most(most));
    }
    let measured = rounds(contestants, 1, setting.rounds(101), true)?.concat();
    let work = "a waiter is woken after the job's last instruction";
    keep(results, "waiting", work, "ms", measured.clone());
    aim(results, "waiting", "foster", Limit::AtMost(2.0));
    let own: Vec<_> = measured
        .into_iter()
        .filter(|one| one.who == "foster")
        .collect();
    keep(results, "waiting/p99", "the same, 99 of 100", "ms", own);
    aim(results, "waiting/p99", "foster", Limit::Percentile99(10.0));
    Ok(())
}

fn woken(
    waiter: &mut Command,
    bell: &RefCell<Bell>,
    gate: &RefCell<Gate>,
) -> Result<Vec<f64>, Error> {
    let mut waiter = waiter.spawn()?;
    std::thread::sleep(WAITS);
    gate.borrow_mut().pass()?;
    waiter.wait()?;
    let woken = now();
    Ok(vec![woken - bell.borrow_mut().next()?.at])
}
