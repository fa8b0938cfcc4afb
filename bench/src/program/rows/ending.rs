//! The end of a tree of a thousand daemons.

use super::{aim, keep};
use crate::Error;
use crate::child::{output, run};
use crate::measure::{Contestant, rounds};
use crate::peers::Foster;
use crate::results::{Limit, Results};
use crate::setting::Setting;

const DAEMONS: usize = 1000;

#[expect(clippy::unnecessary_wraps, reason = "as the other rows are")]
pub fn measure(setting: &mut Setting, results: &mut Results) -> Result<(), Error> {
    for (level, goal) in [("cgroup", 50.0), ("subreaper", 100.0)] {
        let daemons = if setting.quick { 50 } else { DAEMONS };
        let contestant = Contestant::new("foster kill --grace 0s", || end(setting, level, daemons));
        let key = format!("ending/{level}");
        let work = format!("kill of {daemons} double-forked daemons, by {level}, to \"empty\"");
        match rounds(vec![contestant], 1, setting.rounds(5), false) {
            Ok(measured) => keep(results, &key, &work, "ms", measured.concat()),
            // Not every machine has a control group to give away.
            Err(error) => results.missing.push(format!("{level}: {error}")),
        }
        aim(results, &key, "foster kill --grace 0s", Limit::AtMost(goal));
    }
    Ok(())
}

fn end(setting: &Setting, level: &str, daemons: usize) -> Result<Vec<f64>, Error> {
    let foster = &setting.foster;
    let pids = setting.work().join("daemons");
    std::fs::write(&pids, "")?;
    let mut launch = foster.verb(&["run", "--no-wait", "--containment", level, "--"]);
    launch.arg(setting.kit.join("habit-thousand"));
    launch
        .args(["--count", &daemons.to_string(), "--stay", "--pid-file"])
        .arg(&pids);
    let id = Foster::id(&output(&mut launch)?)?;
    run(&mut foster.verb(&["wait", &id, "--for", "ready"]))?;
    let took = run(&mut foster.verb(&["kill", "--grace", "0s", &id]))?;
    if foster.ask(&["status", &id], "state")? != "killed" {
        return Err("the job was not killed".into());
    }
    let pids = std::fs::read_to_string(&pids)?;
    let alive = |pid: &str| std::fs::exists(format!("/proc/{pid}")).unwrap_or(true);
    if pids.lines().count() != daemons || pids.lines().any(alive) {
        return Err("not all daemons were there, or are gone".into());
    }
    Ok(vec![took.milliseconds])
}
