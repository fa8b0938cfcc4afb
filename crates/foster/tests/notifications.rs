//! Whoever is to be told of a job's end, or of a line of its output, is told: once, whatever the end
//! was; and nobody who is told slowly, wrongly or never holds anything up.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at what it did not expect"
)]

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use foster_testkit::{
    Sandbox, Watched, kill_at_once, wait_for_file, wait_for_pid_file, wait_on_dir,
};
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
    let args = [&["run", "--no-wait"], options, &["--", "sh", "-c", line]].concat();
    text(&sandbox.ok(args)["job_id"]).to_owned()
}

fn run_dir(sandbox: &Sandbox, id: &str, run: u32) -> PathBuf {
    sandbox.job_dir(id).join(format!("runs/{run}"))
}

/// Waits until all who are told of the end of a run were, and returns the record of it.
fn told(sandbox: &Sandbox, id: &str, run: u32) -> Value {
    let dir = run_dir(sandbox, id, run);
    let path = dir.join("completion_event.json");
    let read = || serde_json::from_slice::<Value>(&fs::read(&path).ok()?).ok();
    let told = wait_on_dir(&dir, SOON, || read().filter(|end| end["delivered"] == true));
    told.unwrap_or_else(|| panic!("not told: {:#?}", read()))
}

fn lines(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap_or_default();
    let lines = text.lines().map(serde_json::from_str);
    lines.collect::<Result<_, _>>().unwrap()
}

/// Waits until a file in the work directory has that many lines.
fn wait_for_lines(path: &Path, count: usize) -> Vec<Value> {
    let enough = || {
        let text = fs::read_to_string(path).ok()?;
        (text.ends_with('\n') && text.lines().count() >= count).then_some(())
    };
    let come = wait_on_dir(path.parent().unwrap(), SOON, enough);
    assert!(come.is_some(), "{} lines: {:#?}", count, lines(path));
    lines(path)
}

/// The notifiers of a job, by what they show in lists of processes.
fn notifiers(id: &str) -> Vec<Watched> {
    let title = format!("foster: notifier of {id}");
    let numbers = fs::read_dir("/proc").unwrap().flatten();
    let pids = numbers.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let shown = |pid: &i32| {
        let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        line.starts_with(title.as_bytes())
    };
    pids.filter(shown).filter_map(Watched::from_pid).collect()
}

fn assert_no_notifier(id: &str) {
    for notifier in notifiers(id) {
        assert!(notifier.wait_gone(SOON), "{notifier:?} is left");
    }
    assert!(notifiers(id).is_empty());
}

/// Ends the notifiers of a job, and waits until they are gone.
fn end_notifiers(id: &str) {
    for notifier in notifiers(id) {
        // It may be on its way out by itself.
        notifier.signal(Signal::TERM);
        assert!(notifier.wait_gone(SOON), "{notifier:?} is left");
    }
}

struct Gate(PathBuf);

impl Gate {
    fn new(sandbox: &Sandbox) -> Self {
        let path = sandbox.work().join("go");
        assert!(
            Command::new("mkfifo")
                .arg(&path)
                .status()
                .unwrap()
                .success()
        );
        Self(path)
    }

    fn open(&self) {
        fs::write(&self.0, "go\n").unwrap();
    }
}

/// A server that answers each request with the next of these statuses, and then hangs.
fn server(statuses: &'static [&'static str]) -> (String, Receiver<(String, Value)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("127.0.0.1:{}", listener.local_addr().unwrap().port());
    let (told, requests) = channel();
    std::thread::spawn(move || {
        for status in statuses {
            let (stream, _) = listener.accept().unwrap();
            if told.send(answer(stream, status)).is_err() {
                return;
            }
        }
    });
    (address, requests)
}

fn answer(mut stream: TcpStream, status: &str) -> (String, Value) {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let length = stream.read(&mut buffer).unwrap();
        bytes.extend_from_slice(&buffer[..length]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            assert!(length > 0, "{text}");
            continue;
        };
        let head_lower = head.to_ascii_lowercase();
        let wanted = head_lower
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "));
        if body.len() < wanted.unwrap().trim().parse().unwrap() {
            continue;
        }
        write!(stream, "HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n").unwrap();
        return (head.to_owned(), serde_json::from_str(body).unwrap());
    }
}

