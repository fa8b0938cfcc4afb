//! A day of an agent, from the first build to the clean-up in the evening, through the built program.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use foster_testkit::{Sandbox, finish};
use serde_json::{Value, json};

const SOON: Duration = Duration::from_secs(30);

fn id(answer: &Value) -> String {
    answer["job_id"].as_str().unwrap().to_owned()
}

/// A server that takes events by POST, and what it has taken.
fn receiver_of_events() -> (String, Receiver<Value>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/events", listener.local_addr().unwrap());
    let (sender, events) = mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut reader = BufReader::new(stream.unwrap());
            let (mut length, mut line) = (0, String::new());
            while reader.read_line(&mut line).unwrap_or(0) > 2 {
                let header = line.to_ascii_lowercase();
                if let Some(value) = header.strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
                line.clear();
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            let answer = b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n";
            reader.get_mut().write_all(answer).unwrap();
            if sender.send(serde_json::from_slice(&body).unwrap()).is_err() {
                return;
            }
        }
    });
    (address, events)
}

/// What the day is spent with.
struct Day {
    sandbox: Sandbox,
    url: String,
    events: Receiver<Value>,
}

#[test]
fn an_agent_s_day() {
    let (url, events) = receiver_of_events();
    let day = Day {
        sandbox: Sandbox::new(env!("CARGO_BIN_EXE_foster")),
        url,
        events,
    };
    day.looks_around();
    let web = day.starts_a_server();
    day.has_a_build_fail();
    day.restarts_the_server();
    day.runs_its_tests();
    day.finds_what_was_there();
    let nightly = day.defines_and_limits();
    day.cleans_up(&web, &nightly);
}

impl Day {
    /// In the morning it looks around.
    fn looks_around(&self) {
        let doctor = self.sandbox.ok(["doctor"]);
        assert_eq!(doctor["healthy"], true);
        assert_eq!(self.sandbox.ok(["list"])["jobs"], json!([]));
    }

    /// A server is started, and waited for until it is ready. It is told of things on its input.
    fn starts_a_server(&self) -> String {
        let server = "echo starting; echo ready on port 1; \
                  while read -r line; do echo \"got $line\"; done";
        let run = [
            "run",
            "--no-wait",
            "--name",
            "web",
            "--group",
            "site",
            "--tag",
            "team.web",
            "--stdin=open",
            "--env",
            "GREETING=hello",
            "--",
            "sh",
            "-c",
            server,
        ];
        let web = id(&self.sandbox.ok(run));
        let ready = self
            .sandbox
            .ok(["wait", "web", "--for", "ready on port", "--timeout", "30s"]);
        assert_eq!(ready["reason"], "matched");
        self.sandbox.ok(["send", "web", "a request"]);
        self.sandbox
            .ok(["wait", "web", "--for", "got a request", "--timeout", "30s"]);
        web
    }

    /// A build fails. The digest has what matters, in less than the output.
    fn has_a_build_fail(&self) {
        let build = "i=0; while test $i -lt 400; do echo \"   Compiling crate-$i v1.0.$i\"; i=$((i+1)); done; \
                 printf 'error[E0308]: mismatched types\\n --> src/main.rs:7:5\\n' >&2; exit 101";
        let failed = self.sandbox.ok([
            "run",
            "--wait",
            "--name",
            "build",
            "--group",
            "site",
            "--notify-url",
            &self.url,
            "--digest",
            "--max-bytes",
            "2KiB",
            "--",
            "sh",
            "-c",
            build,
        ]);
        assert_eq!(failed["exit_code"], 101);
        let digest = failed["snapshot"]["stderr"]["digest"]["text"]
            .as_str()
            .unwrap();
        assert!(digest.contains("error[E0308]"), "{failed:#}");
        let folded = failed["snapshot"]["stdout"]["digest"]["text"]
            .as_str()
            .unwrap();
        assert!(folded.len() <= 2048, "{folded}");
        let told = self.events.recv_timeout(SOON).unwrap();
        assert_eq!(told["event_type"], "job.finished");
        assert_eq!(told["job_id"], failed["job_id"]);
        assert_eq!(told["exit_code"], 101);
    }

    /// The server is restarted with the same definition; its earlier output stays.
    fn restarts_the_server(&self) {
        let again = self
            .sandbox
            .ok(["restart", "web", "--no-wait", "--grace", "1s"]);
        assert_eq!(
            (&again["run"], &again["state"]),
            (&json!(2), &json!("running"))
        );
        let first = self
            .sandbox
            .ok(["logs", "web", "--run", "1", "--grep", "got"]);
        assert_eq!(first["lines"][0]["text"], "got a request");
    }

