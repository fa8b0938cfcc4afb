//! When a job is ended by itself: after a time that can be changed, after silence, and never sooner;
//! and how often it says that it still runs.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at what it did not expect"
)]

use std::fs;
use std::time::Duration;

use foster_testkit::{Sandbox, Watched, habit, wait_for_file, wait_on_dir};
use rustix::process::Signal;
use serde_json::{Value, json};

const SOON: Duration = Duration::from_secs(30);

fn sandbox() -> Sandbox {
    Sandbox::new(env!("CARGO_BIN_EXE_foster"))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

fn start(sandbox: &Sandbox, options: &[&str], line: &str) -> String {
    let args = [&["run", "--no-wait"], options, &["--shell", line]].concat();
    text(&sandbox.ok(args)["job_id"]).to_owned()
}

fn end(sandbox: &Sandbox, id: &str) -> Value {
    let answer = sandbox.ok(["wait", id, "--timeout", "50s"]);
    assert_eq!(answer["reason"], "finished", "{answer:#}");
    pick(&answer, &["state", "cause", "timeout_kind", "exit_code"])
}

fn pick(value: &Value, fields: &[&str]) -> Value {
    fields.iter().map(|field| value[*field].clone()).collect()
}

fn ended(kind: &str) -> Value {
    json!(["killed", "timeout", kind, null])
}

fn events(sandbox: &Sandbox, id: &str, name: &str) -> Vec<Value> {
    let journal = fs::read_to_string(sandbox.job_dir(id).join("events.ndjson")).unwrap();
    let lines = journal
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    lines
        .filter(|event: &Value| event["event"] == name)
        .collect()
}

fn supervisor(sandbox: &Sandbox, id: &str) -> Watched {
    Watched::from_json(&events(sandbox, id, "launched")[0]["supervisor"]).unwrap()
}

fn remaining(answer: &Value) -> u64 {
    let remaining = answer["remaining_ms"].as_u64();
    remaining.unwrap_or_else(|| panic!("it has no deadline: {answer:#}"))
}

const MINUTE: u64 = 60_000;

#[test]
fn a_deadline_is_shown_moved_and_taken_away() {
    let sandbox = sandbox();
    let id = start(&sandbox, &["--timeout", "10m"], "sleep 600");
    let status = sandbox.ok(["status", &id]);
    assert!(
        (9 * MINUTE..=10 * MINUTE).contains(&remaining(&status)),
        "{status:#}"
    );
    assert!(text(&status["deadline"]) > text(&status["started_at"]));
    let answer = sandbox.ok(["deadline", &id, "3m"]);
    assert!(
        (2 * MINUTE..=3 * MINUTE).contains(&remaining(&answer)),
        "{answer:#}"
    );
    assert_eq!(answer["timeout_ms"], 10 * MINUTE, "that of the next run");
    let status = sandbox.ok(["status", &id]);
    assert_eq!(status["deadline"], answer["deadline"]);
    let answer = sandbox.ok(["deadline", &id, "none"]);
    let none = ["deadline", "remaining_ms"];
    assert_eq!(pick(&answer, &none), json!([null, null]));
    assert_eq!(
        pick(&sandbox.ok(["status", &id]), &none),
        json!([null, null])
    );
    let changed = events(&sandbox, &id, "deadline_changed");
    assert_eq!(changed.len(), 2);
    assert!(changed[0]["monotonic_ms"].is_u64() && changed[0]["by"]["pid"].is_i64());
    assert_eq!(changed[1]["deadline"], Value::Null);
    // In the past: at once.
    sandbox.ok(["deadline", &id, "0s"]);
    assert_eq!(end(&sandbox, &id), ended("deadline"));
    let stop = &events(&sandbox, &id, "stop_requested")[0];
    assert_eq!(stop["timeout_kind"], "deadline", "{stop:#}");
    assert_eq!(
        pick(&sandbox.ok(["status", &id]), &none),
        json!([null, null])
    );
    // The next run has the timeout of the definition again.
    sandbox.ok(["restart", &id, "--no-wait"]);
    let status = sandbox.ok(["status", &id]);
    assert!(
        (9 * MINUTE..=10 * MINUTE).contains(&remaining(&status)),
        "{status:#}"
    );
    assert_eq!(status["timeout_kind"], Value::Null);
}

#[test]
fn a_deadline_that_was_set_later_ends_the_job_and_one_taken_away_does_not() {
    let sandbox = sandbox();
    let id = start(&sandbox, &[], "sleep 600");
    sandbox.ok(["deadline", &id, "300ms"]);
    assert_eq!(end(&sandbox, &id), ended("deadline"));
    let id = start(&sandbox, &["--timeout", "1500ms"], "sleep 2; exit 4");
    sandbox.ok(["deadline", &id, "none"]);
    assert_eq!(end(&sandbox, &id), json!(["exited", "exit", null, 4]));
}

#[test]
fn a_successor_keeps_to_the_deadline() {
    let sandbox = sandbox();
    let kill = |id: &str| {
        let supervisor = supervisor(&sandbox, id);
        assert!(supervisor.kill() && supervisor.wait_gone(SOON));
    };
    let later = start(&sandbox, &["--timeout", "1h"], "sleep 600");
    let sooner = sandbox.ok(["deadline", &later, "2s"]);
    kill(&later);
    let status = sandbox.ok(["status", &later]);
    assert_eq!(status["deadline"], sooner["deadline"], "{status:#}");
    let never = start(&sandbox, &["--timeout", "1500ms"], "sleep 2; exit 5");
    sandbox.ok(["deadline", &never, "none"]);
    kill(&never);
    let silent = start(&sandbox, &["--idle-timeout", "1s"], "sleep 600");
    kill(&silent);
    let plain = start(&sandbox, &["--timeout", "1s"], "sleep 600");
    kill(&plain);
    assert_eq!(end(&sandbox, &later), ended("deadline"));
    assert_eq!(end(&sandbox, &never), json!(["exited", "exit", null, 5]));
    assert_eq!(end(&sandbox, &silent), ended("idle"));
    assert_eq!(end(&sandbox, &plain), ended("deadline"));
    for id in [&later, &never, &silent, &plain] {
        assert_eq!(sandbox.ok(["status", id])["supervision"], "none");
        let taken = events(&sandbox, id, "supervision");
        assert_eq!(taken[0]["now"], "taken_over", "{id}");
    }
}

#[test]
fn a_deadline_of_a_job_that_does_not_run_is_refused_or_its_timeout() {
    let sandbox = sandbox();
    let created = sandbox.ok(["create", "--timeout", "1h", "--shell", "sleep 600"]);
    let id = text(&created["job_id"]);
    assert_eq!(sandbox.err(["deadline", id, "0s"]).0, "invalid_argument");
    let answer = sandbox.ok(["deadline", id, "none"]);
    assert_eq!(
        pick(&answer, &["state", "timeout_ms"]),
        json!(["created", null])
    );
    let answer = sandbox.ok(["deadline", id, "400ms"]);
    let fields = ["state", "timeout_ms", "deadline"];
    assert_eq!(pick(&answer, &fields), json!(["created", 400, null]));
    assert_eq!(events(&sandbox, id, "amended").len(), 2);
    sandbox.ok(["start", id, "--no-wait"]);
    assert_eq!(end(&sandbox, id), ended("deadline"));
    let answer = sandbox.json(["deadline", id, "1h"]);
    assert_eq!(answer.code(), Some(4));
    assert_eq!(answer.into_err().0, "invalid_state");
    assert_eq!(sandbox.err(["deadline", "nobody", "1h"]).0, "job_not_found");
    // One that is being ended goes on being ended.
    let stubborn = habit("ignore-term");
    let stubborn = stubborn.to_str().unwrap();
    let run = ["run", "--no-wait", "--kill-after", "1h", "--", stubborn];
    let id = text(&sandbox.ok(run)["job_id"]).to_owned();
    sandbox.ok(["kill", &id, "--no-wait"]);
    let (code, answer) = sandbox.err(["deadline", &id, "1h"]);
    assert_eq!(code, "invalid_state", "{answer:#}");
    sandbox.ok(["kill", &id, "--grace", "0s"]);
}

#[test]
fn silence_ends_a_job_and_chatter_on_either_stream_keeps_it() {
    let sandbox = sandbox();
    let idle = ["--idle-timeout", "800ms"];
    let silent = start(&sandbox, &idle, "echo begun; sleep 600");
    let hushed = start(&sandbox, &idle, "exec >/dev/null 2>&1; sleep 600");
    let chatty = "for i in 1 2 3 4 5 6 7 8; do echo $i; sleep 0.2; echo $i >&2; sleep 0.2; done";
    let chatty = start(&sandbox, &idle, &format!("{chatty}; exit 3"));
    assert_eq!(end(&sandbox, &silent), ended("idle"));
    assert_eq!(end(&sandbox, &hushed), ended("idle"));
    assert_eq!(end(&sandbox, &chatty), json!(["exited", "exit", null, 3]));
    let stop = &events(&sandbox, &silent, "stop_requested")[0];
    assert_eq!(
        pick(stop, &["cause", "timeout_kind"]),
        json!(["timeout", "idle"])
    );
    // What others end bears no such mark.
    let killed = start(&sandbox, &["--idle-timeout", "1h"], "sleep 600");
    sandbox.ok(["kill", &killed]);
    assert_eq!(
        end(&sandbox, &killed),
        json!(["killed", "stop", null, null])
    );
}

#[test]
fn a_supervisor_that_was_held_up_does_not_take_that_for_silence() {
    let sandbox = sandbox();
    let line = "for i in 1 2 3 4 5 6 7 8 9 10; do echo $i; sleep 0.2; done; touch spoken; \
                for i in 1 2 3; do echo $i; sleep 0.2; done; exit 6";
    let id = start(&sandbox, &["--idle-timeout", "1s"], line);
    let supervisor = supervisor(&sandbox, &id);
    assert!(supervisor.signal(Signal::STOP));
    // Twice its patience has passed, and it has heard nothing.
    assert!(wait_for_file(&sandbox.work().join("spoken"), SOON));
    assert!(supervisor.signal(Signal::CONT));
    assert_eq!(end(&sandbox, &id), json!(["exited", "exit", null, 6]));
}

#[test]
fn progress_is_refreshed_as_often_as_was_asked_and_no_journal_grows() {
    let sandbox = sandbox();
    let id = start(&sandbox, &["--progress-every", "500ms"], "sleep 600");
    let dir = sandbox.job_dir(&id);
    let updated = || {
        let state = fs::read(dir.join("state.json")).ok()?;
        let state: Value = serde_json::from_slice(&state).ok()?;
        Some(text(&state["updated_at"]).to_owned())
    };
    let journal = fs::metadata(dir.join("events.ndjson")).unwrap().len();
    let mut seen = vec![updated().unwrap()];
    while seen.len() < 4 {
        let newer = || updated().filter(|at| seen.last() != Some(at));
        let next = wait_on_dir(&dir, SOON, newer).unwrap();
        seen.push(next);
    }
    let ms = |time: &String| {
        let (minutes, seconds) = time.trim_end_matches('Z').rsplit_once(':').unwrap();
        let minutes: f64 = minutes.rsplit_once(':').unwrap().1.parse().unwrap();
        minutes * 60_000.0 + seconds.parse::<f64>().unwrap() * 1000.0
    };
    for pair in seen.windows(2) {
        let gap = (ms(&pair[1]) - ms(&pair[0])).rem_euclid(3_600_000.0);
        assert!((450.0..5000.0).contains(&gap), "{seen:?}");
    }
    assert_eq!(
        fs::metadata(dir.join("events.ndjson")).unwrap().len(),
        journal
    );
    assert!(text(&sandbox.ok(["status", &id])["updated_at"]) >= seen[3].as_str());
    sandbox.ok(["kill", &id]);
    // Without it nothing is written while nothing happens.
    let id = start(&sandbox, &[], "sleep 600");
    let dir = sandbox.job_dir(&id);
    let before = fs::metadata(dir.join("state.json"))
        .unwrap()
        .modified()
        .unwrap();
    let pause = start(
        &sandbox,
        &["--timeout", "1s", "--kill-after", "0s"],
        "sleep 600",
    );
    end(&sandbox, &pause);
    let after = fs::metadata(dir.join("state.json"))
        .unwrap()
        .modified()
        .unwrap();
    assert_eq!(before, after);
}

#[test]
fn status_tells_the_limits_before_the_start_and_after_the_end() {
    let sandbox = sandbox();
    let limits = ["--timeout", "90s", "--idle-timeout", "1m", "--group", "g"];
    let made = sandbox.ok([&["create"], limits.as_slice(), &["--", "true"]].concat());
    let id = text(&made["job_id"]);
    sandbox.ok(["deadline", id, "80s"]);
    for state in ["created", "exited"] {
        let status = sandbox.ok(["status", id]);
        assert_eq!(status["state"], state);
        assert_eq!(status["timeout_ms"], 80_000);
        assert_eq!(status["idle_timeout_ms"], 60_000);
        let text = sandbox
            .foster()
            .args(["status", id, "--output", "text"])
            .output();
        let text = String::from_utf8(text.unwrap().stdout).unwrap();
        for row in ["timeout      1m 20s", "idle timeout 1m", "group        g"] {
            assert!(text.contains(row), "no {row:?} in {text}");
        }
        if state == "created" {
            sandbox.ok(["start", id, "--wait"]);
        }
    }
}