fn validate(sandbox: &Sandbox, kind: &str, document: &Value) {
    let schemas = sandbox.ok(["schema", kind])["schemas"].take();
    let validator = jsonschema::validator_for(&schemas[kind]).unwrap();
    let errors: Vec<_> = validator
        .iter_errors(document)
        .map(|e| e.to_string())
        .collect();
    assert!(errors.is_empty(), "{kind}: {errors:?}\n{document:#}");
}

#[test]
fn every_kind_of_sink_is_told_of_the_end() {
    let sandbox = sandbox();
    let (address, requests) = server(&["200 OK"]);
    let url = format!("http://{address}/hook");
    let (program, file) = (r#"["tee","by-command.json"]"#, "new/folder/ends.ndjson");
    let line = "cat > by-shell.json; env > env.txt";
    let sinks = ["--notify-command", program, "--notify-shell", line];
    let others = ["--notify-file", file, "--notify-url", &url, "--tag", "t"];
    let args = [
        &["run", "--wait"],
        &sinks[..],
        &others,
        &["--", "sh", "-c", "exit 3"],
    ]
    .concat();
    let answer = sandbox.ok(args);
    let id = text(&answer["job_id"]);
    assert_eq!(answer["notifications"]["sinks"], 4);
    let record = told(&sandbox, id, 1);
    validate(&sandbox, "completion_file", &record);
    let results = record["delivery_results"].as_array().unwrap();
    assert_eq!(results.len(), 4);
    for result in results {
        assert_eq!(
            (&result["success"], &result["attempts"]),
            (&json!(true), &json!(1)),
            "{result}"
        );
    }
    let work = sandbox.work();
    let (head, posted) = requests.recv_timeout(SOON).unwrap();
    assert!(head.starts_with("POST /hook HTTP/1.1\r\n"), "{head}");
    let read =
        |name: &str| serde_json::from_slice::<Value>(&fs::read(work.join(name)).unwrap()).unwrap();
    for event in [
        read("by-command.json"),
        read("by-shell.json"),
        posted,
        lines(&work.join(file))[0].clone(),
    ] {
        validate(&sandbox, "job_finished_event", &event);
        assert_eq!(event["event_type"], "job.finished");
        assert_eq!(
            (&event["state"], &event["exit_code"]),
            (&json!("exited"), &json!(3))
        );
        assert_eq!(event["tags"], json!(["t"]));
        for field in [
            "job_id",
            "started_at",
            "finished_at",
            "stdout_log_path",
            "cwd",
            "command",
        ] {
            assert_eq!(event[field], record[field], "{field}");
        }
    }
    let env = fs::read_to_string(work.join("env.txt")).unwrap();
    let path = run_dir(&sandbox, id, 1).join("completion_event.json");
    assert!(
        env.contains(&format!("FOSTER_EVENT_PATH={}\n", path.display())),
        "{env}"
    );
    assert!(env.contains(&format!("FOSTER_JOB_ID={id}\n")));
    assert!(env.contains("FOSTER_EVENT_TYPE=job.finished\n"));
    assert!(!env.contains("FOSTER_JOB="), "{env}");
    let shown = sandbox.ok(["notify", "show", id]);
    validate(&sandbox, "notify", &shown);
    assert_eq!(shown["notifications"]["delivered"], true);
    assert_eq!(
        sandbox.ok(["status", id])["notifications"]["delivery_results"],
        record["delivery_results"]
    );
    assert_no_notifier(id);
}

#[test]
fn every_ending_is_told_once() {
    let sandbox = sandbox();
    let file = sandbox.work().join("ends.ndjson");
    let file = file.to_str().unwrap();
    let sink = ["--notify-file", file];
    let ended = |id: &str, state: &str, cause: &str| {
        told(&sandbox, id, 1);
        assert_no_notifier(id);
        let told: Vec<_> = lines(Path::new(file))
            .into_iter()
            .filter(|event| event["job_id"] == id)
            .collect();
        assert_eq!(told.len(), 1, "{state} {cause}: {told:#?}");
        assert_eq!(
            (&told[0]["state"], &told[0]["cause"]),
            (&json!(state), &json!(cause))
        );
    };
    ended(&start(&sandbox, &sink, "exit 0"), "exited", "exit");
    ended(&start(&sandbox, &sink, "kill -9 $$"), "killed", "signal");
    let timeout = [&sink[..], &["--timeout", "50ms", "--kill-after", "0s"]].concat();
    ended(
        &start(&sandbox, &timeout, "sleep 1000"),
        "killed",
        "timeout",
    );
    let id = start(&sandbox, &sink, "sleep 1000");
    sandbox.ok(["kill", &id]);
    ended(&id, "killed", "stop");
    // The supervisor could not execute it; and nobody came so far as to make one.
    for wrong in [
        &["--", "/no/such/program"][..],
        &["--env-file", "/no/such/file", "--", "true"],
    ] {
        let (_, answer) = sandbox.err([&["run"], &sink[..], wrong].concat());
        ended(text(&answer["error"]["job_id"]), "failed", "start_failed");
    }
    let id = start(&sandbox, &sink, "sleep 1000");
    kill_at_once(&guardians(&sandbox, &id));
    assert_eq!(sandbox.ok(["status", &id])["state"], "lost");
    ended(&id, "lost", "supervisor_lost");
    sandbox.ok(["recover", &id]);
    ended(&id, "lost", "supervisor_lost");
}

fn guardians(sandbox: &Sandbox, id: &str) -> [Watched; 2] {
    let state = fs::read(sandbox.job_dir(id).join("state.json")).unwrap();
    let state: Value = serde_json::from_slice(&state).unwrap();
    ["keeper", "supervisor"].map(|who| Watched::from_json(&state["record"][who]).unwrap())
}

#[test]
fn a_killed_supervisor_or_keeper_costs_no_notification_and_makes_none_twice() {
    for victim in [0, 1] {
        let sandbox = sandbox();
        let gate = Gate::new(&sandbox);
        let file = sandbox.work().join("told.ndjson");
        let options = [
            "--on-output",
            "MATCH",
            "--notify-file",
            "told.ndjson",
            "--on-output-interval",
            "0s",
        ];
        let id = start(
            &sandbox,
            &options,
            "echo MATCH 1; read x < go; echo MATCH 2",
        );
        wait_for_lines(&file, 1);
        let process = guardians(&sandbox, &id)[victim];
        assert!(process.kill() && process.wait_gone(SOON));
        gate.open();
        sandbox.ok(["wait", &id]);
        told(&sandbox, &id, 1);
        assert_no_notifier(&id);
        let told = lines(&file);
        let shown: Vec<_> = told
            .iter()
            .map(|event| event["line"].as_str().unwrap_or("end"))
            .collect();
        let mut sorted = shown.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, ["MATCH 1", "MATCH 2", "end"], "victim {victim}");
        let answer = sandbox.ok(["status", &id]);
        assert_eq!(
            answer["stragglers"],
            json!([]),
            "the notifier is no part of the job"
        );
    }
}