    /// Sixteen tests run side by side; one of them fails, and says so while it runs.
    fn runs_its_tests(&self) {
        let mut tests = Vec::new();
        for n in 0..16 {
            let line = format!("echo test {n}; test {n} != 11 || {{ echo FAILED; exit 1; }}");
            let tag = format!("tests.unit.n{n}");
            let run = [
                "run",
                "--no-wait",
                "--group",
                "tests",
                "--tag",
                &tag,
                "--on-output",
                "FAILED",
                "--notify-url",
                &self.url,
                "--",
                "sh",
                "-c",
                &line,
            ];
            tests.push(id(&self.sandbox.ok(run)));
        }
        let waited = self
            .sandbox
            .ok(["wait", "--group", "tests", "--timeout", "60s"]);
        assert_eq!(waited["reason"], "finished");
        let failures: Vec<&Value> = waited["jobs"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|job| job["exit_code"] != 0)
            .collect();
        assert_eq!(failures.len(), 1);
        assert_eq!(failures[0]["job_id"], json!(tests[11]));
        let (mut finished, mut matched) = (0, 0);
        while finished < 16 || matched < 1 {
            let event = self.events.recv_timeout(SOON).unwrap();
            if event["event_type"] == "job.finished" {
                finished += 1;
            } else {
                assert_eq!(event["event_type"], "job.output.matched");
                assert_eq!(event["job_id"], json!(tests[11]));
                matched += 1;
            }
        }
    }

    /// What was there can be found again.
    fn finds_what_was_there(&self) {
        let listed = self
            .sandbox
            .ok(["list", "--tag", "tests.*", "--limit", "10"]);
        assert_eq!(listed["jobs"].as_array().unwrap().len(), 10);
        assert_eq!(listed["truncated"], true);
        let cursor = listed["next"].as_str().unwrap();
        let rest = self
            .sandbox
            .ok(["list", "--tag", "tests.*", "--cursor", cursor]);
        assert_eq!(rest["jobs"].as_array().unwrap().len(), 6);
    }

    /// A definition for later, a job that takes too long, one that hangs.
    fn defines_and_limits(&self) -> String {
        let nightly = id(&self
            .sandbox
            .ok(["create", "--name", "nightly", "--", "true"]));
        let slow = self
            .sandbox
            .ok(["run", "--wait", "--timeout", "200ms", "--", "sleep", "600"]);
        assert_eq!(
            (&slow["state"], &slow["cause"]),
            (&json!("killed"), &json!("timeout"))
        );
        let idle = self.sandbox.ok([
            "run",
            "--wait",
            "--idle-timeout",
            "200ms",
            "--",
            "sleep",
            "600",
        ]);
        assert_eq!(idle["cause"], "timeout");
        nightly
    }

    /// In the evening everything of the site ends, and what is over is cleaned up.
    fn cleans_up(&self, web: &str, nightly: &str) {
        let killed = self
            .sandbox
            .ok(["kill", "--group", "site", "--grace", "1s"]);
        assert_eq!(killed["jobs"][0]["job_id"], json!(web));
        let would = self.sandbox.ok(["gc", "--max-jobs", "3", "--dry-run"]);
        let before = self.sandbox.job_ids();
        let deleted = self.sandbox.ok(["gc", "--max-jobs", "3"]);
        assert_eq!(would["deleted"], deleted["deleted"]);
        let after = self.sandbox.job_ids();
        assert!(
            after.len() < before.len() && after.contains(&nightly.to_owned()),
            "{after:?}"
        );
        self.sandbox.ok(["delete", "--all"]);
        assert_eq!(self.sandbox.job_ids(), [nightly]);
        self.sandbox.ok(["start", "nightly", "--wait"]);
        self.sandbox.ok(["delete", nightly]);
        assert_eq!(self.sandbox.job_ids(), [""; 0]);
        self.sandbox.assert_nothing_left(SOON);
    }
}

