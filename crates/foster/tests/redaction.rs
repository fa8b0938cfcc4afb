//! What `--redact` promises: a value is in nothing that a job left on the disk or in an answer.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use foster_testkit::{Sandbox, Watched, race_time, wait_on_dir};
use serde_json::{Value, json};

const SOON: Duration = Duration::from_secs(30);
const SECRET: &str = "hunter2-and-more";

fn sandbox() -> Sandbox {
    Sandbox::new(env!("CARGO_BIN_EXE_foster"))
}

fn id(answer: &Value) -> String {
    answer["job_id"].as_str().unwrap().to_owned()
}

/// Runs a shell's line to its end with the secret in `K`.
fn run(sandbox: &Sandbox, options: &[&str], line: &str) -> Value {
    let setting = format!("K={SECRET}");
    let given = ["run", "--wait", "--env", &setting, "--redact", "K"];
    sandbox.ok([&given, options, &["--", "sh", "-c", line]].concat())
}

fn read(answer: &Value, stream: &str) -> String {
    let path = answer[format!("{stream}_log_path")].as_str().unwrap();
    fs::read_to_string(path).unwrap()
}

/// Looks for the secret in all files below a folder, but for the one that exists for it.
fn assert_nowhere(dir: &Path) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            assert_nowhere(&path);
        } else if path.is_file() && !path.ends_with("secrets.json") {
            let bytes = fs::read(&path).unwrap();
            let found = bytes
                .windows(SECRET.len())
                .any(|part| part == SECRET.as_bytes());
            assert!(!found, "{} holds it", path.display());
        }
    }
}

#[test]
fn a_value_is_taken_out_of_everything() {
    let sandbox = sandbox();
    let line = "echo a $K b; echo err $K$K >&2; printf 'hunter2-'; printf 'and-'; echo more; \
                echo hunter2-and-mor";
    let answer = run(&sandbox, &["--log", "all.log"], line);
    assert_eq!(read(&answer, "stdout"), "a *** b\n***\nhunter2-and-mor\n");
    assert_eq!(read(&answer, "stderr"), "err ******\n");
    assert_eq!(answer["redactions"], 4);
    assert_eq!(answer["env_vars"], json!({"K": "***"}));
    assert_eq!(
        answer["snapshot"]["stdout"]["tail"],
        read(&answer, "stdout")
    );
    let log = fs::read_to_string(sandbox.work().join("all.log")).unwrap();
    let lines: Vec<&str> = log
        .lines()
        .filter_map(|line| line.split_once("] "))
        .map(|l| l.1)
        .collect();
    for line in ["a *** b", "***", "hunter2-and-mor", "err ******"] {
        assert!(lines.contains(&line), "{log}");
    }
    let id = id(&answer);
    for verb in [["status", &id], ["tail", &id], ["logs", &id]] {
        assert!(!sandbox.ok(verb).to_string().contains(SECRET), "{verb:?}");
    }
    assert_nowhere(sandbox.root());
    assert_nowhere(sandbox.work());
    let again = sandbox.ok(["restart", &id, "--wait"]);
    assert_eq!(again["redactions"], 4);
    assert_nowhere(sandbox.root());
}

/// The value comes in two writes with a named moment between them, cut at each of its bytes.
#[test]
fn a_value_is_found_wherever_it_is_cut() {
    let sandbox = sandbox();
    let line = "n=1; while test $n -lt ${#K}; do head=$(expr substr $K 1 $n); \
                printf %s $head; tail=${K#$head}; printf '%s|' $tail; n=$((n+1)); done";
    let answer = run(&sandbox, &[], line);
    let cuts = SECRET.len() - 1;
    assert_eq!(read(&answer, "stdout"), "***|".repeat(cuts));
    assert_eq!(answer["redactions"], cuts);
}

#[test]
fn what_looks_like_a_secret_s_beginning_is_shown_at_the_end() {
    let sandbox = sandbox();
    let answer = run(&sandbox, &[], "printf 'what? hunter2-and-mor'");
    assert_eq!(read(&answer, "stdout"), "what? hunter2-and-mor");
    // Also if somebody else holds the output until the drain is over.
    let answer = run(
        &sandbox,
        &["--drain", "100ms", "--stragglers", "leave"],
        "printf 'what? hunter2'; sleep 600 &",
    );
    assert_eq!(answer["output"], "held_open");
    sandbox.ok(["kill", &id(&answer), "--grace", "0s"]);
    sandbox.assert_nothing_left(SOON);
    assert_eq!(read(&answer, "stdout"), "what? hunter2");
}

