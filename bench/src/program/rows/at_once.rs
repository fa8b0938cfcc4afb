//! Many launches at once, and what so many running jobs hold.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

use super::idle::{private, supervisors};
use super::{aim, keep};
use crate::Error;
use crate::child::{command, now, wait_for_end};
use crate::peers::Peer;
use crate::results::{Limit, Measured, Plot, Results};
use crate::setting::Setting;

/// What one crowd took until all had begun, and what it held.
struct Crowd {
    milliseconds: f64,
    kib: f64,
}

type Launch<'a> = dyn Fn(&[&OsStr]) -> Result<Command, Error> + 'a;

pub fn measure(setting: &mut Setting, results: &mut Results) -> Result<(), Error> {
    let sizes: &[usize] = if setting.quick {
        &[1, 20]
    } else {
        &[1, 10, 50, 100, 200]
    };
    let most = sizes.last().copied().unwrap_or(1);
    let mut time = plot(
        "Launches at once, until all have begun",
        "launches at once",
        "milliseconds",
    );
    let mut memory = plot("Private memory of all supervisors", "running jobs", "KiB");
    let names: Vec<&str> = setting.all().map(Peer::name).collect();
    let mut taken = vec![Vec::new(); names.len() + 1];
    for size in sizes {
        let rounds = if *size == most { setting.rounds(5) } else { 1 };
        for round in 0..rounds {
            for (number, taken) in taken.iter_mut().enumerate() {
                let who = number
                    .checked_sub(1)
                    .map_or("bare: setsid --fork", |at| names[at]);
                let crowd = one(setting, number, *size)?;
                if *size == most {
                    taken.push(crowd.milliseconds);
                }
                if round == 0 {
                    time.add(who, *size as f64, crowd.milliseconds);
                    memory.add(who, *size as f64, crowd.kib);
                }
            }
        }
    }
    // A bare job has no supervisor.
    memory
        .lines
        .retain(|line| names.contains(&line.who.as_str()));
    let whos = std::iter::once("bare: setsid --fork").chain(names.iter().copied());
    let mut measured: Vec<Measured> = whos
        .zip(taken)
        .map(|(who, figures)| Measured::new(who, figures.into_iter()))
        .collect();
    // The nearest peer is what is to be reached.
    if let Some(at) = measured.iter().position(|one| one.who == "task-spooler") {
        measured.swap(0, at);
    }
    let work = format!("{most} launches at once, until all have begun");
    keep(results, "at-once", &work, "ms", measured);
    aim(results, "at-once", "foster", Limit::Times(1.0));
    results
        .plots
        .insert("launch-by-concurrency".to_owned(), time);
    results.plots.insert("memory-by-jobs".to_owned(), memory);
    Ok(())
}

fn plot(title: &str, across: &str, up: &str) -> Plot {
    let [title, across, up] = [title, across, up].map(str::to_owned);
    let lines = Vec::new();
    Plot {
        title,
        across,
        up,
        lines,
    }
}

fn one(setting: &mut Setting, number: usize, size: usize) -> Result<Crowd, Error> {
    let mut bell = setting.bell()?;
    let gate = setting.gate()?;
    let stamp = setting.own("stamp");
    let bare = |job: &[&OsStr]| {
        let mut launch = command("setsid");
        launch.arg("--fork").args(job);
        Ok(launch)
    };
    let launch: &Launch<'_> = match number.checked_sub(1).and_then(|at| setting.all().nth(at)) {
        Some(peer) => &|job| peer.launch(job),
        None => &bare,
    };
    let job = job(&stamp, &bell.path, &gate.path);
    let commands: Result<Vec<Command>, Error> = (0..size).map(|_| launch(&job)).collect();
    let began = now();
    let mut launchers = Vec::new();
    for mut command in commands? {
        launchers.push(command.spawn()?);
    }
    let rings = (0..size)
        .map(|_| bell.next())
        .collect::<Result<Vec<_>, _>>()?;
    let last = rings.iter().map(|ring| ring.at).fold(began, f64::max);
    for mut launcher in launchers {
        launcher.wait()?;
    }
    let all: BTreeSet<i32> = rings
        .iter()
        .flat_map(|ring| supervisors(ring.pid))
        .collect();
    let kib = private(&all);
    drop(gate);
    for ring in rings {
        wait_for_end(ring.pid)?;
    }
    Setting::settle();
    let milliseconds = last - began;
    Ok(Crowd { milliseconds, kib })
}

fn job<'a>(stamp: &'a OsStr, bell: &'a Path, gate: &'a Path) -> [&'a OsStr; 4] {
    [stamp, "stay".as_ref(), bell.as_ref(), gate.as_ref()]
}
