use std::time::{Duration, Instant};

use foster_testkit::{DEADLINE, Gate, Sandbox, wait_for_file};
use serde_json::{Value, json};

use crate::client::{Client, VERSION, job_of, sandbox};

/// Returns a client and a job that runs until the gate is opened.
fn with_job(sandbox: &Sandbox) -> (Client, Gate, String) {
    let gate = Gate::new(sandbox, "gate");
    let mut client = Client::begin(sandbox);
    let line = "echo ready; read x < gate; echo through";
    let run = client.ok("run", json!({"shell": line, "no_wait": true}));
    (client, gate, job_of(&run))
}

#[test]
fn a_wait_holds_nobody_up() {
    let sandbox = sandbox();
    let (mut client, gate, id) = with_job(&sandbox);
    let waits: Vec<_> = (0..100)
        .map(|_| client.begin_call("wait", json!({"jobs": [id]})))
        .collect();
    let status = client.ok("status", json!({"job": id}));
    assert_eq!(status["state"], "running");
    assert_eq!(client.ask("ping", json!({}))["result"], json!({}));
    let run = client.ok("run", json!({"command": ["true"]}));
    assert_eq!(run["exit_code"], 0);
    gate.open();
    for wait in waits {
        let answer = client.result(wait);
        assert_eq!(
            answer["structuredContent"]["reason"], "finished",
            "{answer:#}"
        );
        assert_eq!(answer["structuredContent"]["exit_code"], 0);
    }
    client.end();
}

/// More wait than there are places: the others stand behind them, and what is quick has places of its own.
#[test]
fn more_waits_than_there_is_room_for_hold_up_no_look() {
    let sandbox = sandbox();
    let (mut client, gate, id) = with_job(&sandbox);
    let waits: Vec<_> = (0..230)
        .map(|_| client.begin_call("wait", json!({"jobs": [id]})))
        .collect();
    for _ in 0..20 {
        client.ok("status", json!({"job": id}));
    }
    gate.open();
    for wait in waits {
        let answer = client.result(wait);
        assert_eq!(
            answer["structuredContent"]["reason"], "finished",
            "{answer:#}"
        );
    }
    client.end();
}

#[test]
fn a_wait_comes_back_before_the_client_gives_up_on_it() {
    let sandbox = sandbox();
    let mut client = Client::start(&sandbox, &["--max-wait", "300ms"]);
    client.shake_hands(VERSION);
    let sleep = json!(["sleep", "600"]);
    let begun = Instant::now();
    let run = client.ok("run", json!({"command": sleep, "snapshot_after": "1h"}));
    assert_eq!(run["state"], "running");
    let id = job_of(&run);
    let wait = client.ok("wait", json!({"jobs": [id]}));
    assert_eq!(wait["reason"], "deadline");
    let wait = client.ok(
        "wait",
        json!({"jobs": [id], "timeout": "none", "for": "never"}),
    );
    assert_eq!(wait["reason"], "deadline");
    client.ok("kill", json!({"jobs": [id]}));
    assert!(begun.elapsed() < Duration::from_secs(30));
    client.end();
    // By the configuration as well.
    let mut command = sandbox.foster();
    command.arg("mcp").env("FOSTER_MCP_MAX_WAIT", "200ms");
    let mut client = Client::of(command);
    client.shake_hands(VERSION);
    let run = client.ok("run", json!({"command": sleep, "wait": true}));
    assert_eq!(run["state"], "running");
    client.end();
}

#[test]
fn a_call_that_is_cancelled_ends_and_its_job_does_not() {
    let sandbox = sandbox();
    let (mut client, gate, id) = with_job(&sandbox);
    let other = Gate::new(&sandbox, "other");
    let line = "echo $FOSTER_JOB > up; read x < other";
    let run = client.begin_call("run", json!({"shell": line, "name": "other", "wait": true}));
    assert!(wait_for_file(&sandbox.work().join("up"), DEADLINE));
    // As many as may wait at once: whatever waits after them shows that they are back.
    let mut calls: Vec<_> = (1..200)
        .map(|_| client.begin_call("wait", json!({"jobs": [id]})))
        .collect();
    calls.push(run);
    for call in &calls {
        client.notify(
            "notifications/cancelled",
            json!({"requestId": call, "reason": "enough"}),
        );
    }
    let begun = Instant::now();
    client.ok("run", json!({"command": ["true"]}));
    assert!(
        begun.elapsed() < Duration::from_secs(30),
        "{:?}",
        begun.elapsed()
    );
    for job in [&*id, "other"] {
        assert_eq!(client.ok("status", json!({"job": job}))["state"], "running");
    }
    assert!(client.has_not_come(|message| calls.iter().any(|call| message["id"] == *call)));
    gate.open();
    other.open();
    for job in [&*id, "other"] {
        assert_eq!(client.ok("wait", json!({"jobs": [job]}))["exit_code"], 0);
    }
    // Who cancels what is over, or was never there, is not answered.
    client.notify("notifications/cancelled", json!({"requestId": calls[0]}));
    client.notify("notifications/cancelled", json!({"requestId": "nothing"}));
    client.end();
}

#[test]
fn whoever_asks_for_progress_is_told_at_once_and_again() {
    let sandbox = sandbox();
    let (mut client, gate, id) = with_job(&sandbox);
    let params = json!({
        "name": "wait", "arguments": {"jobs": [id]}, "_meta": {"progressToken": "mine"},
    });
    let wait = client.request("tools/call", params);
    let first = client.told("notifications/progress");
    let second = client.told("notifications/progress");
    let number = |told: &Value| told["progress"].as_f64().unwrap();
    assert_eq!(
        (&first["progressToken"], &second["progressToken"]),
        (&json!("mine"), &json!("mine"))
    );
    assert!(
        number(&first) < 1.0 && number(&second) >= 5.0,
        "{first} {second}"
    );
    let message = second["message"].as_str().unwrap();
    assert_eq!(message, "wait: 5s; running; last line: ready");
    gate.open();
    assert_eq!(client.result(wait)["structuredContent"]["exit_code"], 0);
    client.ok("status", json!({"job": id}));
    assert!(client.has_not_come(|message| message["method"] == "notifications/progress"));
    client.end();
}