#[test]
fn a_sink_that_hangs_holds_nobody_up() {
    let sandbox = sandbox();
    let begun = Instant::now();
    let line = "echo $$ > hangs.pid; setsid sleep 1000 & exec sleep 1000";
    let sinks = ["--notify-shell", line, "--notify-file", "quick.ndjson"];
    let args = [&["run", "--wait"], &sinks[..], &["--", "true"]].concat();
    let id = text(&sandbox.ok(args)["job_id"]).to_owned();
    assert!(begun.elapsed() < Duration::from_secs(10));
    wait_for_lines(&sandbox.work().join("quick.ndjson"), 1);
    let hangs = wait_for_pid_file(&sandbox.work().join("hangs.pid"), SOON);
    for guardian in guardians(&sandbox, &id) {
        assert!(guardian.wait_gone(SOON), "a supervisor waits for a sink");
    }
    let view = sandbox.ok(["notify", "show", &id]);
    assert_eq!(view["notifications"]["delivered"], false);
    // Whoever ends the notifier ends what it has started, and leaves the rest to `recover`.
    let (code, _) = sandbox.err(["notify", "set", &id, "--notify-file", "other.ndjson"]);
    assert_eq!(code, "invalid_state");
    let descendants: Vec<_> = notifiers(&id)
        .iter()
        .flat_map(Watched::descendants)
        .collect();
    assert!(descendants.len() >= 2, "{descendants:?}");
    end_notifiers(&id);
    assert!(hangs.wait_gone(SOON));
    for process in descendants {
        assert!(process.wait_gone(SOON), "{process:?} is left");
    }
}

