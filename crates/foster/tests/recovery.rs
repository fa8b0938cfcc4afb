//! Jobs that nobody looks after. Those who change one do so one after the other: none of them takes another for
//! a supervisor, and answers that there is nothing to be done.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use foster_testkit::{Sandbox, Tally, Watched, habit, race_time};
use serde_json::Value;

const SOON: Duration = Duration::from_secs(10);

fn sandbox() -> Sandbox {
    Sandbox::new(env!("CARGO_BIN_EXE_foster"))
}

/// Starts a job whose leader ignores TERM, and kills its keeper and its supervisor: it lives on, and
/// nobody looks after it. Returns its id and its leader.
fn forsaken(sandbox: &Sandbox) -> (String, Watched) {
    let program = habit("ignore-term");
    let program = program.to_str().unwrap();
    let args = ["run", "--no-wait", "--kill-after", "50ms", "--", program];
    let answer = sandbox.ok(args);
    let id = answer["job_id"].as_str().unwrap().to_owned();
    let state = std::fs::read(sandbox.job_dir(&id).join("state.json")).unwrap();
    let state: Value = serde_json::from_slice(&state).unwrap();
    for who in ["keeper", "supervisor"] {
        let process = Watched::from_json(&state["record"][who]).unwrap();
        assert!(process.kill() && process.wait_gone(SOON));
    }
    (id, Watched::from_json(&state["record"]["leader"]).unwrap())
}

/// Recovers the job by two at once, again and again, until `end` has given its answer.
fn while_it_is_recovered(sandbox: &Sandbox, id: &str, end: impl FnOnce() -> Value) -> Value {
    let ended = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !ended.load(Ordering::Relaxed) {
                    let answer = sandbox.json(["recover", id]).value;
                    let known = answer["ok"] == true || answer["error"]["code"] == "job_not_found";
                    assert!(known, "{answer:#}");
                }
            });
        }
        let answer = catch_unwind(AssertUnwindSafe(end));
        ended.store(true, Ordering::Relaxed);
        answer.unwrap_or_else(|panic| resume_unwind(panic))
    })
}

#[test]
fn what_is_left_of_a_job_is_ended_though_others_recover_it_at_that_moment() {
    let sandbox = sandbox();
    let mut tally = Tally::new("a forsaken job killed while two recover it");
    let end = Instant::now() + race_time();
    loop {
        tally.run();
        let (id, leader) = forsaken(&sandbox);
        let answer = while_it_is_recovered(&sandbox, &id, || sandbox.ok(["kill", &id]));
        tally.escaped_unless(!leader.is_alive(), || format!("{id} lives: {answer:#}"));
        if Instant::now() > end {
            break;
        }
    }
}

#[test]
fn a_job_that_is_over_is_deleted_though_others_recover_it_at_that_moment() {
    let sandbox = sandbox();
    let mut tally = Tally::new("a finished job restarted and deleted while two recover it");
    let program = habit("exit");
    let program = program.to_str().unwrap();
    let end = Instant::now() + race_time();
    loop {
        tally.run();
        let answer = sandbox.ok(["run", "--wait", "--", program, "3"]);
        let id = answer["job_id"].as_str().unwrap();
        for verb in [vec!["restart", id, "--wait"], vec!["delete", id]] {
            let answer = while_it_is_recovered(&sandbox, id, || sandbox.json(&verb).value);
            tally.lost_unless(answer["ok"] == true, || format!("{verb:?}: {answer:#}"));
        }
        if Instant::now() > end {
            break;
        }
    }
}

/// Looking through all processes for each job that is over takes minutes where there are many; and what is
/// found then is none of the job's.
#[test]
fn nobody_is_looked_for_where_the_kernel_has_said_that_nobody_is_left() {
    let sandbox = sandbox();
    let program = habit("exit");
    let answer = sandbox.ok(["run", "--wait", "--", program.to_str().unwrap(), "0"]);
    let id = answer["job_id"].as_str().unwrap();
    let meta = std::fs::read(sandbox.job_dir(id).join("meta.json")).unwrap();
    let meta: Value = serde_json::from_slice(&meta).unwrap();
    let mark = format!("{id}/{}", meta["nonce"].as_str().unwrap());
    let mut stranger = Command::new("cat");
    stranger.env("FOSTER_JOB", mark).stdin(Stdio::piped());
    let mut stranger = stranger.spawn().unwrap();
    let answer = sandbox.ok(["recover"]);
    assert_eq!(answer["jobs"], serde_json::json!([]), "{answer:#}");
    drop(stranger.stdin.take());
    stranger.wait().unwrap();
}