#[test]
fn a_cap_counts_what_is_left() {
    let sandbox = sandbox();
    let line = "i=0; while test $i -lt 20000; do echo $K; i=$((i+1)); done";
    let answer = run(&sandbox, &["--log-cap", "16KiB"], line);
    assert_eq!(answer["redactions"], 20_000);
    let stdout = &answer["snapshot"]["stdout"];
    assert_eq!(stdout["observed_bytes"], 20_000 * "***\n".len());
    assert!(stdout["omitted_bytes"].as_u64().unwrap() > 0, "{answer:#}");
    assert!(read(&answer, "stdout").lines().all(|line| line == "***"));
    assert_nowhere(sandbox.root());
}

#[test]
fn names_that_look_like_a_secret_s_are_redacted_on_demand() {
    let sandbox = sandbox();
    let mut foster = sandbox.foster();
    foster
        .args([
            "run",
            "--wait",
            "--redact-env-like",
            "--env",
            "SHORT_TOKEN=true",
        ])
        .args(["--", "sh", "-c", "echo $MY_TOKEN $PLAIN $SHORT_TOKEN"])
        .env("MY_TOKEN", SECRET)
        .env("PLAIN", "plain-value");
    let answer = sandbox.json_of(foster, None).into_ok();
    assert_eq!(read(&answer, "stdout"), "*** plain-value true\n");
    assert_eq!(answer["env_vars"], json!({"SHORT_TOKEN": "***"}));
    assert_nowhere(sandbox.root());
}

#[test]
fn a_value_that_can_t_be_redacted_is_refused() {
    let sandbox = sandbox();
    let long = format!("K={}", "x".repeat(16 * 1024 + 1));
    for options in [
        vec!["--redact", "NOT_SET"],
        vec!["--env", "K=abc", "--redact", "K"],
        vec!["--env", "K=", "--redact", "K"],
        vec!["--env", &long, "--redact", "K"],
    ] {
        let args = [["run"].as_slice(), &options, &["--", "true"]].concat();
        assert_eq!(sandbox.err(&args).0, "bad_env");
    }
    assert_eq!(sandbox.job_ids(), [""; 0]);
}

#[test]
fn what_is_not_set_can_not_be_masked() {
    let sandbox = sandbox();
    for verb in ["run", "create"] {
        let (code, answer) = sandbox.err([verb, "--mask", "TOKN", "--env", "TOKEN=1", "true"]);
        assert_eq!(code, "bad_env");
        assert!(answer.to_string().contains("TOKN"), "{answer}");
    }
    assert_eq!(sandbox.job_ids(), [""; 0]);
    sandbox.ok([
        "run", "--wait", "--mask", "EMPTY", "--env", "EMPTY=", "true",
    ]);
    // The one who starts it has none: there is nothing to show.
    let mut create = sandbox.foster();
    create
        .args(["create", "--mask", "MINE", "true"])
        .env("MINE", "x");
    let id = id(&sandbox.json_of(create, None).into_ok());
    sandbox.ok(["start", &id, "--wait"]);
}

#[test]
fn every_value_that_was_given_is_hidden() {
    let sandbox = sandbox();
    let first = format!("K={SECRET}");
    for hide in ["--mask", "--redact"] {
        let values = ["--env", &first, "--env", "K=the-second", hide, "K"];
        let verb = ["run", "--wait"].as_slice();
        let command = ["--", "true", SECRET, "the-second"];
        let answer = sandbox.ok([verb, &values, &command].concat());
        assert_eq!(answer["command"], json!(["true", "***", "***"]));
        assert_eq!(answer["env_vars"], json!({"K": "***"}));
    }
    assert_nowhere(sandbox.root());
}

#[test]
fn a_label_with_a_hidden_value_is_refused_and_not_repeated() {
    let sandbox = sandbox();
    let setting = format!("K={SECRET}");
    let name = format!("x-{SECRET}");
    let labels = [["--name", &name], ["--group", SECRET], ["--tag", SECRET]];
    for hide in ["--mask", "--redact"] {
        for label in labels {
            for verb in ["run", "create"] {
                let given = [verb, "--env", &setting, hide, "K"];
                let args = [given.as_slice(), &label, &["--", "true"]].concat();
                let (code, answer) = sandbox.err(&args);
                assert_eq!(code, "invalid_argument", "{args:?}");
                assert!(!answer.to_string().contains(SECRET), "{answer}");
            }
        }
    }
    assert_eq!(sandbox.job_ids(), [""; 0]);
    let id = id(&run(&sandbox, &["--tag", "plain"], "true"));
    assert_eq!(
        sandbox.err(["tag", &id, "--add", SECRET]).0,
        "invalid_argument"
    );
    let tags = &sandbox.ok(["tag", &id, "--add", "other"])["tags"];
    assert_eq!(*tags, json!(["plain", "other"]));
    assert_nowhere(sandbox.root());
}