#[test]
fn a_command_is_ended_with_its_tree_when_its_time_is_up_and_with_what_it_leaves_behind() {
    let sandbox = sandbox();
    let leaves = "setsid sleep 1000 & echo $! > left.pid";
    let hangs = "[ $FOSTER_NOTIFY_ATTEMPT = 1 ] || exit 0; \
                 trap '' TERM; setsid sleep 1000 & echo $! > hung.pid; wait";
    let id = start(
        &sandbox,
        &["--notify-shell", leaves, "--notify-shell", hangs],
        "true",
    );
    let left = wait_on_dir(sandbox.work(), SOON, || {
        fs::read_to_string(sandbox.work().join("left.pid"))
            .ok()?
            .trim()
            .parse::<i32>()
            .ok()
    });
    let hung = wait_for_pid_file(&sandbox.work().join("hung.pid"), SOON);
    let dir = run_dir(&sandbox, &id, 1);
    let patience = Duration::from_mins(1);
    let read = || {
        let end: Value =
            serde_json::from_slice(&fs::read(dir.join("completion_event.json")).ok()?).ok()?;
        (end["delivered"] == true).then_some(end)
    };
    let end = wait_on_dir(&dir, patience, read).unwrap();
    let results = &end["delivery_results"];
    for (result, attempts) in [(&results[0], 1), (&results[1], 2)] {
        let went = (&result["success"], &result["attempts"]);
        assert_eq!(went, (&json!(true), &json!(attempts)), "{results:#}");
    }
    assert!(hung.wait_gone(SOON));
    let left = Watched::from_pid(left.unwrap());
    assert!(left.is_none_or(|left| left.wait_gone(SOON)));
    assert_no_notifier(&id);
}

#[test]
fn a_slow_sink_costs_no_byte_and_stalls_nothing() {
    let sandbox = sandbox();
    let options = [
        "--on-output",
        "MATCH",
        "--on-output-interval",
        "0s",
        "--notify-shell",
        "sleep 0.2",
        "--notify-file",
        "told.ndjson",
    ];
    let line = "i=0; while [ $i -lt 1200 ]; do echo MATCH $i; i=$((i+1)); done; echo end";
    let begun = Instant::now();
    let args = [&["run", "--wait"], &options[..], &["--", "sh", "-c", line]].concat();
    let answer = sandbox.ok(args);
    assert!(
        begun.elapsed() < Duration::from_secs(20),
        "{:?}",
        begun.elapsed()
    );
    let id = text(&answer["job_id"]);
    let log = fs::read_to_string(text(&answer["stdout_log_path"])).unwrap();
    assert_eq!(log.lines().count(), 1201);
    let told = wait_for_lines(&sandbox.work().join("told.ndjson"), 1201);
    let matches: Vec<_> = told
        .iter()
        .filter(|event| event["event_type"] == "job.output.matched")
        .collect();
    assert_eq!(matches.len(), 1200);
    for (index, event) in matches.iter().enumerate() {
        assert_eq!(event["line"], format!("MATCH {index}"));
        let offset = event["offset"].as_u64().unwrap() as usize;
        assert!(log[offset..].starts_with(&format!("MATCH {index}\n")));
    }
    validate(&sandbox, "job_output_matched_event", matches[7]);
    end_notifiers(id);
}

#[test]
fn an_interval_tells_one_and_counts_the_others() {
    let sandbox = sandbox();
    let options = [
        "--on-output-regex",
        "^M[0-9]+$",
        "--on-output-interval",
        "1h",
        "--notify-file",
        "told.ndjson",
    ];
    let id = start(
        &sandbox,
        &options,
        "for i in 1 2 3 4; do echo M$i; echo xM$i; done",
    );
    told(&sandbox, &id, 1);
    assert_no_notifier(&id);
    let told = lines(&sandbox.work().join("told.ndjson"));
    assert_eq!(told.len(), 2, "{told:#?}");
    let end = told
        .iter()
        .find(|event| event["event_type"] == "job.finished")
        .unwrap();
    assert_eq!(
        end["output_matches"],
        json!([{"pattern": "^M[0-9]+$", "matched": 4, "notified": 1}])
    );
}

