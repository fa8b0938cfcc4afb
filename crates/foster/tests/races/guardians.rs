//! Supervisor and keeper die one after the other, with any time between.

use std::fs;
use std::time::{Duration, Instant};

use foster_testkit::{Stream, Tally, flood, habit, race_time, random, random_moment};
use serde_json::{Value, json};

use crate::setting::{Command, Job, SOON, bearers, sandbox, text};

const BYTES: usize = 1 << 20;

/// Kills who looks after the job, in this order, with a random time between.
fn kill_in_order(job: &Job<'_>, roles: [&str; 2]) {
    // It was started, so both were launched.
    let [first, second] = roles.map(|role| job.guardian(role).unwrap());
    // From the first moment of its life to long after its end.
    random_moment(Duration::from_micros(1 << random(16)));
    first.kill();
    random_moment(Duration::from_micros(1 << random(13)));
    second.kill();
    assert!(first.wait_gone(SOON) && second.wait_gone(SOON));
}

/// The job was recorded to its end, or is lost, and says so; what is on the disk was printed.
fn judge(job: &Job<'_>, told: &Value, tally: &mut Tally) {
    let end = ["state", "cause", "exit_code", "signal"].map(|field| told[field].clone());
    let whole = json!(end) == json!(["exited", "exit", 7, null]);
    let lost = end[..3] == [json!("lost"), json!("supervisor_lost"), json!(null)];
    tally.lost_unless(whole || lost, || told.to_string());
    for stream in [Stream::Stdout, Stream::Stderr] {
        let log = fs::read(text(&told[format!("{}_log_path", stream.as_str())])).unwrap();
        let printed = flood(stream, BYTES);
        let kept = printed.starts_with(&log)
            && (log.len() == BYTES || !whole || told["output"] != "complete");
        tally.lost_unless(kept, || format!("{stream:?}: {} bytes, {told}", log.len()));
    }
    let again = job.sandbox.ok(["status", &job.id]);
    tally.lost_unless(again["state"] == told["state"], || {
        format!("{told}\n{again}")
    });
    let (ended, ran) = (job.count("finished"), job.executions().len());
    tally.lost_unless(ended == 1 && ran <= 1, || {
        format!("{ended} ends of {ran} executions")
    });
}

fn kill_both(roles: [&str; 2], scenario: &str) {
    let mut tally = Tally::new(scenario);
    let sandbox = sandbox();
    let program = habit("flood");
    let line = format!(
        "echo $FOSTER_JOB >> ran; {} --stdout {BYTES} --stderr {BYTES}; exit 7",
        program.display()
    );
    let end = Instant::now() + race_time();
    loop {
        tally.run();
        let started = sandbox.ok(["run", "--no-wait", "--shell", &line]);
        let job = Job::of_id(&sandbox, text(&started["job_id"]), Command::Short);
        let told = std::thread::scope(|scope| {
            let waiter = scope.spawn(|| sandbox.ok(["wait", &job.id]));
            kill_in_order(&job, roles);
            waiter.join().unwrap()
        });
        judge(&job, &told, &mut tally);
        sandbox.ok(["delete", "--kill", &job.id]);
        for process in bearers(job.root()) {
            let gone = process.wait_gone(SOON);
            tally.escaped_unless(gone, || format!("{} of {told}", process.name()));
        }
        if Instant::now() >= end {
            break;
        }
    }
}

#[test]
fn the_supervisor_dies_and_then_the_keeper() {
    kill_both(
        ["supervisor", "keeper"],
        "supervisor, then keeper killed, with any time between",
    );
}

#[test]
fn the_keeper_dies_and_then_the_supervisor() {
    kill_both(
        ["keeper", "supervisor"],
        "keeper, then supervisor killed, with any time between",
    );
}
