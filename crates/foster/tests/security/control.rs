use std::io::{Read as _, Write as _};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;

use foster_testkit::{Sandbox, Tally};
use serde_json::{Value, json};

use crate::common::{SOON, guardians, sandbox, start};

/// What no client of Foster's says: none of it is a request, or none that can be met.
fn nonsense() -> Vec<(&'static str, Vec<u8>)> {
    let line = |value: Value| format!("{value}\n").into_bytes();
    let noise: Vec<u8> = (0..5000_u32).map(|at| (at * 167 % 251) as u8).collect();
    let signal = |number: i64, target: Value| {
        line(json!({"request": "signal", "number": number, "target": target}))
    };
    vec![
        ("nothing", Vec::new()),
        ("an empty line", b"\n".to_vec()),
        ("noise", [noise.as_slice(), b"\n"].concat()),
        ("no text", b"\xff\xfe\x00\n".to_vec()),
        ("half a request", b"{\"request\":\"sto".to_vec()),
        ("a line without an end", vec![b'x'; 1 << 20]),
        (
            "a deep document",
            [vec![b'['; 60_000], b"\n".to_vec()].concat(),
        ),
        (
            "a long number",
            [vec![b'9'; 60_000], b"\n".to_vec()].concat(),
        ),
        (
            "another version's request",
            line(json!({"request": "explode", "version": 9})),
        ),
        ("a list", line(json!([1, 2, 3]))),
        ("an answer", line(json!({"say": "finished"}))),
        ("a signal of 0", signal(0, json!("tree"))),
        ("a signal of -1", signal(-1, json!("tree"))),
        ("a signal of 9999", signal(9999, json!("tree"))),
        ("a signal to nobody", signal(15, json!({"pid": -1}))),
        (
            "phases that are none",
            line(json!({"request": "stop", "phases": [{"signal": "NONE", "grace_ms": 1}]})),
        ),
        (
            "a deadline at the end of time",
            line(json!({"request": "deadline", "after_ms": u64::MAX})),
        ),
        (
            "a deadline before the beginning",
            line(json!({"request": "deadline", "after_ms": -1})),
        ),
        (
            "input that is no base64",
            line(json!({"request": "input", "data": "%%%", "more": true, "eof": false})),
        ),
        (
            "input to a job that takes none",
            line(json!({"request": "input", "data": "eA==", "more": true, "eof": true})),
        ),
        (
            "nothing to withdraw",
            line(json!({"request": "withdraw_input"})),
        ),
        (
            "a change that is none",
            line(json!({"request": "amend", "change": {"amendment": "tags", "tags": ["../x"]}})),
        ),
    ]
}

/// Says something and hangs up, or waits for whatever comes back first.
fn say(socket: &Path, said: &[u8], listens: bool) {
    let mut stream = UnixStream::connect(socket).unwrap();
    stream.set_read_timeout(Some(SOON)).unwrap();
    stream.set_write_timeout(Some(SOON)).unwrap();
    // A supervisor that hangs up in the middle is right.
    let _ = stream.write_all(said);
    if listens {
        let _ = stream.shutdown(Shutdown::Write);
        let _ = stream.read_to_end(&mut Vec::new());
    }
}

/// The job runs, by the same two processes as before.
fn assert_unimpressed(sandbox: &Sandbox, id: &str, tally: &mut Tally, what: &str) {
    let status = sandbox.ok(["status", id]);
    let well = status["state"] == "running" && status["supervision"] == "full";
    tally.lost_unless(well, || format!("{what}: {status}"));
}

#[test]
fn nonsense_on_the_control_socket_hurts_nobody() {
    let sandbox = sandbox();
    let mut tally = Tally::new("nonsense said to a supervisor");
    let id = start(&sandbox, &["--", "sleep", "600"]);
    let [keeper, supervisor] = guardians(&sandbox, &id);
    let socket = sandbox.job_dir(&id).join("sock");
    for (what, said) in nonsense() {
        for listens in [true, false] {
            tally.run();
            say(&socket, &said, listens);
            assert_unimpressed(&sandbox, &id, &mut tally, what);
        }
    }
    assert!(keeper.is_alive() && supervisor.is_alive());
    let killed = sandbox.ok(["kill", &id, "--grace", "0s"]);
    assert_eq!(killed["report"]["empty"], true, "{killed:#}");
}

#[test]
fn a_crowd_that_says_half_a_word_each_keeps_nobody_out() {
    let sandbox = sandbox();
    let mut tally = Tally::new("slow and silent clients of a supervisor");
    let id = start(&sandbox, &["--shell", "seq 200000; sleep 600"]);
    let socket = sandbox.job_dir(&id).join("sock");
    let watch = format!("{}\n", json!({"request": "watch", "output": true}));
    let mut crowd = Vec::new();
    for number in 0..400 {
        tally.run();
        let mut stream = UnixStream::connect(&socket).unwrap();
        let said = if number % 2 == 0 { "{\"requ" } else { &watch };
        stream.write_all(said.as_bytes()).unwrap();
        crowd.push(stream);
    }
    for number in 0..1000 {
        tally.run();
        drop(UnixStream::connect(&socket).unwrap());
        if number % 100 == 0 {
            assert_unimpressed(&sandbox, &id, &mut tally, "a thousand connections");
        }
    }
    assert_unimpressed(&sandbox, &id, &mut tally, "a crowd");
    let tail = sandbox.ok(["kill", &id, "--grace", "0s"]);
    assert_eq!(tail["report"]["empty"], true, "{tail:#}");
    let tail = sandbox.ok(["tail", &id, "--lines", "1"]);
    assert_eq!(tail["stdout"]["tail"], "200000\n");
    drop(crowd);
}

/// What stands in a job's folder may be another program's socket, or an older Foster's.
#[test]
fn a_supervisor_that_talks_nonsense_is_not_believed() {
    let hello = |version: u32, job: &str| {
        format!(
            "{}\n",
            json!({"say": "hello", "version": version, "job_id": job})
        )
    };
    let other = "01h00000000000000000000000";
    let mut tally = Tally::new("nonsense said to a client");
    let sandbox = sandbox();
    let id = start(&sandbox, &["--", "sleep", "600"]);
    let rows = [
        (hello(99, &id), "protocol_mismatch"),
        (hello(1, other), "protocol_mismatch"),
        ("what?\n".to_owned(), "supervisor_unreachable"),
        (String::new(), "supervisor_unreachable"),
        ("x".repeat(1 << 20), "supervisor_unreachable"),
    ];
    let socket = sandbox.job_dir(&id).join("sock");
    for (said, wanted) in rows {
        tally.run();
        std::fs::remove_file(&socket).unwrap();
        let listener = UnixListener::bind(&socket).unwrap();
        let impostor = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let _ = stream.write_all(said.as_bytes());
            if !said.is_empty() {
                let _ = stream.read_to_end(&mut Vec::new());
            }
        });
        let (code, answer) = sandbox.err(["tag", &id, "--add", "x"]);
        impostor.join().unwrap();
        tally.lost_unless(code == wanted, || format!("{wanted}: {answer}"));
        assert_eq!(sandbox.ok(["status", &id])["state"], "running");
    }
}
