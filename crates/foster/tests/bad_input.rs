//! What each verb says to what it can't be asked: a row for each, with its code.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use foster_testkit::Sandbox;
use serde_json::{Value, json};

fn sandbox() -> Sandbox {
    Sandbox::new(env!("CARGO_BIN_EXE_foster"))
}

fn id(answer: &Value) -> String {
    answer["job_id"].as_str().unwrap().to_owned()
}

/// The verbs that name a job, with what else they need.
const OF_A_JOB: &[&[&str]] = &[
    &["status", "JOB"],
    &["processes", "JOB"],
    &["tail", "JOB"],
    &["logs", "JOB"],
    &["events", "JOB"],
    &["wait", "JOB"],
    &["start", "JOB"],
    &["restart", "JOB"],
    &["kill", "JOB"],
    &["send", "JOB", "text"],
    &["tag", "JOB", "--add", "t"],
    &["notify", "show", "JOB"],
    &["notify", "set", "JOB", "--notify-file", "f"],
    &["deadline", "JOB", "5s"],
    &["delete", "JOB"],
];

fn with_job<'a>(verb: &[&'a str], job: &'a str) -> Vec<&'a str> {
    let words = verb
        .iter()
        .map(|word| if *word == "JOB" { job } else { word });
    words.collect()
}

/// All files below a folder, with their lengths.
fn tree(dir: &PathBuf) -> Vec<(PathBuf, u64)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).into_iter().flatten() {
        let path = entry.unwrap().path();
        let meta = fs::symlink_metadata(&path).unwrap();
        if meta.is_dir() {
            found.extend(tree(&path));
        }
        let length = if meta.is_file() { meta.len() } else { 0 };
        found.push((path, length));
    }
    found.sort();
    found
}

#[test]
fn what_names_no_job_is_refused_by_every_verb_and_changes_nothing() {
    let sandbox = sandbox();
    for _ in 0..2 {
        sandbox.ok(["run", "--wait", "--", "true"]);
    }
    let ids = sandbox.job_ids();
    // Two ids of the same second share their beginning, long enough for each verb.
    let shared = ids[0]
        .chars()
        .zip(ids[1].chars())
        .take_while(|(a, b)| a == b)
        .count();
    assert!(shared >= 6, "{ids:?}");
    let victim = sandbox.work().join("victim");
    fs::create_dir(&victim).unwrap();
    fs::write(victim.join("file"), "kept").unwrap();
    // Whoever looked after them leaves a moment after they are over.
    sandbox.assert_nothing_left(Duration::from_secs(30));
    let before = (tree(&sandbox.root().to_owned()), tree(&victim));
    let absolute = victim.to_str().unwrap();
    let rows = [
        ("", "invalid_job_id"),
        (".", "invalid_job_id"),
        ("..", "invalid_job_id"),
        ("../victim", "invalid_job_id"),
        ("a/../b", "invalid_job_id"),
        (absolute, "invalid_job_id"),
        ("/etc", "invalid_job_id"),
        ("@0", "invalid_job_id"),
        ("@x", "invalid_job_id"),
        ("a b", "invalid_job_id"),
        ("@99", "job_not_found"),
        ("nobody", "job_not_found"),
        ("01h00000000000000000000000", "job_not_found"),
        (&ids[0][..shared], "ambiguous_job_id"),
    ];
    for verb in OF_A_JOB {
        for (job, code) in rows {
            let args = with_job(verb, job);
            assert_eq!(sandbox.err(&args).0, code, "{args:?}");
        }
    }
    // Verbs that end or delete want more of an id.
    for verb in ["kill", "restart", "delete"] {
        assert_eq!(
            sandbox.err([verb, &ids[0][..5]]).0,
            "job_id_too_short",
            "{verb}"
        );
    }
    let after = (tree(&sandbox.root().to_owned()), tree(&victim));
    assert_eq!(before, after);
}

