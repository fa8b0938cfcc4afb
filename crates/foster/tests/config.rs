//! What is typed goes before the environment, that before the file, that before the default; and a
//! mistake in any of them is told where it is.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "the helpers of a test fail by panicking"
)]

use std::fs;
use std::path::{Path, PathBuf};

use foster_testkit::{Answer, DEADLINE, Sandbox, finish};
use serde_json::{Value, json};

fn sandbox() -> Sandbox {
    Sandbox::new(Path::new(env!("CARGO_BIN_EXE_foster")))
}

fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(' ').filter(|word| !word.is_empty())
}

/// Writes the file where it is looked for, and returns its path.
fn configure(sandbox: &Sandbox, text: &str) -> PathBuf {
    let folder = sandbox.config_home().join("foster");
    fs::DirBuilder::new()
        .recursive(true)
        .create(&folder)
        .unwrap();
    let path = folder.join("config.toml");
    fs::write(&path, text).unwrap();
    path
}

fn call(sandbox: &Sandbox, line: &str, variables: &[(&str, &str)]) -> Answer {
    let mut command = sandbox.foster();
    command.args(words(line)).envs(variables.iter().copied());
    sandbox.json_of(command, None)
}

/// Returns value, source and line of a key.
fn setting(answer: &Value, key: &str) -> Value {
    let all = answer["settings"].as_array().expect("settings");
    let found = all
        .iter()
        .find(|setting| setting["key"] == key)
        .expect("the key");
    json!([found["value"], found["source"], found["line"]])
}

#[test]
fn each_layer_goes_before_the_next_and_is_named() {
    let sandbox = sandbox();
    let shown = call(&sandbox, "config", &[]).into_ok();
    assert_eq!(
        setting(&shown, "run.tail_lines"),
        json!(["50", "default", null])
    );
    assert_eq!(shown["file"]["found"], false);
    let root = sandbox.root().to_str().unwrap();
    assert_eq!(setting(&shown, "root"), json!([root, "environment", null]));

    let path = configure(
        &sandbox,
        "[run]\n# a remark\ntail_lines = 3\ndrain = \"2s\"\n",
    );
    let variables = [("FOSTER_RUN_DRAIN", "1s")];
    let shown = call(
        &sandbox,
        "config show --output json --root /elsewhere",
        &variables,
    )
    .into_ok();
    assert_eq!(setting(&shown, "run.tail_lines"), json!(["3", "file", 3]));
    assert_eq!(
        setting(&shown, "run.drain"),
        json!(["1s", "environment", null])
    );
    assert_eq!(setting(&shown, "output"), json!(["json", "flag", null]));
    assert_eq!(setting(&shown, "root"), json!(["/elsewhere", "flag", null]));
    let place = call(&sandbox, "config path", &[]).into_ok();
    assert_eq!(place["file"]["path"], path.to_str().unwrap());
    assert_eq!(place["file"]["found"], true);
    assert!(place.get("settings").is_none());
}

#[test]
fn options_that_are_not_typed_are_as_configured() {
    let sandbox = sandbox();
    let text = "[run]\ntail_lines = 2\nsnapshot_after = \"none\"\n";
    configure(&sandbox, text);
    assert_eq!(
        call(&sandbox, "run -- seq 5", &[]).into_err().0,
        "config_error"
    );
    configure(
        &sandbox,
        "[run]\ntail_lines = 2\nmax_bytes = \"1KiB\"\n[list]\nlimit = 1\n",
    );
    let tail = |answer: &Value| answer["snapshot"]["stdout"]["tail"].clone();
    let run = call(&sandbox, "run -- seq 5", &[]).into_ok();
    assert_eq!(tail(&run), "4\n5\n");
    let typed = call(&sandbox, "run --tail-lines 1 -- seq 5", &[]).into_ok();
    assert_eq!(tail(&typed), "5\n");
    let set = [("FOSTER_RUN_TAIL_LINES", "3")];
    assert_eq!(
        tail(&call(&sandbox, "run -- seq 5", &set).into_ok()),
        "3\n4\n5\n"
    );
    assert_eq!(tail(&call(&sandbox, "wait @1", &[]).into_ok()), "4\n5\n");
    let shown = call(&sandbox, "tail @1", &[]).into_ok();
    assert_eq!(shown["stdout"]["tail"], "4\n5\n");
    let count = |line: &str| {
        let listed = call(&sandbox, line, &[]).into_ok();
        listed["jobs"].as_array().unwrap().len()
    };
    assert_eq!((count("list"), count("list --limit 2")), (1, 2));
    // The document of `logs` has a bound of its own, which nobody set.
    let lines = call(&sandbox, "logs @1", &[]).into_ok();
    assert_eq!(lines["lines"].as_array().unwrap().len(), 5);
}

