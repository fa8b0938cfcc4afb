//! More than two at once.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use foster_testkit::{Tally, race_time, random};
use serde_json::json;

use crate::setting::{Command, Job, SOON, Stage, bearers, sandbox, text};
use crate::truth::Race;
use crate::verbs::Verb;

const LAUNCHERS: usize = 20;

#[test]
fn a_crowd_at_one_job() {
    let mut tally = Tally::new("eight verbs at once");
    let sandbox = sandbox();
    let end = Instant::now() + race_time();
    let stages = [Stage::Created, Stage::RunningLong, Stage::Finished];
    loop {
        let stage = stages[random(stages.len() as u64) as usize];
        let verbs = (0..8).map(|_| Verb::ALL[random(Verb::ALL.len() as u64) as usize]);
        // Both of Foster's own killed is another race, with other ends.
        let verbs: Vec<_> = verbs.filter(|verb| *verb != Verb::KeeperDies).collect();
        let job = Job::in_stage(&sandbox, stage);
        Race::run(job, stage, &verbs, Duration::from_millis(20)).judge(&mut tally);
        if Instant::now() >= end {
            break;
        }
    }
}

#[test]
fn launchers_of_one_name_get_a_job_each() {
    let mut tally = Tally::new("20 launchers at once, all of one name");
    let sandbox = sandbox();
    let line = Command::Long.line();
    let run = ["run", "--no-wait", "--name", "same", "--shell", &line];
    let answers: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..LAUNCHERS)
            .map(|_| scope.spawn(|| sandbox.ok(run)))
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    let started: BTreeSet<_> = answers
        .iter()
        .map(|answer| text(&answer["job_id"]))
        .collect();
    let listed = sandbox.ok(["list", "--all", "--limit", "100"]);
    let listed: BTreeSet<_> = listed["jobs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|job| text(&job["job_id"]))
        .collect();
    tally.lost_unless(started.len() == LAUNCHERS && started == listed, || {
        format!("{started:?} were started, {listed:?} are listed")
    });
    assert_eq!(sandbox.err(["status", "same"]).0, "ambiguous_job_id");
    for id in &started {
        tally.run();
        let job = Job::of_id(&sandbox, id, Command::Long);
        let killed = sandbox.ok(["kill", id, "--grace", "0s"]);
        tally.lost_unless(killed["state"] == "killed", || killed.to_string());
        let ran = job.executions().len();
        tally.lost_unless(ran <= 1, || format!("{id} was executed {ran} times"));
        for process in bearers(id) {
            let gone = process.wait_gone(SOON);
            tally.escaped_unless(gone, || format!("{} of {id}", process.name()));
        }
    }
    assert_eq!(sandbox.ok(["delete", "--all"])["deleted"], json!(LAUNCHERS));
    assert_eq!(sandbox.job_ids(), Vec::<String>::new());
}