#[test]
fn a_job_of_another_machine_is_shown_and_never_touched() {
    let sandbox = sandbox();
    let id = id(&sandbox.ok(["create", "--", "true"]));
    let meta = sandbox.job_dir(&id).join("meta.json");
    let mut definition: Value = serde_json::from_slice(&fs::read(&meta).unwrap()).unwrap();
    definition["host"]["machine"] = json!("another");
    fs::write(&meta, definition.to_string()).unwrap();
    let before = tree(&sandbox.root().to_owned());
    for verb in OF_A_JOB {
        let args = with_job(verb, &id);
        let answer = sandbox.json(&args);
        match verb[0] {
            "status" | "tail" | "logs" | "events" => drop(answer.into_ok()),
            "notify" if verb[1] == "show" => drop(answer.into_ok()),
            _ => assert_eq!(answer.into_err().0, "foreign_job", "{args:?}"),
        }
    }
    assert_eq!(sandbox.ok(["status", &id])["foreign"], true);
    assert_eq!(before, tree(&sandbox.root().to_owned()));
}

#[test]
fn a_job_in_the_wrong_state_is_refused() {
    let sandbox = sandbox();
    let created = id(&sandbox.ok(["create", "--", "true"]));
    let running = id(&sandbox.ok(["run", "--no-wait", "--", "sleep", "600"]));
    let over = id(&sandbox.ok(["run", "--wait", "--", "true"]));
    let rows: [(&[&str], &str); 9] = [
        (&["kill"], &created),
        (&["wait"], &created),
        (&["send", "JOB", "x"], &created),
        (&["start"], &running),
        (&["delete"], &running),
        (&["send", "JOB", "x"], &running),
        (&["start"], &over),
        (&["send", "JOB", "x"], &over),
        (&["deadline", "JOB", "5s"], &over),
    ];
    for (verb, job) in rows {
        let verb = if verb.contains(&"JOB") {
            verb.to_vec()
        } else {
            [verb, &["JOB"]].concat()
        };
        let args = with_job(&verb, job);
        let (code, answer) = sandbox.err(&args);
        assert_eq!(code, "invalid_state", "{args:?}");
        if verb[0] == "start" || verb[0] == "wait" {
            // What can be done instead is named, with the job.
            let hint = answer["error"]["hint"].as_str().unwrap();
            assert!(hint.contains(job), "{args:?}: {hint}");
        }
    }
    assert_eq!(sandbox.ok(["status", &running])["state"], "running");
    sandbox.ok(["kill", &running, "--grace", "0s"]);
}