#[test]
fn what_a_job_is_made_with_is_as_configured() {
    let sandbox = sandbox();
    let text = "[run]\nkill_after = \"7s\"\nlog_cap = \"1MiB\"\nstragglers = \"wait\"\n\
                snapshot_after = \"0s\"\n";
    configure(&sandbox, text);
    let run = call(&sandbox, "run -- sleep 600", &[]).into_ok();
    assert_eq!(run["state"], "running");
    let id = run["job_id"].as_str().unwrap();
    let meta = fs::read(sandbox.job_dir(id).join("meta.json")).unwrap();
    let meta: Value = serde_json::from_slice(&meta).unwrap();
    assert_eq!(meta["log_cap"], 1 << 20);
    assert_eq!(meta["stragglers"], "wait");
    assert_eq!(meta["escalation"][0]["grace_ms"], 7000, "{meta:#}");
    sandbox.ok(["kill", id, "--grace", "0s"]);
}

#[test]
fn the_file_can_be_named_and_must_be_there_then() {
    let sandbox = sandbox();
    let named = sandbox.work().join("my.toml");
    fs::write(&named, "output = \"yaml\"\n").unwrap();
    configure(&sandbox, "zz = 1\n");
    let mut command = sandbox.foster();
    command.args(["--config", "my.toml", "list"]);
    let listed = finish(command, None, DEADLINE);
    assert!(listed.stdout.starts_with(b"schema_version: "), "{listed:?}");
    let variables = [("FOSTER_CONFIG", "my.toml")];
    let shown = call(&sandbox, "config --json", &variables).into_ok();
    assert_eq!(shown["file"]["named"], true);
    // What is typed goes before the variable; an empty file sets nothing.
    let none = call(&sandbox, "list --config /dev/null", &variables).into_ok();
    assert_eq!(none["type"], "list");
    for (line, variables) in [
        ("list --config nowhere.toml", &[][..]),
        ("list", &[("FOSTER_CONFIG", "nowhere.toml")]),
        ("list --config .", &[]),
        ("list --config /dev/zero", &[]),
    ] {
        let answer = call(&sandbox, line, variables);
        assert_eq!(answer.code(), Some(2), "{line}");
        assert_eq!(answer.into_err().0, "config_error", "{line}");
    }
}

#[test]
fn a_broken_file_is_refused_with_its_line_by_all_who_would_read_it() {
    let sandbox = sandbox();
    let path = configure(&sandbox, "[run]\nsnapshot_afer = \"5s\"\n");
    let verbs = [
        "run -- true",
        "status @1",
        "list",
        "ps",
        "list --watch",
        "tail @1",
        "logs @1",
        "wait @1",
        "kill @1",
        "schema",
        "recover",
    ];
    for line in verbs {
        let answer = call(&sandbox, line, &[]);
        assert_eq!(answer.code(), Some(2), "{line}");
        let (code, document) = answer.into_err();
        assert_eq!(code, "config_error", "{line}");
        let message = document["error"]["message"].as_str().unwrap();
        assert!(
            message.starts_with(&format!("{}:2: ", path.display())),
            "{message}"
        );
        assert_eq!(document["error"]["hint"], "did you mean snapshot_after?");
        assert_eq!(document["type"].as_str(), words(line).next());
    }
    assert!(sandbox.job_ids().is_empty());
    let mut exec = sandbox.foster();
    exec.args(["exec", "true"]);
    assert_eq!(finish(exec, None, DEADLINE).status.code(), Some(125));

    // These tell of it, with all else that they know.
    let config = call(&sandbox, "config", &[]);
    assert_eq!(config.code(), Some(2));
    assert_eq!(config.value["file"]["problem"]["code"], "config_error");
    assert_eq!(setting(&config.value, "run.tail_lines")[1], "default");
    let doctor = call(&sandbox, "doctor", &[]).into_err().1;
    assert_eq!(doctor["config"]["problem"]["code"], "config_error");
    assert_eq!(doctor["healthy"], false);
    // And these don't read it.
    for line in [
        "completions bash",
        "man run",
        "--help",
        "run --help",
        "--version",
    ] {
        let mut command = sandbox.foster();
        command.args(words(line));
        let done = finish(command, None, DEADLINE);
        assert!(
            done.status.success() && done.stderr.is_empty(),
            "{line}: {done:?}"
        );
    }
}

