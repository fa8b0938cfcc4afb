//! A job in the background: from the call to its first instruction, and to the answer.

use std::cell::RefCell;
use std::ffi::OsString;

use super::{aim, keep};
use crate::Error;
use crate::bell::Bell;
use crate::child::{command, now, output, run, wait_for_end};
use crate::measure::{Contestant, rounds};
use crate::peers::Peer;
use crate::results::{Limit, Results};
use crate::setting::Setting;

pub fn measure(setting: &mut Setting, results: &mut Results) -> Result<(), Error> {
    let bell = RefCell::new(setting.bell()?);
    let stamp = setting.own("stamp");
    let mut contestants = vec![
        Contestant::new("bare: spawn, wait for /bin/true", || {
            let began = now();
            run(command(&stamp).arg("first").arg(&bell.borrow().path))?;
            let first = bell.borrow_mut().next()?.at - began;
            Ok(vec![first, run(&mut command("/bin/true"))?.milliseconds])
        }),
        Contestant::new("bare: setsid --fork", || {
            let job = [
                stamp.clone(),
                "first".into(),
                bell.borrow().path.clone().into(),
            ];
            let began = now();
            let took = run(command("setsid").arg("--fork").args(job))?;
            let first = bell.borrow_mut().next()?.at - began;
            Ok(vec![first, took.milliseconds])
        }),
    ];
    for peer in setting.all() {
        contestants.push(Contestant::new(peer.name(), || launch(peer, &stamp, &bell)));
    }
    let mut measured = rounds(contestants, 2, setting.rounds(31), true)?.into_iter();
    for (key, work) in [
        (
            "launch/first-instruction",
            "launch, to the job's first instruction",
        ),
        ("launch/answer", "launch, to the answer"),
    ] {
        keep(
            results,
            key,
            work,
            "ms",
            measured.next().unwrap_or_default(),
        );
        aim(results, key, "foster", Limit::Times(3.0));
    }
    Ok(())
}

fn launch(peer: &dyn Peer, stamp: &OsString, bell: &RefCell<Bell>) -> Result<Vec<f64>, Error> {
    let path = bell.borrow().path.clone();
    let mut launch = peer.launch(&[stamp, "first".as_ref(), path.as_ref()])?;
    let began = now();
    // What it prints is read: that is how its answer comes.
    output(&mut launch)?;
    let answered = now() - began;
    let ring = bell.borrow_mut().next()?;
    wait_for_end(ring.pid)?;
    Setting::settle();
    Ok(vec![ring.at - began, answered])
}