/// A follower of everything sees each job's whole life, once and in order.
#[test]
fn a_follower_sees_the_whole_day() {
    let sandbox = Sandbox::new(env!("CARGO_BIN_EXE_foster"));
    let first = id(&sandbox.ok(["run", "--wait", "--", "true"]));
    let mut follower: Command = sandbox.foster();
    follower.args(["events", "--all", "--follow", "--json"]);
    let mut follower = follower.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(follower.stdout.take().unwrap()).lines();
    let second = id(&sandbox.ok(["run", "--wait", "--", "false"]));
    let mut seen: Vec<(String, String)> = Vec::new();
    let finished = |seen: &[(String, String)]| {
        let ends = seen.iter().filter(|(_, event)| event == "finished");
        ends.count()
    };
    while finished(&seen) < 2 {
        let line = lines.next().unwrap().unwrap();
        let event: Value = serde_json::from_str(&line).unwrap();
        seen.push((id(&event), event["event"].as_str().unwrap().to_owned()));
    }
    follower.kill().unwrap();
    follower.wait().unwrap();
    for job in [first, second] {
        let journal = fs::read_to_string(sandbox.job_dir(&job).join("events.ndjson")).unwrap();
        let told = seen.iter().filter(|(of, _)| *of == job);
        for ((_, event), line) in told.zip(journal.lines()) {
            let entry: Value = serde_json::from_str(line).unwrap();
            assert_eq!(entry["event"], json!(event));
        }
    }
}

#[test]
fn the_next_command_finds_the_job_where_the_root_was_typed() {
    let foster = Path::new(env!("CARGO_BIN_EXE_foster"));
    let sandbox = Sandbox::new(foster);
    fs::write(sandbox.work().join("own.toml"), "[run]\ntail_lines = 7\n").unwrap();
    let typed = ["--root", "it's here", "--config", "own.toml"];
    let hint = |words: &[&str]| {
        let mut command = sandbox.foster();
        command.env_remove("FOSTER_ROOT").args(typed).args(words);
        let answer = sandbox.json_of(command, None).into_ok();
        let hint = answer["hint"].as_str().unwrap_or_default();
        assert!(hint.starts_with(r"foster --root 'it'\''s here' --config own.toml "));
        hint.to_owned()
    };
    let follow = |hint: &str| {
        let command = sandbox.foster();
        let set = command
            .get_envs()
            .filter_map(|(name, value)| Some((name, value?)));
        let mut shell = Command::new("sh");
        shell.envs(set).env_remove("FOSTER_ROOT");
        shell.current_dir(sandbox.work());
        let line = format!("foster() {{ '{}' \"$@\"; }}; {hint}", foster.display());
        sandbox
            .json_of(
                {
                    shell.args(["-c", &line]);
                    shell
                },
                None,
            )
            .into_ok()
    };
    let started = follow(&hint(&["create", "--", "false"]));
    assert_eq!(
        (&started["type"], &started["exit_code"]),
        (&json!("start"), &json!(1))
    );
    let logs = follow(&hint(&["wait", "@1"]));
    assert_eq!(logs["type"], "logs");
    let mut wrong = sandbox.foster();
    wrong.args(typed).args(["status", "nobody"]);
    let (_, error) = sandbox.json_of(wrong, None).into_err();
    let hint = error["error"]["hint"].as_str().unwrap();
    assert!(hint.starts_with(r"`foster --root 'it'\''s here' --config own.toml list --all`"));
    // What was kept of an answer tells where to look, so its follow-up does too.
    let kept = json!({ "job_id": started["job_id"], "root": started["root"] });
    fs::write(sandbox.work().join("kept.json"), kept.to_string()).unwrap();
    let waited = sandbox.ok(["wait", "--from-json", "kept.json"]);
    assert_eq!(follow(waited["hint"].as_str().unwrap())["type"], "logs");
}

#[test]
fn the_text_of_a_status_names_what_the_job_can_be_called_by() {
    let sandbox = Sandbox::new(env!("CARGO_BIN_EXE_foster"));
    let marks = ["--name", "unit", "--group", "nightly", "--tag", "ci.lint"];
    let id = id(&sandbox.ok([&["run"], &marks[..], &["--", "true"]].concat()));
    let mut command = sandbox.foster();
    command.args(["status", &id, "--output", "text"]);
    let done = finish(command, None, SOON);
    let text = String::from_utf8(done.stdout).unwrap();
    for row in [
        ("job", id.as_str()),
        ("name", "unit"),
        ("group", "nightly"),
        ("tags", "ci.lint"),
    ] {
        let mut words = text.lines().map(|line| line.split_once(' '));
        let found = words.any(|line| line.is_some_and(|(n, v)| (n, v.trim()) == row));
        assert!(found, "{row:?}: {text}");
    }
}
