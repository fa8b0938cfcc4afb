//! Finding jobs, waiting for them and for their output, choosing lines, following what happens.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at what it did not expect"
)]

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, ChildStdout, Stdio};
use std::time::{Duration, Instant};

use foster_testkit::{DEADLINE, Sandbox, Watched, finish, kill_at_once, race_time};
use serde_json::{Value, json};

const SOON: Duration = Duration::from_secs(30);

fn sandbox() -> Sandbox {
    Sandbox::new(env!("CARGO_BIN_EXE_foster"))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

/// Runs a shell line to its end, and returns the job's id.
fn run(sandbox: &Sandbox, options: &[&str], line: &str) -> String {
    let args = ["run", "--wait"].iter().chain(options);
    let answer = sandbox.ok(args.chain(&["--shell", line]));
    text(&answer["job_id"]).to_owned()
}

fn start(sandbox: &Sandbox, options: &[&str], line: &str) -> String {
    let args = ["run", "--no-wait"].iter().chain(options);
    let answer = sandbox.ok(args.chain(&["--shell", line]));
    text(&answer["job_id"]).to_owned()
}

fn ids(answer: &Value) -> Vec<String> {
    let jobs = answer["jobs"].as_array().unwrap();
    jobs.iter()
        .map(|job| text(&job["job_id"]).to_owned())
        .collect()
}

fn list(sandbox: &Sandbox, options: &[&str]) -> Vec<String> {
    ids(&sandbox.ok(["list"].iter().chain(options)))
}

/// What `foster ARGS` writes on standard output.
fn written(sandbox: &Sandbox, args: &[&str]) -> String {
    let mut command = sandbox.foster();
    command.args(args);
    let done = finish(command, None, DEADLINE);
    assert!(
        done.status.success(),
        "{args:?}: {}",
        String::from_utf8_lossy(&done.stderr)
    );
    String::from_utf8(done.stdout).unwrap()
}

/// The job's journal as it is on disk.
fn journal(sandbox: &Sandbox, id: &str) -> Vec<Value> {
    let text = fs::read_to_string(sandbox.job_dir(id).join("events.ndjson")).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// An event as the journal has it.
fn entry(mut event: Value) -> Value {
    assert_eq!(event["type"], "event", "{event}");
    assert_eq!(
        (&event["ok"], &event["schema_version"]),
        (&json!(true), &json!("1"))
    );
    let event = event.as_object_mut().unwrap();
    for added in ["type", "ok", "schema_version", "job_id"] {
        event.remove(added);
    }
    json!(event)
}

/// An `events` that runs beside the test.
struct Follower {
    child: Child,
    stdout: BufReader<ChildStdout>,
}

impl Follower {
    fn new(sandbox: &Sandbox, args: &[&str]) -> Self {
        let mut command = sandbox.foster();
        command.args(["events", "--json", "--follow"]).args(args);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        Self { child, stdout }
    }

    fn next(&mut self) -> Value {
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{line:?}: {error}"))
    }

    /// Reads until an event of that kind, of that job, and returns all that came.
    fn until(&mut self, id: &str, kind: &str) -> Vec<Value> {
        let mut events = Vec::new();
        loop {
            let event = self.next();
            let found = event["job_id"] == id && event["event"] == kind;
            events.push(event);
            if found {
                return events;
            }
        }
    }

    /// Reads what is left until the program ends, which it has to do well.
    fn end(mut self) -> Vec<Value> {
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).unwrap();
        let process = Watched::from_pid(self.child.id() as i32).unwrap();
        assert!(process.wait_gone(SOON), "it does not end");
        assert!(self.child.wait().unwrap().success(), "{rest}");
        rest.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn jobs_are_found_by_what_is_known_of_them() {
    let sandbox = sandbox();
    let a = run(
        &sandbox,
        &["--name", "web-1", "--tag", "ci.lint", "--group", "g"],
        "exit 0",
    );
    let b = run(
        &sandbox,
        &["--name", "web-22", "--tag", "ci.test", "--tag", "slow"],
        "exit 3",
    );
    let c = run(
        &sandbox,
        &["--tag", "ci", "--group", "g", "--timeout", "50ms"],
        "sleep 60",
    );
    let d = text(&sandbox.ok(["create", "--name", "later", "--", "true"])["job_id"]).to_owned();
    let rows: [(&[&str], &[&String]); 22] = [
        (&[], &[&d, &c, &b, &a]),
        (&["--reverse"], &[&a, &b, &c, &d]),
        (&["--state", "exited"], &[&b, &a]),
        (&["--state", "created,killed"], &[&d, &c]),
        (&["--cause", "timeout"], &[&c]),
        (&["--cause", "exit,timeout"], &[&c, &b, &a]),
        (&["--tag", "ci.*"], &[&b, &a]),
        (&["--tag", "ci"], &[&c]),
        (&["--tag", "ci.*", "--tag", "slow"], &[&b]),
        (&["--tag", "slow", "--tag", "ci"], &[]),
        (&["--group", "g"], &[&c, &a]),
        (&["--name", "web-?"], &[&a]),
        (&["--name", "web*"], &[&b, &a]),
        (&["--command", "sleep 6"], &[&c]),
        (&["--since", "1h"], &[&d, &c, &b, &a]),
        (&["--since", "2100-01-01T00:00:00Z"], &[]),
        (&["--until", "1h"], &[]),
        (
            &["--until", "2100-01-01T00:00:00+01:00", "--group", "g"],
            &[&c, &a],
        ),
        (&["--sort", "name"], &[&d, &a, &b, &c]),
        (&["--sort", "started", "--reverse"], &[&a, &b, &c, &d]),
        (&["--sort", "duration", "--limit", "1"], &[&c]),
        (&["--limit", "none", "--all"], &[&d, &c, &b, &a]),
    ];
    for (options, expected) in rows {
        let expected: Vec<_> = expected.iter().map(|id| (*id).clone()).collect();
        assert_eq!(list(&sandbox, options), expected, "{options:?}");
    }
    // The moment of a job's creation is in, at both ends.
    let created = |id: &str| text(&sandbox.ok(["status", id])["created_at"]).to_owned();
    let (since, until) = (created(&b), created(&c));
    assert_eq!(
        list(&sandbox, &["--since", &since, "--until", &until]),
        [c.clone(), b.clone()]
    );
    assert_eq!(
        list(
            &sandbox,
            &["--since", &since, "--until", &until, "--reverse"]
        ),
        [b.clone(), c.clone()]
    );
    assert_eq!(
        ids(&sandbox.ok(["ps", "--tag", "ci.*"])),
        Vec::<String>::new()
    );
    let shown = written(
        &sandbox,
        &["list", "--ids", "--output", "text", "--group", "g"],
    );
    assert_eq!(shown, format!("{c}\n{a}\n"));
    let document = sandbox.ok(["list", "--ids", "--group", "g"]);
    assert_eq!(ids(&document), [c, a]);
}

#[test]
fn directories_and_what_is_wrong() {
    let sandbox = sandbox();
    fs::create_dir(sandbox.work().join("in")).unwrap();
    let inner = run(&sandbox, &["--cwd", "in"], "true");
    let outer = run(&sandbox, &[], "true");
    assert_eq!(
        list(&sandbox, &["--cwd", "in"]),
        std::slice::from_ref(&inner)
    );
    assert_eq!(list(&sandbox, &["--cwd", "."]), [outer, inner.clone()]);
    let elsewhere = sandbox.ok(["list", "--cwd", "/nonexistent"]);
    assert_eq!(elsewhere["others_outside_scope"], true);
    assert_eq!(
        list(&sandbox, &["--cwd", "..", "--limit", "1", "--reverse"]),
        [inner]
    );
    let rows: [&[&str]; 9] = [
        &["list", "--cursor", "nonsense"],
        &["list", "--cursor", "1n01m7v41f01000000000001nf6"],
        &[
            "list",
            "--sort",
            "name",
            "--cursor",
            "1n01m7v41f01000000000001nf6y",
        ],
        &[
            "list",
            "--reverse",
            "--cursor",
            "1n01m7v41f01000000000001nf6y",
        ],
        &["list", "--since", "tomorrow"],
        &["list", "--until", "2026-13-01T00:00:00Z"],
        &["list", "--tag", "a..b"],
        &["list", "--name", "a/b"],
        &["list", "--limit", "0"],
    ];
    for args in rows {
        assert_eq!(sandbox.err(args).0, "invalid_argument", "{args:?}");
    }
}

#[test]
fn pages_hold_each_job_once_while_others_come_and_go() {
    let sandbox = sandbox();
    let all: Vec<_> = (0..9).map(|_| run(&sandbox, &[], "true")).collect();
    for reverse in [false, true] {
        let mut seen = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let mut args = vec!["list".to_owned(), "--limit".to_owned(), "2".to_owned()];
            args.extend(reverse.then(|| "--reverse".to_owned()));
            args.extend(
                cursor
                    .iter()
                    .flat_map(|cursor| ["--cursor".to_owned(), cursor.clone()]),
            );
            let page = sandbox.ok(&args);
            seen.extend(ids(&page));
            assert_eq!(page["truncated"], !page["next"].is_null(), "{page}");
            cursor = page["next"].as_str().map(str::to_owned);
            if cursor.is_none() {
                break;
            }
            if !reverse {
                // A new one comes before the place where the listing is.
                run(&sandbox, &["--tag", "new"], "true");
            }
        }
        let mut expected = all.clone();
        if !reverse {
            expected.reverse();
        }
        assert_eq!(seen[..9], expected, "reverse: {reverse}");
    }
}

#[test]
fn jobs_are_listed_as_they_were_made() {
    let sandbox = sandbox();
    let made: Vec<_> = (0..12)
        .map(|_| text(&sandbox.ok(["create", "--", "true"])["job_id"]).to_owned())
        .collect();
    assert_eq!(list(&sandbox, &["--reverse"]), made);
    fs::remove_file(sandbox.root().join("index")).unwrap();
    assert_eq!(list(&sandbox, &["--reverse"]), made);
    assert_eq!(text(&sandbox.ok(["status", "@1"])["job_id"]), made[11]);
}

#[test]
fn output_is_waited_for() {
    let sandbox = sandbox();
    // A prompt has no end, and comes in two pieces.
    let line = "printf 'list'; sleep 0.2; printf 'ening: '; echo oops >&2; sleep 60";
    let id = start(&sandbox, &[], line);
    let answer = sandbox.ok(["wait", &id, "--for", "listening: ", "--timeout", "30s"]);
    assert_eq!(
        (&answer["reason"], &answer["state"]),
        (&json!("matched"), &json!("running"))
    );
    let expected = json!({
        "stream": "stdout", "offset": 0, "end": 11, "text": "listening: ", "line": "listening: ",
    });
    assert_eq!(answer["matched"], expected);
    assert_eq!(answer["hint"], format!("foster wait {id}"));
    // What is there already counts.
    let answer = sandbox.ok(["wait", &id, "--for-regex", "^o+(?-u:p)s$"]);
    assert_eq!(answer["matched"]["stream"], "stderr");
    assert_eq!(answer["matched"]["line"], "oops");
    let answer = sandbox.ok([
        "wait",
        &id,
        "--for",
        "oops",
        "--stream",
        "stdout",
        "--timeout",
        "0s",
    ]);
    assert_eq!(
        (&answer["reason"], &answer["matched"]),
        (&json!("deadline"), &Value::Null)
    );
    sandbox.ok(["kill", &id, "--grace", "0s"]);
    let answer = sandbox.ok(["wait", &id, "--for", "never"]);
    assert_eq!(
        (&answer["reason"], &answer["matched"]),
        (&json!("finished"), &Value::Null)
    );
    assert_eq!(sandbox.ok(["wait", &id]).get("matched"), None);
    for args in [
        vec!["wait", &id, "--for-regex", "("],
        vec!["wait", &id, "--for", ""],
        vec!["wait", &id, &id, "--for", "x"],
        vec!["wait", &id, "--stream", "stdout"],
        vec!["wait", &id, "--for", "x", "--any"],
    ] {
        assert_eq!(sandbox.err(&args).0, "invalid_argument", "{args:?}");
    }
}

#[test]
fn output_is_found_across_the_borders_of_chunks() {
    let sandbox = sandbox();
    // 70,000 bytes without an end, and what is looked for at the border of the block at 65,536.
    let line =
        "head -c 65530 /dev/zero | tr '\\0' a; printf 'needle in it'; head -c 9000 /dev/zero";
    let id = run(&sandbox, &[], line);
    let answer = sandbox.ok(["wait", &id, "--for", "needle in it"]);
    assert_eq!(answer["matched"]["offset"], 65530);
    assert!(text(&answer["matched"]["line"]).len() <= 4096);
    let late = start(
        &sandbox,
        &[],
        "while ! [ -e go ]; do sleep 0.1; done; echo at last",
    );
    let waiter = sandbox
        .foster()
        .args(["wait", &late, "--for", "at last"])
        .stdout(Stdio::piped())
        .spawn();
    let waiter = waiter.unwrap();
    fs::write(sandbox.work().join("go"), "").unwrap();
    let answer = waiter.wait_with_output().unwrap();
    let answer: Value = serde_json::from_slice(&answer.stdout).unwrap();
    assert_eq!(
        (&answer["reason"], &answer["matched"]["offset"]),
        (&json!("matched"), &json!(0))
    );
    sandbox.ok(["wait", &late]);
}

#[test]
fn a_kept_answer_leads_back_to_the_job() {
    let sandbox = sandbox();
    let answer = sandbox.json(["run", "--no-wait", "--shell", "exit 4"]);
    fs::write(sandbox.work().join("kept.json"), &answer.stdout).unwrap();
    let mut command = sandbox.foster();
    command
        .env("FOSTER_ROOT", "/nonexistent")
        .args(["wait", "--from-json", "kept.json"]);
    assert_eq!(sandbox.json_of(command, None).into_ok()["exit_code"], 4);
    let piped = || {
        let mut command = sandbox.foster();
        command.args(["wait", "--from-json", "-"]);
        command
    };
    assert_eq!(
        sandbox.json_of(piped(), Some(&answer.stdout)).into_ok()["exit_code"],
        4
    );
    let bad = |input: &[u8]| sandbox.json_of(piped(), Some(input)).into_err().0;
    assert_eq!(bad(b""), "invalid_argument");
    assert_eq!(
        bad(b"{\"job_id\":\"x\",\"root\":\"/\"}"),
        "invalid_argument"
    );
    let id = text(&answer.value["job_id"]);
    assert_eq!(
        bad(format!("{{\"job_id\":\"{id}\",\"root\":\"r\"}}").as_bytes()),
        "invalid_argument"
    );
    let gone = format!("{{\"job_id\":\"{id}\",\"root\":\"/nonexistent/r\"}}");
    assert_eq!(bad(gone.as_bytes()), "job_not_found");
    assert_eq!(
        sandbox.err(["wait", "--from-json", "missing"]).0,
        "io_error"
    );
    let both = ["wait", "--from-json", "kept.json", "--root", "/tmp"];
    assert_eq!(sandbox.err(both).0, "invalid_argument");
}

#[test]
fn groups_are_waited_for_and_ended_together() {
    let sandbox = sandbox();
    let over = run(&sandbox, &["--group", "g"], "exit 2");
    let defined = sandbox.ok(["create", "--group", "g", "--", "true"]);
    let short = start(
        &sandbox,
        &["--group", "g"],
        "while ! [ -e go ]; do sleep 0.1; done",
    );
    let long = start(&sandbox, &["--group", "g", "--tag", "t.x"], "sleep 60");
    let other = start(&sandbox, &["--tag", "t.y"], "sleep 60");
    let deadline = sandbox.ok(["wait", "--group", "g", "--any", "--timeout", "0s"]);
    assert_eq!(
        (&deadline["reason"], &deadline["jobs_left_out"]),
        (&json!("deadline"), &json!(0))
    );
    assert_eq!(ids(&deadline), [long.clone(), short.clone(), over.clone()]);
    let mut waiter = sandbox.foster();
    waiter.args(["wait", "--group", "g", "--any"]);
    let waiter = waiter.stdout(Stdio::piped()).spawn().unwrap();
    fs::write(sandbox.work().join("go"), "").unwrap();
    sandbox.ok(["wait", &short]);
    // Of those that are over before nobody is one that was waited for.
    let none = sandbox.ok(["wait", "--group", "g", "--any", "--timeout", "0s"]);
    assert_eq!(
        (&none["reason"], &none["hint"]),
        (&json!("deadline"), &json!(format!("foster wait {long}")))
    );
    let killed = sandbox.ok(["kill", "--group", "g", "--tag", "t.*", "--grace", "0s"]);
    assert_eq!(ids(&killed), std::slice::from_ref(&long));
    assert_eq!(killed["jobs"][0]["report"]["empty"], true);
    let killed = sandbox.ok(["kill", "--tag", "t.*", "--grace", "0s"]);
    assert!(ids(&killed).contains(&other), "{killed}");
    // Whether it began before the short one was over or after, it has come back by now.
    let any: Value = serde_json::from_slice(&waiter.wait_with_output().unwrap().stdout).unwrap();
    assert!(
        ["any_finished", "finished"].contains(&text(&any["reason"])),
        "{any}"
    );
    let finished = sandbox.ok(["wait", "--group", "g"]);
    assert_eq!(
        (&finished["reason"], ids(&finished).len()),
        (&json!("finished"), 3)
    );
    assert!(!ids(&finished).contains(&text(&defined["job_id"]).to_owned()));
    for verb in ["wait", "kill"] {
        let none = sandbox.ok([verb, "--group", "nobody"]);
        assert_eq!(none["jobs"], json!([]), "{none}");
        let reason = none.get("reason").unwrap_or(&Value::Null);
        let told = if verb == "wait" {
            json!("no_jobs")
        } else {
            Value::Null
        };
        assert_eq!(*reason, told, "{none}");
    }
    assert_eq!(
        sandbox.err(["kill", &other, "--group", "g"]).0,
        "invalid_argument"
    );
    assert_eq!(sandbox.err(["kill", "--tag", "*"]).0, "invalid_argument");
}

#[test]
fn lines_are_chosen() {
    let sandbox = sandbox();
    let id = run(
        &sandbox,
        &[],
        "for i in 1 2 3 4 5 6 7 8 9; do echo line $i; done; printf 'Line 10'",
    );
    let logs = |options: &[&str]| {
        let answer = sandbox.ok(["logs", &id].iter().chain(options));
        let lines = answer["lines"].as_array().unwrap().clone();
        let shown = lines.iter().map(|line| {
            let offset = line["offset"].as_u64().unwrap();
            let mark = if line["match"] == true { "*" } else { "" };
            assert_eq!(
                offset,
                (text(&line["text"])[5..].parse::<u64>().unwrap() - 1) * 7
            );
            format!("{}{mark}", &text(&line["text"])[5..])
        });
        (
            shown.collect::<Vec<_>>().join(" "),
            answer["truncated"] == true,
        )
    };
    let rows: [(&[&str], &str, bool); 8] = [
        (&["--grep", "[37]"], "3* 7*", false),
        (
            &["--grep", "[37]", "--context", "1"],
            "2 3* 4 6 7* 8",
            false,
        ),
        (
            &["--grep", "[35]", "--before", "1", "--after", "2"],
            "2 3* 4 5* 6 7",
            false,
        ),
        (&["--grep", "^l", "--invert"], "10*", false),
        (
            &["--grep", "^L", "--ignore-case", "--max-matches", "2"],
            "1* 2*",
            true,
        ),
        (
            &["--grep", "3", "--after", "1", "--max-matches", "1"],
            "3* 4",
            true,
        ),
        (&["--grep", "10$", "--since", "14"], "10*", false),
        (&["--grep", "nothing"], "", false),
    ];
    for (options, expected, truncated) in rows {
        assert_eq!(
            logs(options),
            (expected.to_owned(), truncated),
            "{options:?}"
        );
    }
    let shown = written(
        &sandbox,
        &[
            "logs",
            &id,
            "--grep",
            "[37]",
            "--context",
            "1",
            "--output",
            "text",
        ],
    );
    assert_eq!(
        shown,
        "line 2\nline 3\nline 4\n--\nline 6\nline 7\nline 8\n"
    );
    let followed = written(
        &sandbox,
        &["logs", &id, "--follow", "--grep", "10", "--output", "text"],
    );
    assert_eq!(followed, "Line 10");

    let tail = sandbox.ok(["tail", &id, "--grep", "[48]", "--lines", "5"]);
    let stdout = &tail["stdout"];
    assert_eq!(
        (&stdout["tail"], &stdout["matches"]),
        (&json!("line 8\n"), &json!([49]))
    );
    assert_eq!(
        (&stdout["range"], &tail["stderr"]["matches"]),
        (&json!([35, 70]), &json!([]))
    );
    assert_eq!(sandbox.ok(["tail", &id])["stdout"].get("matches"), None);
    for args in [
        vec!["logs", &id, "--grep", "("],
        vec!["tail", &id, "--grep", "*"],
        vec!["logs", &id, "--grep", "x{1000}{1000}"],
        vec!["logs", &id, "--grep", "x", "--context", "100000"],
        vec!["logs", &id, "--since", "2026-11-31T00:00:00Z"],
    ] {
        assert_eq!(sandbox.err(&args).0, "invalid_argument", "{args:?}");
    }
}

#[test]
fn a_follower_of_lines_ends_with_its_last_match() {
    let sandbox = sandbox();
    let id = start(&sandbox, &[], "echo a; echo ready; sleep 60");
    let shown = written(
        &sandbox,
        &[
            "logs",
            &id,
            "--follow",
            "--grep",
            "ready",
            "--max-matches",
            "1",
            "--output",
            "text",
        ],
    );
    assert_eq!(shown, "ready\n");
}

#[test]
fn a_hostile_expression_takes_no_longer() {
    let sandbox = sandbox();
    let id = run(
        &sandbox,
        &[],
        "head -c 3000000 /dev/zero | tr '\\0' a; echo",
    );
    let begun = Instant::now();
    let answer = sandbox.ok(["logs", &id, "--grep", "(a|a|aa)*b", "--max-bytes", "1KiB"]);
    assert_eq!(answer["lines"], json!([]));
    assert!(begun.elapsed() < SOON);
    assert!(
        sandbox
            .err(["wait", &id, "--for-regex", "(a*)*c", "--max-bytes", "x"])
            .0
            == "invalid_argument"
    );
    assert_eq!(
        sandbox.ok(["wait", &id, "--for-regex", "(a*)*c"])["matched"],
        Value::Null
    );
}

#[test]
fn earlier_runs_are_kept_apart() {
    let sandbox = sandbox();
    let id = run(&sandbox, &[], "echo run >> n; wc -l < n; exit $(wc -l < n)");
    sandbox.ok(["restart", &id, "--wait"]);
    let first = sandbox.ok(["status", &id, "--run", "1"]);
    let second = sandbox.ok(["status", &id]);
    assert_eq!((&first["run"], &first["exit_code"]), (&json!(1), &json!(1)));
    assert_eq!(
        (&second["run"], &second["exit_code"]),
        (&json!(2), &json!(2))
    );
    assert!(text(&first["stdout_log_path"]).ends_with("/runs/1/stdout.log"));
    for (run, shown) in [("1", "1\n"), ("2", "2\n")] {
        let tail = sandbox.ok(["tail", &id, "--run", run]);
        assert_eq!(
            (&tail["stdout"]["tail"], &tail["final"]),
            (&json!(shown), &json!(true))
        );
        let logs = written(
            &sandbox,
            &["logs", &id, "--run", run, "--follow", "--output", "text"],
        );
        assert_eq!(logs, shown);
    }
    for verb in ["status", "tail", "logs"] {
        let (code, answer) = sandbox.err([verb, &id, "--run", "3"]);
        assert_eq!(code, "invalid_argument");
        assert!(
            text(&answer["error"]["message"]).contains("1, 2"),
            "{answer}"
        );
    }
}

#[test]
fn since_a_time_as_it_is_written() {
    let sandbox = sandbox();
    let id = run(&sandbox, &[], "echo early; sleep 0.2; echo late");
    let logs = sandbox.ok(["logs", &id]);
    let late = text(&logs["lines"][1]["at"]).to_owned();
    let since = sandbox.ok(["logs", &id, "--since", &late]);
    assert_eq!(since["lines"].as_array().unwrap().len(), 1);
    assert_eq!(since["lines"][0]["text"], "late");
}

#[test]
fn the_next_command_is_named_and_no_answer_is_endless() {
    let sandbox = sandbox();
    let failed = sandbox.ok(["run", "--wait", "--shell", "echo why >&2; exit 1"]);
    let id = text(&failed["job_id"]);
    assert_eq!(failed["hint"], format!("foster logs {id} --stderr"));
    assert_eq!(sandbox.ok(["wait", id])["hint"], failed["hint"]);
    let silent = sandbox.ok(["run", "--wait", "--shell", "exit 1"]);
    assert_eq!(
        silent["hint"],
        format!("foster logs {}", text(&silent["job_id"]))
    );
    let created = sandbox.ok(["create", "--", "true"]);
    assert_eq!(
        created["hint"],
        format!("foster start {}", text(&created["job_id"]))
    );
    assert_eq!(failed["left_out"], Value::Null);

    let long = "x".repeat(100_000);
    let mut args = vec!["run".to_owned(), "--wait".to_owned()];
    args.extend((0..150).flat_map(|n| ["--env".to_owned(), format!("V{n}=v")]));
    args.extend(["--".to_owned(), "true".to_owned(), long]);
    let answer = sandbox.json(&args);
    assert!(answer.stdout.len() < 64 * 1024, "{}", answer.stdout.len());
    let job = answer.into_ok();
    assert_eq!(job["env_vars"].as_object().unwrap().len(), 100);
    assert_eq!(job["left_out"]["env_vars"], 50);
    let shown: usize = job["command"]
        .as_array()
        .unwrap()
        .iter()
        .map(|word| text(word).len())
        .sum();
    assert_eq!(job["left_out"]["command_bytes"], 100_004 - shown);
    let listed = sandbox.ok(["list", "--command", "xxxx"]);
    assert!(text(&listed["jobs"][0]["command"]).len() <= 512);
    // What the index cut is looked for in the definition.
    let end = format!("{}z", "y".repeat(2000));
    let id = text(&sandbox.ok(["run", "--wait", "--", "true", &end])["job_id"]).to_owned();
    assert_eq!(list(&sandbox, &["--command", "yz"]), [id]);
}

#[test]
fn events_are_those_of_the_journal() {
    let sandbox = sandbox();
    let first = run(&sandbox, &[], "exit 3");
    let second = run(&sandbox, &[], "true");
    let events = |args: &[&str]| {
        let text = written(&sandbox, &[&["events"], args].concat());
        let lines = text
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines.collect::<Vec<_>>()
    };
    let of_first: Vec<_> = events(&[&first]).into_iter().map(entry).collect();
    assert_eq!(of_first, journal(&sandbox, &first));
    let all = events(&["--all"]);
    let expected = [journal(&sandbox, &first), journal(&sandbox, &second)].concat();
    assert_eq!(all.into_iter().map(entry).collect::<Vec<_>>(), expected);
    let at = text(&expected.last().unwrap()["at"]).to_owned();
    let last = events(&["--all", "--since", &at]);
    assert!(
        last.iter().any(|event| event["event"] == "finished") && last.len() < 8,
        "{last:?}"
    );
    assert_eq!(events(&[&first, "--since", "0s"]), Vec::<Value>::new());
    let shown = written(&sandbox, &["events", &first, "--output", "text"]);
    assert!(shown.ends_with("finished: exited (exit)\n"), "{shown}");
    let yaml = written(&sandbox, &["events", &first, "--output", "yaml"]);
    assert_eq!(yaml.matches("---\n").count(), of_first.len());

    assert_eq!(sandbox.err(["events", "nobody"]).0, "job_not_found");
    assert_eq!(sandbox.err(["events"]).0, "invalid_argument");
    assert_eq!(
        sandbox.err(["events", &first, "--since", "5"]).0,
        "invalid_argument"
    );

    // One that can't be read keeps nobody from the others.
    fs::write(sandbox.job_dir(&first).join("events.ndjson"), "{}\n{}\n").unwrap();
    let mut command = sandbox.foster();
    command.args(["events", "--all"]);
    let done = finish(command, None, DEADLINE);
    let shown = String::from_utf8(done.stdout).unwrap();
    let lines: Vec<Value> = shown
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(
        (&lines[0]["ok"], &lines[0]["error"]["code"]),
        (&json!(false), &json!("damaged_job"))
    );
    assert_eq!(lines[0]["error"]["job_id"], first.as_str());
    assert_eq!((lines.len(), done.status.code()), (9, Some(1)), "{shown}");
    assert_eq!(sandbox.err(["events", &first]).0, "damaged_job");
}

#[test]
fn a_follower_started_at_any_moment_sees_each_event_once_and_in_order() {
    let sandbox = sandbox();
    let mut of_all = Follower::new(&sandbox, &["--all"]);
    let end = Instant::now() + race_time();
    let mut jobs = Vec::new();
    for round in 0.. {
        let id = text(&sandbox.ok(["create", "--shell", "exit 7"])["job_id"]).to_owned();
        // Before the start, beside it, or after it: while the job runs, ends, or is over.
        let start = || {
            let mut command = sandbox.foster();
            command
                .args(["start", &id, "--no-wait"])
                .stdout(Stdio::null());
            command.spawn().unwrap()
        };
        let (follower, mut starter) = match round % 3 {
            0 => (Follower::new(&sandbox, &[&id]), start()),
            1 => {
                let starter = start();
                (Follower::new(&sandbox, &[&id]), starter)
            }
            _ => {
                let mut starter = start();
                starter.wait().unwrap();
                (Follower::new(&sandbox, &[&id]), starter)
            }
        };
        let seen: Vec<_> = follower.end().into_iter().map(entry).collect();
        assert!(starter.wait().unwrap().success());
        assert_eq!(seen, journal(&sandbox, &id), "round {round}");
        jobs.push(id);
        if Instant::now() > end && round >= 3 {
            break;
        }
    }
    let mut seen = Vec::new();
    let mut open = jobs.clone();
    while !open.is_empty() {
        let event = of_all.next();
        if event["event"] == "finished" {
            open.retain(|id| event["job_id"] != id.as_str());
        }
        seen.push(event);
    }
    for id in &jobs {
        let of_job = seen.iter().filter(|event| event["job_id"] == id.as_str());
        let of_job: Vec<_> = of_job.cloned().map(entry).collect();
        assert_eq!(of_job, journal(&sandbox, id));
    }
}

#[test]
fn followers_go_on_with_a_job_that_is_started_again() {
    let sandbox = sandbox();
    let id = run(&sandbox, &[], "true");
    let mut follower = Follower::new(&sandbox, &["--all"]);
    follower.until(&id, "finished");
    sandbox.ok(["tag", &id, "--add", "x"]);
    assert_eq!(follower.next()["event"], "amended");
    sandbox.ok(["restart", &id, "--wait"]);
    let again = follower.until(&id, "finished");
    assert_eq!(
        (&again[0]["event"], &again[0]["run"]),
        (&json!("restarted"), &json!(2))
    );
    // Followed now, it is over: all of both runs is told.
    let all = Follower::new(&sandbox, &[&id]).end();
    assert_eq!(
        all.into_iter().map(entry).collect::<Vec<_>>(),
        journal(&sandbox, &id)
    );
}

#[test]
fn a_follower_is_not_left_waiting_when_nobody_looks_after_the_job_any_more() {
    let sandbox = sandbox();
    let id = start(&sandbox, &[], "sleep 60");
    let mut of_one = Follower::new(&sandbox, &[&id]);
    let mut of_all = Follower::new(&sandbox, &["--all"]);
    of_one.until(&id, "started");
    of_all.until(&id, "started");
    let state = fs::read(sandbox.job_dir(&id).join("state.json")).unwrap();
    let state: Value = serde_json::from_slice(&state).unwrap();
    let recorded = |who| Watched::from_json(&state["record"][who]).unwrap();
    kill_at_once(&["keeper", "supervisor"].map(recorded));
    let end = of_all.until(&id, "finished");
    assert_eq!(end.last().unwrap()["state"], "lost");
    assert_eq!(of_one.end().last().unwrap()["state"], "lost");
}

#[test]
fn a_takeover_is_followed() {
    let sandbox = sandbox();
    let id = start(
        &sandbox,
        &[],
        "while ! [ -e go ]; do sleep 0.1; done; exit 5",
    );
    let mut follower = Follower::new(&sandbox, &[&id]);
    follower.until(&id, "started");
    let state = fs::read(sandbox.job_dir(&id).join("state.json")).unwrap();
    let state: Value = serde_json::from_slice(&state).unwrap();
    let supervisor = Watched::from_json(&state["record"]["supervisor"]).unwrap();
    supervisor.kill();
    follower.until(&id, "supervision");
    fs::write(sandbox.work().join("go"), "").unwrap();
    let rest = follower.end();
    assert_eq!(rest.last().unwrap()["event"], "finished");
    assert!(rest.iter().any(|event| event["exit_code"] == 5), "{rest:?}");
}

#[test]
fn a_job_that_is_deleted_ends_its_follower() {
    let sandbox = sandbox();
    let id = text(&sandbox.ok(["create", "--", "true"])["job_id"]).to_owned();
    let mut follower = Follower::new(&sandbox, &[&id]);
    assert_eq!(follower.next()["event"], "created");
    let mut of_all = Follower::new(&sandbox, &["--all"]);
    assert_eq!(of_all.next()["event"], "created");
    fs::remove_dir_all(sandbox.job_dir(&id)).unwrap();
    let last = follower.next();
    assert_eq!(
        (&last["ok"], &last["error"]["code"]),
        (&json!(false), &json!("job_not_found"))
    );
    // The others go on.
    let next = run(&sandbox, &[], "true");
    assert_eq!(
        of_all.until(&next, "finished").first().unwrap()["event"],
        "created"
    );
}