/// Calls that are wrong, each with the code that it is refused with.
const WRONG: &[(&[&str], &str)] = &[
    // Conflicts.
    (
        &["run", "--wait", "--no-wait", "--", "true"],
        "invalid_argument",
    ),
    (
        &["run", "--wait", "--snapshot-after", "1s", "--", "true"],
        "invalid_argument",
    ),
    (
        &["run", "--keep-env", "--no-inherit-env", "--", "true"],
        "invalid_argument",
    ),
    (
        &[
            "run",
            "--kill-after",
            "1s",
            "--escalate",
            "INT:1s",
            "--",
            "true",
        ],
        "invalid_argument",
    ),
    (
        &["run", "--stdin", "x", "--stdin-file", "f", "--", "true"],
        "invalid_argument",
    ),
    (
        &["run", "--shell", "true", "--", "true"],
        "invalid_argument",
    ),
    (
        &["run", "--json", "--output", "yaml", "--", "true"],
        "invalid_argument",
    ),
    (
        &["tag", "@1", "--set", "a", "--add", "b"],
        "invalid_argument",
    ),
    // Durations and sizes.
    (&["run", "--timeout", "5", "--", "true"], "invalid_argument"),
    (
        &["run", "--timeout", "0s", "--", "true"],
        "invalid_argument",
    ),
    (
        &["run", "--timeout", "-5s", "--", "true"],
        "invalid_argument",
    ),
    (
        &["run", "--timeout", "99999999999h", "--", "true"],
        "invalid_argument",
    ),
    (
        &["run", "--idle-timeout", "0s", "--", "true"],
        "invalid_argument",
    ),
    (
        &["run", "--kill-after", "soon", "--", "true"],
        "invalid_argument",
    ),
    (
        &["run", "--log-cap", "64", "--", "true"],
        "invalid_argument",
    ),
    (
        &["run", "--max-bytes", "-1KiB", "--", "true"],
        "invalid_argument",
    ),
    (
        &["run", "--stdin-max", "much", "--", "true"],
        "invalid_argument",
    ),
    // Words.
    (&["run", "--tag", "a..b", "--", "true"], "invalid_argument"),
    (&["run", "--tag", "", "--", "true"], "invalid_argument"),
    (&["run", "--name", "../x", "--", "true"], "invalid_argument"),
    (&["run", "--group", "a b", "--", "true"], "invalid_argument"),
    (
        &["run", "--containment", "jail", "--", "true"],
        "invalid_argument",
    ),
    (
        &["run", "--stragglers", "hug", "--", "true"],
        "invalid_argument",
    ),
    (
        &["run", "--escalate", "NOPE:1s", "--", "true"],
        "unknown_signal",
    ),
    (&["run", "--env", "=x", "--", "true"], "invalid_argument"),
    (
        &["run", "--env", "NOT_SET_ANYWHERE", "--", "true"],
        "bad_env",
    ),
    (&["run", "--env", "FOSTER_JOB=x", "--", "true"], "bad_env"),
    (
        &[
            "run",
            "--on-output-regex",
            "(",
            "--notify-file",
            "f",
            "--",
            "true",
        ],
        "invalid_argument",
    ),
    (
        &["run", "--notify-command", "not json", "--", "true"],
        "invalid_argument",
    ),
    (
        &["run", "--notify-command", "[]", "--", "true"],
        "invalid_argument",
    ),
    (
        &["run", "--notify-url", "gopher://x", "--", "true"],
        "invalid_argument",
    ),
    (&["run", "--", ""], "invalid_argument"),
    (&["run"], "invalid_argument"),
    (&["run", "--nope", "--", "true"], "invalid_argument"),
    (&["nope"], "invalid_argument"),
    (&["list", "--state", "asleep"], "invalid_argument"),
    (&["list", "--tag", "a b"], "invalid_argument"),
    (&["list", "--cursor", "nonsense"], "invalid_argument"),
    (&["list", "--since", "yesterday-ish"], "invalid_argument"),
    (&["gc", "--older-than", "30"], "invalid_argument"),
    (&["gc", "--max-bytes", "much"], "invalid_argument"),
    (&["delete"], "invalid_argument"),
    (&["schema", "nope"], "unknown_schema"),
    (
        &["--config", "/nonexistent/config.toml", "list"],
        "config_error",
    ),
];

#[test]
fn options_that_make_no_sense_are_refused_and_make_no_job() {
    let sandbox = sandbox();
    for (args, code) in WRONG {
        assert_eq!(sandbox.err(*args).0, *code, "{args:?}");
    }
    assert_eq!(sandbox.job_ids(), [""; 0]);
}

#[test]
fn a_job_that_can_t_start_keeps_the_reason() {
    let sandbox = sandbox();
    let dir = sandbox.work().join("a directory");
    fs::create_dir(&dir).unwrap();
    let rows: &[(&[&str], &str)] = &[
        (&["--", "/no/such/program"], "command_not_found"),
        (&["--", "no-such-program"], "command_not_found"),
        (&["--", "/etc/hostname"], "not_executable"),
        (&["--cwd", "/no/such/dir", "--", "true"], "bad_cwd"),
        (&["--cwd", "/etc/hostname", "--", "true"], "bad_cwd"),
        (
            &["--env-file", "/no/such/file", "--", "true"],
            "bad_env_file",
        ),
        (
            &["--stdin-file", "/no/such/file", "--", "true"],
            "bad_stdin",
        ),
        (&["--log", "/proc/nope/log", "--", "true"], "bad_log_path"),
        (&["--log", "a directory", "--", "true"], "bad_log_path"),
    ];
    for (options, code) in rows {
        let (said, answer) = sandbox.err([&["run"], *options].concat());
        assert_eq!(said, *code, "{options:?}");
        let job = answer["error"]["job_id"].as_str().unwrap();
        let status = sandbox.ok(["status", job]);
        assert_eq!(status["state"], "failed", "{options:?}");
        assert_eq!(status["failure"]["code"], *code, "{options:?}");
    }
}