/// Waits until the sinks of a run's end were told: nobody may be set while they are.
fn wait_until_told(sandbox: &Sandbox, id: &str) {
    let run = sandbox.job_dir(id).join("runs/1");
    let delivered = || {
        let end = fs::read(run.join("completion_event.json")).ok()?;
        let end: Value = serde_json::from_slice(&end).ok()?;
        (end["delivered"] == true).then_some(())
    };
    assert!(wait_on_dir(&run, SOON, delivered).is_some());
}

#[test]
fn sinks_that_are_set_later_show_nothing_either() {
    let sandbox = sandbox();
    let setting = format!("MY_TOKEN={SECRET}");
    let sink = format!("told-{SECRET}");
    for hide in [
        ["--redact-env-like"].as_slice(),
        &["--redact", "MY_TOKEN"],
        &["--mask", "MY_TOKEN"],
    ] {
        let given = ["create", "--env", &setting];
        let id = id(&sandbox.ok([&given, hide, &["--", "true"]].concat()));
        for state in ["created", "exited"] {
            let answer = sandbox.ok(["notify", "set", &id, "--notify-file", &sink]);
            assert_eq!(answer["state"], state);
            assert!(!answer.to_string().contains(SECRET), "{hide:?}: {answer}");
            if state == "created" {
                sandbox.ok(["start", &id, "--wait"]);
            }
            wait_until_told(&sandbox, &id);
        }
        assert_nowhere(sandbox.root());
    }
    sandbox.assert_nothing_left(SOON);
    let told = fs::read_to_string(sandbox.work().join(sink)).unwrap();
    assert_eq!(told.lines().count(), 6, "{told}");
}

#[test]
fn a_message_that_quotes_a_value_shows_nothing() {
    let sandbox = sandbox();
    let secret = r#"se"cr\et-value"#;
    let setting = format!("K={secret}");
    let program = format!("/nonexistent/{secret}");
    let given = ["run", "--env", &setting, "--redact", "K", "--", &program];
    let (code, answer) = sandbox.err(given);
    assert_eq!(code, "command_not_found");
    let message = answer["error"]["message"].as_str().unwrap();
    assert!(message.contains("/nonexistent/***"), "{message}");
}

/// The supervisor is killed at random moments; the log must be what it would be without that.
#[test]
fn a_killed_supervisor_loses_doubles_and_shows_nothing() {
    const LINES: usize = 20_000;
    let end = Instant::now() + race_time();
    let mut taken_over = 0;
    for round in 0_u64.. {
        if Instant::now() >= end && (taken_over > 0 || round > 50) {
            break;
        }
        let sandbox = sandbox();
        let line =
            format!("i=0; while test $i -lt {LINES}; do echo $i $K x; i=$((i+1)); done; exit 7");
        let setting = format!("K={SECRET}");
        let given = ["run", "--no-wait", "--env", &setting, "--redact", "K"];
        let id = id(&sandbox.ok([&given, ["--", "sh", "-c", &line].as_slice()].concat()));
        let dir = sandbox.job_dir(&id);
        let log = dir.join("runs/1/stdout.log");
        let wanted = round % 13 * 16 * 1024;
        let length = || fs::metadata(&log).map_or(0, |meta| meta.len());
        let written = || (length() >= wanted).then_some(());
        assert!(wait_on_dir(&dir.join("runs/1"), SOON, written).is_some());
        let state: Value =
            serde_json::from_slice(&fs::read(dir.join("state.json")).unwrap()).unwrap();
        let supervisor = Watched::from_json(&state["record"]["supervisor"]);
        supervisor.inspect(|process| {
            process.kill();
        });
        let answer = sandbox.ok(["wait", &id]);
        let lines: Vec<String> = (0..LINES).map(|i| format!("{i} *** x\n")).collect();
        let expected = lines.concat();
        assert!(
            fs::read_to_string(&log).unwrap() == expected,
            "round {round}: {answer:#}"
        );
        assert_eq!(answer["exit_code"], 7);
        assert_eq!(answer["redactions"], LINES);
        let events = fs::read_to_string(dir.join("events.ndjson")).unwrap();
        taken_over += usize::from(events.contains("taken_over"));
        assert_nowhere(sandbox.root());
        sandbox.assert_nothing_left(SOON);
    }
    assert!(taken_over > 0, "no supervisor was killed in time");
}