#[test]
fn a_prompt_is_told_while_the_job_waits_at_it() {
    let sandbox = sandbox();
    let gate = Gate::new(&sandbox);
    let options = [
        "--on-output",
        "password:",
        "--on-output-stream",
        "stderr",
        "--on-output-every",
        "once",
        "--notify-shell",
        "cat > event.json; env > env.txt",
    ];
    let id = start(
        &sandbox,
        &options,
        "echo password:; printf 'password: ' >&2; read x < go",
    );
    assert!(wait_for_file(&sandbox.work().join("env.txt"), SOON));
    assert_eq!(sandbox.ok(["status", &id])["state"], "running");
    gate.open();
    let event = &lines(&run_dir(&sandbox, &id, 1).join("output_events.ndjson"))[0];
    assert_eq!(
        (&event["stream"], &event["line"], &event["offset"]),
        (&json!("stderr"), &json!("password: "), &json!(0))
    );
    told(&sandbox, &id, 1);
    assert_no_notifier(&id);
    assert_eq!(
        lines(&run_dir(&sandbox, &id, 1).join("output_events.ndjson")).len(),
        1
    );
}

#[test]
fn a_server_is_tried_again_where_that_may_help() {
    let sandbox = sandbox();
    let (well, well_told) = server(&["500 Oh", "503 Oh", "201 Made"]);
    let (no, no_told) = server(&["404 No", "200 OK"]);
    let (away, away_told) = server(&["302 Found", "200 OK"]);
    let urls = [well, no, away].map(|address| format!("http://u:pw@{address}/?token=hunter2"));
    let sinks: Vec<&str> = urls.iter().flat_map(|url| ["--notify-url", url]).collect();
    let id = start(&sandbox, &sinks, "true");
    let end = told(&sandbox, &id, 1);
    let shown: Vec<_> = end["delivery_results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|result| (result["success"].clone(), result["attempts"].clone()))
        .collect();
    assert_eq!(
        shown,
        [
            (json!(true), json!(3)),
            (json!(false), json!(1)),
            (json!(false), json!(1))
        ]
    );
    assert_eq!(well_told.try_iter().count(), 3);
    assert_eq!(
        (no_told.try_iter().count(), away_told.try_iter().count()),
        (1, 1)
    );
    assert!(
        !end.to_string().contains("hunter2") && !end.to_string().contains("pw@"),
        "{end}"
    );
    assert_no_notifier(&id);
}

#[test]
fn notifications_change_at_any_time() {
    let sandbox = sandbox();
    let work = sandbox.work();
    let created = sandbox.ok([
        "create",
        "--notify-file",
        "first.ndjson",
        "--",
        "sh",
        "-c",
        "echo one; read x < go; echo MATCH",
    ]);
    let id = text(&created["job_id"]);
    let answer = sandbox.ok(["notify", "set", id, "--notify-file", "second.ndjson"]);
    assert_eq!(
        (&answer["state"], &answer["already_finished"]),
        (&json!("created"), &json!(false))
    );
    let gate = Gate::new(&sandbox);
    let answer = sandbox.ok(["start", id, "--no-wait"]);
    assert!(
        text(&answer["hint"]).contains("no need to ask"),
        "{answer:#}"
    );
    let answer = sandbox.ok([
        "notify",
        "set",
        id,
        "--notify-file",
        "third.ndjson",
        "--on-output",
        "MATCH",
    ]);
    assert_eq!(answer["notifications"]["armed"], true);
    let answer = sandbox.ok(["notify", "clear", id, "--finish"]);
    assert_eq!(answer["notifications"]["finish"], json!([]));
    gate.open();
    let told = wait_for_lines(&work.join("third.ndjson"), 1);
    assert_eq!(told[0]["line"], "MATCH");
    sandbox.ok(["wait", id]);
    assert_no_notifier(id);
    assert_eq!(lines(&work.join("third.ndjson")).len(), 1);
    // Who comes late hears at once, and is told that it was over.
    let answer = sandbox.ok(["notify", "set", id, "--notify-file", "late.ndjson"]);
    assert_eq!(answer["already_finished"], true);
    assert_eq!(
        wait_for_lines(&work.join("late.ndjson"), 1)[0]["state"],
        "exited"
    );
    assert_no_notifier(id);
    let answer = sandbox.ok(["notify", "clear", id]);
    assert_eq!(answer["notifications"]["sinks"], 0);
    assert_eq!(sandbox.ok(["status", id])["notifications"], Value::Null);
    assert!(!work.join("first.ndjson").exists() && !work.join("second.ndjson").exists());
    sandbox.ok(["recover", id]);
    assert_eq!(lines(&work.join("late.ndjson")).len(), 1);
}

#[test]
fn each_run_is_told_of() {
    let sandbox = sandbox();
    let id = start(&sandbox, &["--notify-file", "ends.ndjson"], "exit 4");
    told(&sandbox, &id, 1);
    sandbox.ok(["restart", &id, "--wait"]);
    told(&sandbox, &id, 2);
    assert_no_notifier(&id);
    let ends = lines(&sandbox.work().join("ends.ndjson"));
    let runs: Vec<_> = ends
        .iter()
        .map(|end| (end["run"].clone(), end["exit_code"].clone()))
        .collect();
    assert_eq!(runs, [(json!(1), json!(4)), (json!(2), json!(4))]);
}

#[test]
fn the_end_of_a_job_that_leaves_processes_is_told_at_once() {
    let sandbox = sandbox();
    let options = ["--stragglers", "leave", "--notify-file", "ends.ndjson"];
    let id = start(
        &sandbox,
        &options,
        "sleep 1000 >/dev/null 2>&1 & echo MATCH",
    );
    told(&sandbox, &id, 1);
    assert_eq!(lines(&sandbox.work().join("ends.ndjson")).len(), 1);
    let answer = sandbox.ok(["notify", "set", &id, "--notify-file", "late.ndjson"]);
    assert_eq!(answer["already_finished"], true);
    wait_for_lines(&sandbox.work().join("late.ndjson"), 1);
    sandbox.ok(["kill", &id, "--grace", "0s"]);
    assert_no_notifier(&id);
    assert_eq!(lines(&sandbox.work().join("ends.ndjson")).len(), 1);
}

#[test]
fn a_sink_is_no_part_of_the_job() {
    let sandbox = sandbox();
    let line = "echo > begun; sleep 1; cat > told.json; mv told.json done.json";
    let options = ["--on-output", "MATCH", "--notify-shell", line];
    let id = start(&sandbox, &options, "echo MATCH; sleep 1000");
    assert!(wait_for_file(&sandbox.work().join("begun"), SOON));
    let answer = sandbox.ok(["kill", &id, "--grace", "0s"]);
    let report = answer["jobs"][0].to_string() + &answer.to_string();
    assert!(!report.contains("survivors_left"), "{report}");
    assert!(wait_for_file(&sandbox.work().join("done.json"), SOON));
    told(&sandbox, &id, 1);
    assert_eq!(sandbox.ok(["status", &id])["stragglers"], json!([]));
    assert_no_notifier(&id);
}

#[test]
fn what_can_not_be_told_is_refused_and_nothing_is_made() {
    let sandbox = sandbox();
    let wrong: [&[&str]; 11] = [
        &["--notify-command", "notify-send done"],
        &["--notify-command", "[]"],
        &["--notify-command", "[\"a\", 1]"],
        &["--notify-command", "[\"\"]"],
        &["--notify-shell", ""],
        &["--notify-url", "ftp://host/"],
        &["--notify-url", "http://"],
        &["--notify-file", "f", "--on-output-regex", "("],
        &["--notify-file", "f", "--on-output", ""],
        &["--on-output", "x"],
        &[
            "--notify-file",
            "f",
            "--on-output",
            "x",
            "--on-output-interval",
            "5",
        ],
    ];
    for options in wrong {
        let (code, answer) = sandbox.err([&["run"], options, &["--", "true"]].concat());
        assert_eq!(code, "invalid_argument", "{answer:#}");
        assert!(sandbox.job_ids().is_empty(), "{options:?}");
    }
    let id = start(&sandbox, &["--notify-file", "f"], "true");
    told(&sandbox, &id, 1);
    let before = sandbox.ok(["notify", "show", &id]);
    for options in wrong.iter().chain(&[&[][..]]) {
        let (code, _) = sandbox.err([&["notify", "set", &id], *options].concat());
        assert_eq!(code, "invalid_argument", "{options:?}");
    }
    assert_eq!(sandbox.ok(["notify", "show", &id]), before);
    assert_no_notifier(&id);
}

#[test]
fn nothing_secret_is_shown() {
    let sandbox = sandbox();
    let gate = Gate::new(&sandbox);
    let (address, requests) = server(&["200 OK"]);
    let url = format!("http://user:pass-w0rd@{address}/s3cret-value?t=tok-en-1");
    let options = [
        "--env",
        "TOKEN=s3cret-value",
        "--mask",
        "TOKEN",
        "--notify-url",
        &url,
        "--notify-shell",
        "[ $FOSTER_NOTIFY_ATTEMPT = 1 ] && read x < go; exit 5 # s3cret-value",
        "--notify-file",
        "s3cret-value.ndjson",
    ];
    let secrets = ["s3cret-value", "pass-w0rd", "tok-en-1"];
    let check = |what: &str, text: &str| {
        for secret in secrets {
            assert!(!text.contains(secret), "{what} shows {secret}: {text}");
        }
    };
    let answer = sandbox.ok([&["run", "--wait"], &options[..], &["--", "true"]].concat());
    check("run", &answer.to_string());
    let id = text(&answer["job_id"]);
    let (head, _) = requests.recv_timeout(SOON).unwrap();
    assert!(head.starts_with("POST /s3cret-value?t=tok-en-1 "), "{head}");
    for notifier in notifiers(id) {
        let line = fs::read(format!("/proc/{}/cmdline", notifier.pid)).unwrap();
        check("a notifier", &String::from_utf8_lossy(&line));
    }
    gate.open();
    let end = told(&sandbox, id, 1);
    check("the end", &end.to_string());
    assert_eq!(end["delivery_results"].as_array().unwrap().len(), 3);
    check("status", &sandbox.ok(["status", id]).to_string());
    let late = [
        "notify",
        "set",
        id,
        "--notify-url",
        "http://user:pass-w0rd@127.0.0.1:9/?t=tok-en-1",
        "--notify-shell",
        "true s3cret-value",
    ];
    check("notify", &sandbox.ok(late).to_string());
    end_notifiers(id);
    let job = sandbox.job_dir(id);
    for dir in [job.clone(), job.join("runs/1")] {
        for entry in fs::read_dir(dir).unwrap().flatten() {
            if entry.file_name() != "secrets.json" && entry.file_type().unwrap().is_file() {
                let content = fs::read(entry.path()).unwrap();
                check(
                    &entry.path().display().to_string(),
                    &String::from_utf8_lossy(&content),
                );
            }
        }
    }
}

#[test]
fn a_notifier_that_is_killed_takes_its_command_along_and_is_made_again_by_recover() {
    let sandbox = sandbox();
    let line = "if [ -e tried ]; then cat > told.json; else echo > tried; echo $$ > hangs.pid; exec sleep 1000; fi";
    let id = start(&sandbox, &["--notify-shell", line], "exit 7");
    let hangs = wait_for_pid_file(&sandbox.work().join("hangs.pid"), SOON);
    sandbox.ok(["wait", &id]);
    for notifier in notifiers(&id) {
        assert!(notifier.kill() && notifier.wait_gone(SOON));
    }
    assert!(hangs.wait_gone(SOON));
    assert_eq!(
        sandbox.ok(["status", &id])["notifications"]["delivered"],
        false
    );
    sandbox.ok(["recover", &id]);
    let end = told(&sandbox, &id, 1);
    assert_eq!(end["delivery_results"][0]["success"], true);
    let event: Value =
        serde_json::from_slice(&fs::read(sandbox.work().join("told.json")).unwrap()).unwrap();
    assert_eq!(event["exit_code"], 7);
    assert_no_notifier(&id);
}

#[test]
fn a_program_with_threads_has_it_told_by_the_binary() {
    use foster_model::CommandLine;
    use foster_service::{Containment, Context, RunRequest, Way, run};

    let sandbox = sandbox();
    let context = Context {
        root: sandbox.root().to_owned(),
        cwd: sandbox.work().to_owned(),
        env: std::env::vars_os().collect(),
        way: Way::Exec(env!("CARGO_BIN_EXE_foster").into()),
        containment: Containment::Auto,
        auto_gc: None,
        interrupt: None,
    };
    let file = sandbox.work().join("ends.ndjson");
    for (count, env_file) in [(1, "/no/such/file"), (2, "/dev/null")] {
        let mut request = RunRequest::new(CommandLine::Argv(vec!["true".into()]));
        request.job.env_files.push(env_file.into());
        request.job.notify.files.push("ends.ndjson".into());
        let started = run(&context, request);
        assert_eq!(started.is_ok(), count == 2, "{started:?}");
        let ends = wait_for_lines(&file, count);
        let state = if count == 1 { "failed" } else { "exited" };
        assert_eq!(ends[count - 1]["state"], state);
        assert_no_notifier(text(&ends[count - 1]["job_id"]));
    }
}