#[test]
fn a_wrong_variable_is_refused_by_those_who_use_it() {
    let sandbox = sandbox();
    let wrong = [("FOSTER_RUN_DRAIN", "5"), ("FOSTER_CONTAINMENT", "jail")];
    assert_eq!(call(&sandbox, "list", &wrong).into_ok()["type"], "list");
    let drain = call(&sandbox, "run -- true", &wrong[..1]).into_err();
    assert_eq!(drain.0, "invalid_argument");
    let message = drain.1["error"]["message"].as_str().unwrap();
    assert!(
        message.starts_with("FOSTER_RUN_DRAIN: \"5\" has no unit"),
        "{message}"
    );
    assert_eq!(
        call(&sandbox, "run -- true", &wrong[1..]).into_err().0,
        "invalid_argument"
    );
    let typed = "run --drain 1s --containment subreaper -- true";
    assert_eq!(call(&sandbox, typed, &wrong).into_ok()["exit_code"], 0);
    let shown = call(&sandbox, "config", &wrong).into_ok();
    let all = shown["settings"].as_array().unwrap();
    let told = all.iter().filter(|setting| setting["problem"].is_string());
    assert_eq!(told.count(), 2);
}

#[test]
fn the_root_can_stand_in_the_file() {
    let sandbox = sandbox();
    let elsewhere = sandbox.work().join("jobs");
    configure(&sandbox, &format!("root = {elsewhere:?}\n"));
    let mut command = sandbox.foster();
    command
        .env_remove("FOSTER_ROOT")
        .args(["run", "--", "true"]);
    let run = sandbox.json_of(command, None).into_ok();
    let log = run["stdout_log_path"].as_str().unwrap();
    assert!(log.starts_with(elsewhere.to_str().unwrap()), "{log}");
    let mut list = sandbox.foster();
    list.env_remove("FOSTER_ROOT")
        .args(["list", "--root"])
        .arg(sandbox.root());
    let listed = sandbox.json_of(list, None).into_ok();
    assert_eq!(listed["jobs"], json!([]));
}

#[test]
fn an_answer_in_text_tells_where_values_come_from() {
    let sandbox = sandbox();
    configure(&sandbox, "output = \"text\"\n[run]\ndrain = \"2s\"\n");
    let mut command = sandbox.foster();
    command.args(["config"]);
    let done = finish(command, None, DEADLINE);
    let text = String::from_utf8(done.stdout).unwrap();
    let line = text
        .lines()
        .find(|line| line.starts_with("run.drain "))
        .expect(&text);
    assert_eq!(
        line.split_whitespace().collect::<Vec<_>>(),
        ["run.drain", "2s", "file,", "line", "3"]
    );
    assert!(!text.contains('\u{1b}'));
    // A call that is wrong is answered in the form that is set, too.
    let mut wrong = sandbox.foster();
    wrong.args(["list", "--nope"]);
    let done = finish(wrong, None, DEADLINE);
    assert!(
        done.stdout.is_empty() && done.stderr.starts_with(b"error: "),
        "{done:?}"
    );
}
