use std::io::Write as _;
use std::process::Stdio;
use std::time::{Duration, Instant};

use foster_testkit::{DEADLINE, Gate, Watched, finish};
use rustix::process::Signal;
use serde_json::json;

use crate::client::{Client, job_of, sandbox};

/// How long the end of a server may take on a busy machine.
const SOON: Duration = Duration::from_secs(10);

#[test]
fn a_client_that_goes_away_ends_the_server_and_no_job() {
    let sandbox = sandbox();
    let gate = Gate::new(&sandbox, "gate");
    let mut client = Client::begin(&sandbox);
    let line = "read x < gate; echo through";
    let run = client.ok("run", json!({"shell": line, "no_wait": true}));
    let id = job_of(&run);
    for _ in 0..20 {
        client.begin_call("wait", json!({"jobs": [id]}));
    }
    client.ok("status", json!({"job": id}));
    let begun = Instant::now();
    client.hang_up();
    assert!(client.process().wait_gone(DEADLINE));
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
    client.end();
    assert_eq!(sandbox.ok(["status", &id])["state"], "running");
    gate.open();
    let waited = sandbox.ok(["wait", &id]);
    assert_eq!(
        (&waited["exit_code"], &waited["snapshot"]["stdout"]["tail"]),
        (&json!(0), &json!("through\n"))
    );
}

#[test]
fn a_server_that_is_ended_or_killed_ends_no_job() {
    let sandbox = sandbox();
    for signal in [Signal::TERM, Signal::INT, Signal::HUP, Signal::KILL] {
        let mut client = Client::begin(&sandbox);
        let run = client.ok("run", json!({"command": ["sleep", "600"], "no_wait": true}));
        let id = job_of(&run);
        client.begin_call("wait", json!({"jobs": [id]}));
        client.ok("status", json!({"job": id}));
        assert!(client.process().signal(signal));
        assert!(client.process().wait_gone(SOON), "{signal:?}");
        assert_eq!(sandbox.ok(["status", &id])["state"], "running");
        sandbox.ok(["kill", &id]);
    }
}

/// A server whose client reads no more has nobody to serve.
#[test]
fn a_client_that_closes_only_what_it_reads_is_gone_too() {
    let sandbox = sandbox();
    let mut command = sandbox.foster();
    command
        .arg("mcp")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let mut server = command.spawn().unwrap();
    drop(server.stdout.take());
    let mut stdin = server.stdin.take().unwrap();
    stdin
        .write_all(b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}\n")
        .unwrap();
    let process = Watched::from_pid(server.id().try_into().unwrap()).unwrap();
    assert!(process.wait_gone(DEADLINE));
    server.wait().unwrap();
    drop(stdin);
}

/// So one can write requests into it in a shell.
#[test]
fn what_was_asked_before_the_end_is_answered() {
    let sandbox = sandbox();
    let mut command = sandbox.foster();
    command.arg("mcp");
    let lines = [
        json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
            "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "sh", "version": "1"},
        }}),
        json!({"jsonrpc": "2.0", "method": "notifications/initialized"}),
        json!({"jsonrpc": "2.0", "id": 2, "method": "tools/list"}),
        json!({"jsonrpc": "2.0", "id": 3, "method": "tools/call", "params": {"name": "list", "arguments": {}}}),
    ];
    // The last line has no end: it is taken all the same.
    let input = lines.map(|line| line.to_string()).join("\n");
    let done = finish(command, Some(input.as_bytes()), DEADLINE);
    assert!(done.status.success());
    let text = String::from_utf8(done.stdout).unwrap();
    for id in 1..=3 {
        assert!(
            text.contains(&format!("\"id\":{id},\"result\"")),
            "{id}: {text}"
        );
    }
}
