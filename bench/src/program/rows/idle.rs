//! A job that does nothing: what those who look after it hold, and how often they wake up.

use std::collections::BTreeSet;
use std::time::Duration;

use super::{aim, keep};
use crate::Error;
use crate::child::{output, proc_number};
use crate::results::{Limit, Measured, Results};
use crate::setting::Setting;

pub fn measure(setting: &mut Setting, results: &mut Results) -> Result<(), Error> {
    let mut bell = setting.bell()?;
    let gate = setting.gate()?;
    let stamp = setting.own("stamp");
    let (bell_path, gate_path) = (bell.path.clone(), gate.path.clone());
    let job = [
        &*stamp,
        "stay".as_ref(),
        bell_path.as_ref(),
        gate_path.as_ref(),
    ];
    let mut held = Vec::new();
    for peer in setting.all() {
        output(&mut peer.launch(&job)?)?;
        held.push((peer.name(), supervisors(bell.next()?.pid)));
    }
    // What begins has to come to rest.
    std::thread::sleep(Duration::from_secs(2));
    let before: Vec<f64> = held.iter().map(|(_, pids)| wake_ups(pids)).collect();
    let seconds = if setting.quick { 1 } else { 10 };
    std::thread::sleep(Duration::from_secs(seconds));
    let one = |who: &str, figure: f64| Measured::new(who, std::iter::once(figure));
    let (mut memory, mut threads, mut wakes) = (Vec::new(), Vec::new(), Vec::new());
    for ((who, pids), before) in held.iter().zip(before) {
        memory.push(one(who, private(pids)));
        let most = pids
            .iter()
            .filter_map(|pid| proc_number(*pid, "status", "Threads:"));
        threads.push(one(who, most.fold(0.0, f64::max)));
        wakes.push(one(who, wake_ups(pids) - before));
    }
    let work = "an idle job: private memory of all who look after it";
    keep(results, "idle/memory", work, "KiB", memory);
    aim(results, "idle/memory", "foster", Limit::AtMost(100.0));
    let work = "the same: threads of the one that has most";
    keep(results, "idle/threads", work, "threads", threads);
    aim(results, "idle/threads", "foster", Limit::AtMost(1.0));
    let work = format!("the same: wake-ups in {seconds} s");
    keep(results, "idle/wake-ups", &work, "wake-ups", wakes);
    aim(results, "idle/wake-ups", "foster", Limit::AtMost(0.0));
    drop(gate);
    Ok(())
}

/// Returns those above a job that are there because of it, or of its like: up to the first process and ourselves.
pub fn supervisors(job: i32) -> BTreeSet<i32> {
    let own = std::process::id().cast_signed();
    let parent = |pid| proc_number(pid, "status", "PPid:").map(|pid| pid as i32);
    std::iter::successors(parent(job), |pid| parent(*pid))
        .take_while(|pid| *pid > 1 && *pid != own && *pid != outer())
        .collect()
}

/// Whoever takes in orphans here: the first process, or a subreaper that this one was started under.
fn outer() -> i32 {
    let own = std::process::id().cast_signed();
    proc_number(own, "status", "PPid:").map_or(0, |pid| pid as i32)
}

/// Returns the private memory of some processes, in KiB. What is clean of it is the program's file, which is nobody's own
/// as soon as a second process runs it.
pub fn private(pids: &BTreeSet<i32>) -> f64 {
    let of = |pid: &i32, word| proc_number(*pid, "smaps_rollup", word).unwrap_or(0.0);
    pids.iter().map(|pid| of(pid, "Private_Dirty:")).sum()
}

/// Of all threads: the numbers of a process are those of its first one.
fn wake_ups(pids: &BTreeSet<i32>) -> f64 {
    let threads = |pid: &i32| {
        std::fs::read_dir(format!("/proc/{pid}/task"))
            .into_iter()
            .flatten()
    };
    pids.iter()
        .flat_map(threads)
        .filter_map(|thread| thread.ok()?.file_name().to_str()?.parse().ok())
        .filter_map(|thread| proc_number(thread, "status", "voluntary_ctxt_switches:"))
        .sum()
}
