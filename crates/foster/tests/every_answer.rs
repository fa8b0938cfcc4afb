//! What each verb answers, right and wrong: its fields, its codes, and its schema.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at what it did not expect"
)]

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;
use std::time::Duration;

use foster_testkit::{
    Sandbox, Watched, give_to_ordinary_user, habit, is_root, require, wait_for_file, wait_on_dir,
};
use serde_json::{Value, json};

const SOON: Duration = Duration::from_secs(30);

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

fn program(name: &str) -> String {
    habit(name).to_str().unwrap().to_owned()
}

/// A sandbox whose answers are all held against the published schemas.
struct Checked {
    sandbox: Sandbox,
    schemas: Value,
}

impl Checked {
    fn new() -> Self {
        let sandbox = Sandbox::new(env!("CARGO_BIN_EXE_foster"));
        let schemas = sandbox.ok(["schema"])["schemas"].take();
        Self { sandbox, schemas }
    }

    fn validate(&self, kind: &str, document: &Value) {
        let validator = jsonschema::validator_for(&self.schemas[kind]).unwrap();
        let errors = validator.iter_errors(document);
        let errors: Vec<_> = errors.map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{kind}: {errors:?}\n{document:#}");
    }

    fn ok(&self, args: &[&str]) -> Value {
        let answer = self.sandbox.ok(args);
        assert_eq!(answer["type"], args[0], "{answer:#}");
        self.validate(args[0], &answer);
        answer
    }

    fn err(&self, args: &[&str]) -> (String, Value) {
        let (code, answer) = self.sandbox.err(args);
        assert_eq!(answer["type"], args[0], "{answer:#}");
        self.validate("error", &answer);
        if answer.get("jobs").is_some() {
            self.validate(args[0], &answer);
        }
        (code, answer)
    }

    fn code(&self, args: &[&str]) -> String {
        self.err(args).0
    }

    /// Starts a job without waiting, and returns its id.
    fn start(&self, options: &[&str], command: &[&str]) -> String {
        let answer = self.ok(&[&["run", "--no-wait"], options, &["--"], command].concat());
        text(&answer["job_id"]).to_owned()
    }

    fn write(&self, name: &str, content: &str) {
        fs::write(self.sandbox.work().join(name), content).unwrap();
    }

    /// Waits until a job has printed `wanted` at the end of its output.
    fn wait_for_output(&self, id: &str, wanted: &str) {
        let run = self.sandbox.job_dir(id).join("runs/1");
        let read = || fs::read_to_string(run.join("stdout.log")).ok();
        wait_on_dir(&run, SOON, || read()?.ends_with(wanted).then_some(()))
            .unwrap_or_else(|| panic!("{wanted:?} does not come: {:?}", read()));
    }
}

fn pick(value: &Value, fields: &[&str]) -> Value {
    fields.iter().map(|field| value[*field].clone()).collect()
}

const END: [&str; 4] = ["state", "cause", "exit_code", "signal"];

#[test]
fn run_answers_with_all_that_was_promised() {
    let foster = Checked::new();
    let answer = foster.ok(&[
        "run",
        "--wait",
        "--",
        "sh",
        "-c",
        "echo out; echo err >&2; exit 3",
    ]);
    for field in [
        "job_id",
        "state",
        "cause",
        "exit_code",
        "signal",
        "pid",
        "containment",
        "created_at",
        "started_at",
        "finished_at",
        "duration_ms",
        "waited_ms",
        "elapsed_ms",
        "env_vars",
        "stdout_log_path",
        "stderr_log_path",
        "snapshot",
    ] {
        assert!(
            answer.get(field).is_some(),
            "{field} is missing: {answer:#}"
        );
    }
    assert_eq!(pick(&answer, &END), json!(["exited", "exit", 3, null]));
    for path in ["stdout_log_path", "stderr_log_path", "cwd"] {
        assert!(text(&answer[path]).starts_with('/'), "{answer:#}");
    }
    let snapshot = &answer["snapshot"];
    assert_eq!(
        pick(snapshot, &["final", "encoding"]),
        json!([true, "utf-8-lossy"])
    );
    let stdout = json!({
        "tail": "out\n", "range": [0, 4], "observed_bytes": 4, "included_bytes": 4,
        "omitted": [], "omitted_bytes": 0, "truncated": false,
    });
    assert_eq!(snapshot["stdout"], stdout);
    assert_eq!(snapshot["stderr"]["tail"], "err\n");
    let times =
        ["created_at", "started_at", "exited_at", "finished_at"].map(|at| text(&answer[at]));
    assert!(
        times.is_sorted() && times.iter().all(|at| at.len() == 24 && at.ends_with('Z')),
        "{times:?}"
    );
}

#[test]
fn run_stays_as_long_as_it_is_told() {
    let foster = Checked::new();
    for options in [&["--no-wait"][..], &["--snapshot-after", "0s"]] {
        let answer = foster.ok(&[&["run"], options, &["--", "sleep", "600"]].concat());
        assert_eq!(answer["snapshot"], Value::Null, "{answer:#}");
        assert_eq!(
            pick(&answer, &["state", "waited_ms", "exit_code"]),
            json!(["running", 0, null])
        );
        assert!(answer["pid"].is_i64());
    }
    let answer = foster.ok(&[
        "run",
        "--snapshot-after",
        "700ms",
        "--shell",
        "echo early; sleep 600",
    ]);
    assert_eq!(answer["snapshot"]["stdout"]["tail"], "early\n");
    assert_eq!(answer["snapshot"]["final"], false);
    assert_eq!(answer["state"], "running");
    assert!(
        text(&answer["hint"]).contains(text(&answer["job_id"])),
        "{answer:#}"
    );
    let waited = answer["waited_ms"].as_u64().unwrap();
    assert!(
        waited >= 700 && answer["elapsed_ms"].as_u64().unwrap() >= waited,
        "{answer:#}"
    );
    let answer = foster.ok(&["run", "--snapshot-after", "1m", "--", "true"]);
    assert_eq!(
        answer["state"], "exited",
        "the end comes before the snapshot"
    );
    assert_eq!(
        foster.code(&["run", "--no-wait", "--wait", "--", "true"]),
        "invalid_argument"
    );
}

#[test]
fn snapshots_are_cut_where_text_can_be_cut() {
    let foster = Checked::new();
    let run = |options: &[&str], line: &str| {
        foster.ok(&[&["run", "--wait"], options, &["--shell", line]].concat())["snapshot"]["stdout"]
            .take()
    };
    let lines = run(&["--tail-lines", "2"], "seq 1 9");
    assert_eq!(
        pick(&lines, &["tail", "range", "truncated"]),
        json!(["8\n9\n", [14, 18], true])
    );
    let open = run(&["--tail-lines", "2"], "seq 1 9; printf x");
    assert_eq!(open["tail"], "9\nx", "the last line has no end");
    // Five bytes before the end is the middle of a character.
    let cut = run(&["--max-bytes", "5B"], "printf 'aéüöß'");
    assert_eq!(
        pick(&cut, &["tail", "range", "included_bytes"]),
        json!(["öß", [5, 9], 4])
    );
    let lossy = run(&[], r"printf 'a\377b\303'");
    assert_eq!(
        pick(&lossy, &["tail", "range"]),
        json!(["a\u{fffd}b\u{fffd}", [0, 4]])
    );
    let none = run(&["--max-bytes", "0B"], "echo x");
    assert_eq!(
        pick(&none, &["tail", "observed_bytes", "truncated"]),
        json!(["", 2, true])
    );
    let all = run(
        &["--max-bytes", "1MiB", "--tail-lines", "100000"],
        "seq 1 20000",
    );
    assert_eq!(
        pick(&all, &["range", "truncated"]),
        json!([[0, 108_894], false])
    );
}

#[test]
fn a_timeout_kills_and_keeps_the_code() {
    let foster = Checked::new();
    let run = [
        "run",
        "--wait",
        "--timeout",
        "200ms",
        "--kill-after",
        "20s",
        "--",
    ];
    let answer = foster.ok(&[&run[..], &["sleep", "600"]].concat());
    assert_eq!(
        pick(&answer, &END),
        json!(["killed", "timeout", null, "TERM"])
    );
    let stubborn = program("ignore-term");
    // It has to be ready before the time is over; then TERM makes it exit with a code of its own.
    let run = [
        "run",
        "--wait",
        "--timeout",
        "2s",
        "--kill-after",
        "20s",
        "--",
    ];
    let answer = foster.ok(&[&run[..], &[&stubborn, "--exit-code", "7"]].concat());
    assert_eq!(pick(&answer, &END), json!(["killed", "timeout", 7, null]));
    let run = [
        "run",
        "--wait",
        "--timeout",
        "1s",
        "--kill-after",
        "100ms",
        "--",
    ];
    let answer = foster.ok(&[&run[..], &[&stubborn]].concat());
    assert_eq!(
        pick(&answer, &END),
        json!(["killed", "timeout", null, "KILL"])
    );
    let (code, answer) = foster.err(&["run", "--timeout", "0s", "--", "true"]);
    assert_eq!(code, "invalid_argument");
    assert!(
        text(&answer["error"]["hint"]).contains("none"),
        "{answer:#}"
    );
    let (code, answer) = foster.err(&["run", "--timeout", "5", "--", "true"]);
    assert_eq!(code, "invalid_argument");
    assert!(text(&answer["error"]["hint"]).contains("5s"), "{answer:#}");
    assert!(
        foster.sandbox.job_ids().len() == 3,
        "a call that is wrong makes no job"
    );
}

#[test]
fn a_signal_from_elsewhere_is_told_as_such() {
    let foster = Checked::new();
    let id = foster.start(&[], &["sleep", "600"]);
    let pid = foster.ok(&["status", &id])["pid"].as_i64().unwrap() as i32;
    assert!(Watched::from_pid(pid).unwrap().kill());
    let answer = foster.ok(&["wait", &id]);
    assert_eq!(
        pick(&answer, &END),
        json!(["killed", "signal", null, "KILL"])
    );
    let die = program("die");
    let answer = foster.ok(&["run", "--wait", "--", &die, "--signal", "11"]);
    assert_eq!(
        pick(&answer, &END),
        json!(["killed", "signal", null, "SEGV"])
    );
}

#[test]
fn kill_sends_exactly_the_signal_that_was_named() {
    let foster = Checked::new();
    let line = "trap 'echo usr1' USR1; trap 'echo usr2' USR2; echo ready; while :; do read x < never; done";
    let made = Command::new("mkfifo")
        .arg(foster.sandbox.work().join("never"))
        .status();
    assert!(made.unwrap().success());
    let id = foster.start(&[], &["sh", "-c", line]);
    foster.wait_for_output(&id, "ready\n");
    let mut expected = "ready\n".to_owned();
    for (name, word) in [("USR1", "usr1"), ("sigusr2", "usr2"), ("10", "usr1")] {
        let answer = foster.ok(&["kill", &id, "--signal", name]);
        assert_eq!(answer["sent"]["signal"], word.to_uppercase(), "{answer:#}");
        assert_eq!(answer["sent"]["sent"], 1, "{answer:#}");
        assert_eq!(answer["report"], Value::Null, "{answer:#}");
        assert_eq!(answer["state"], "running", "{answer:#}");
        expected.push_str(word);
        expected.push('\n');
        foster.wait_for_output(&id, &expected);
    }
    for unknown in ["SIGNONE", "0", "999", "-1", ""] {
        let option = format!("--signal={unknown}");
        assert_eq!(
            foster.code(&["kill", &id, &option]),
            "unknown_signal",
            "{unknown}"
        );
    }
    // Nothing else has come.
    assert_eq!(foster.ok(&["tail", &id])["stdout"]["tail"], expected);
    let answer = foster.ok(&["kill", &id, "--signal", "KILL"]);
    assert_eq!(answer["sent"]["number"], 9);
    let answer = foster.ok(&["wait", &id]);
    assert_eq!(pick(&answer, &END), json!(["killed", "stop", null, "KILL"]));
    let answer = foster.ok(&["kill", &id, "--signal", "TERM"]);
    assert_eq!(
        pick(&answer, &["already_finished", "state"]),
        json!([true, "killed"])
    );
}

#[test]
fn kill_ends_with_a_report() {
    let foster = Checked::new();
    let stubborn = program("ignore-term");
    let id = foster.start(&[], &[&stubborn]);
    foster.wait_for_output(&id, "ready\n");
    let answer = foster.ok(&["kill", &id, "--grace", "200ms"]);
    assert_eq!(pick(&answer, &END), json!(["killed", "stop", null, "KILL"]));
    let phases = answer["report"]["phases"].as_array().unwrap();
    let signals: Vec<_> = phases.iter().map(|phase| &phase["signal"]).collect();
    assert_eq!(signals, ["TERM", "KILL"]);
    assert!(
        phases[0]["waited_ms"].as_u64().unwrap() >= 200,
        "{answer:#}"
    );
    assert_eq!(
        pick(&answer["report"], &["empty", "survivors"]),
        json!([true, []])
    );
    let answer = foster.ok(&["kill", &id]);
    assert_eq!(
        pick(&answer, &["already_finished", "state"]),
        json!([true, "killed"])
    );

    let id = foster.start(&["--escalate", "INT:10s,TERM:10s"], &["sleep", "600"]);
    let answer = foster.ok(&["kill", &id]);
    assert_eq!(pick(&answer, &END), json!(["killed", "stop", null, "INT"]));
    // A leader that answers TERM with a code was ended all the same.
    let id = foster.start(&[], &[&stubborn, "--exit-code", "5"]);
    foster.wait_for_output(&id, "ready\n");
    let answer = foster.ok(&["kill", &id, "--no-wait"]);
    assert_eq!(answer["report"], Value::Null, "{answer:#}");
    assert_eq!(
        pick(&foster.ok(&["wait", &id]), &END),
        json!(["killed", "stop", 5, null])
    );

    let (one, two) = (
        foster.start(&[], &["sleep", "600"]),
        foster.start(&[], &["sleep", "600"]),
    );
    let (code, answer) = foster.err(&["kill", &one, "nobody-at-all", &two]);
    assert_eq!(code, "some_failed");
    let jobs = &answer["jobs"];
    assert_eq!(
        json!([jobs[0]["state"], jobs[2]["state"]]),
        json!(["killed", "killed"])
    );
    assert_eq!(jobs[1]["error"]["code"], "job_not_found");
}

#[test]
fn jobs_are_found_by_all_their_names() {
    let foster = Checked::new();
    let old = foster.start(&["--name", "twin"], &["true"]);
    foster.ok(&["wait", &old]);
    let id = foster.start(&["--name", "web.dev"], &["sleep", "600"]);
    let found = |name: &str| text(&foster.ok(&["status", name])["job_id"]).to_owned();
    for name in [
        &id,
        &id.to_uppercase(),
        "web.dev",
        &id[id.len() - 8..],
        "@1",
    ] {
        assert_eq!(found(name), id, "{name}");
    }
    assert_eq!(found("@2"), old);
    // Ids of one minute begin alike.
    let (code, answer) = foster.err(&["status", &id[..4]]);
    assert_eq!(code, "ambiguous_job_id");
    let mut both = [old.clone(), id.clone()];
    let mut candidates = answer["error"]["candidates"].as_array().unwrap().clone();
    candidates.sort_by_key(ToString::to_string);
    both.sort();
    assert_eq!(json!(candidates), json!(both));
    assert_eq!(
        foster.code(&["kill", &id[id.len() - 5..]]),
        "job_id_too_short"
    );
    assert_eq!(foster.ok(&["kill", &id[id.len() - 6..]])["job_id"], *id);
    for verb in ["status", "tail", "logs", "wait", "kill", "recover"] {
        for bad in [
            "", ".", "..", "../x", "/abs", "a/b", "@0", "@", "@x", "a b", "nül",
        ] {
            assert_eq!(
                foster.code(&[verb, bad]),
                "invalid_job_id",
                "{verb} {bad:?}"
            );
        }
        for unknown in ["nobody-there", "@99", "01m7xrq1e1ake9t0rtg86cq31x"] {
            assert_eq!(
                foster.code(&[verb, unknown]),
                "job_not_found",
                "{verb} {unknown:?}"
            );
        }
    }
    // Of two of one name the one that runs is meant.
    let twin = foster.start(&["--name", "twin"], &["sleep", "600"]);
    assert_eq!(found("twin"), twin);
    let third = foster.start(&["--name", "twin"], &["sleep", "600"]);
    assert_eq!(foster.code(&["kill", "twin"]), "ambiguous_job_id");
    foster.ok(&["kill", &third, &twin]);
    assert_eq!(found("twin"), third, "the newest, if none runs");
}

#[test]
fn list_shows_the_directory_and_says_what_it_leaves_out() {
    let foster = Checked::new();
    for dir in ["a", "a/deep", "ab"] {
        fs::create_dir(foster.sandbox.work().join(dir)).unwrap();
    }
    let run = |dir: &str, options: &[&str], command: &[&str]| {
        let cwd = ["run", "--wait", "--cwd", dir];
        let answer = foster.ok(&[&cwd, options, &["--"], command].concat());
        text(&answer["job_id"]).to_owned()
    };
    let a = run("a", &["--tag", "ci.lint"], &["true"]);
    let deep = run("a/deep", &[], &["false"]);
    let ab = run("ab", &[], &["true"]);
    let busy = foster.start(&["--cwd", "a", "--name", "busy"], &["sleep", "600"]);
    let list_in = |dir: &str, args: &[&str]| {
        let mut command = foster.sandbox.foster();
        command
            .current_dir(foster.sandbox.work().join(dir))
            .args(args);
        let answer = foster.sandbox.json_of(command, None).into_ok();
        foster.validate(args[0], &answer);
        let rows = answer["jobs"].as_array().unwrap().iter();
        let ids: Vec<String> = rows.map(|row| text(&row["job_id"]).to_owned()).collect();
        (ids, answer)
    };
    let (ids, answer) = list_in("a", &["list"]);
    assert_eq!(ids, [&*busy, &deep, &a], "newest first, {answer:#}");
    assert_eq!(
        pick(&answer, &["truncated", "others_outside_scope"]),
        json!([false, true])
    );
    assert_eq!(
        answer["scope"],
        foster.sandbox.work().join("a").to_str().unwrap()
    );
    assert!(text(&answer["hint"]).contains("--all"), "{answer:#}");
    let row = &answer["jobs"][1];
    assert_eq!(
        pick(row, &["state", "cause", "exit_code", "command"]),
        json!(["exited", "exit", 1, "false"])
    );
    let (ids, answer) = list_in("a", &["list", "--all"]);
    assert_eq!(ids, [&*busy, &ab, &deep, &a]);
    assert_eq!(
        pick(&answer, &["scope", "truncated", "others_outside_scope"]),
        json!([null, false, false])
    );
    let (ids, answer) = list_in(".", &["list", "--limit", "2"]);
    assert_eq!(
        (ids, &answer["truncated"]),
        (vec![busy.clone(), ab.clone()], &json!(true))
    );
    assert_eq!(
        list_in(".", &["list", "--limit", "4"]).1["truncated"],
        false
    );
    assert_eq!(list_in("a", &["ps"]).0, [&*busy]);
    assert_eq!(list_in("ab", &["ps"]).0.len(), 0);
    assert_eq!(list_in(".", &["list", "--tag", "ci.lint"]).0, [&*a]);
    assert_eq!(list_in(".", &["list", "--state", "running"]).0, [&*busy]);
    assert_eq!(
        list_in(".", &["list", "--state", "exited,running"]).0.len(),
        4
    );

    // The index is a cache: gone, empty, cut or noise, the list is right.
    let index = foster.sandbox.root().join("index");
    let content = fs::read(&index).unwrap();
    let harms: [&dyn Fn(); 6] = [
        &|| fs::remove_file(&index).unwrap(),
        &|| fs::write(&index, "").unwrap(),
        // The last row was not written to its end.
        &|| fs::write(&index, &content[..content.len() - 5]).unwrap(),
        &|| fs::write(&index, vec![b'x'; content.len()]).unwrap(),
        &|| fs::write(&index, [0xff; 5000]).unwrap(),
        &|| fs::write(&index, "{}\n").unwrap(),
    ];
    for (number, harm) in harms.into_iter().enumerate() {
        harm();
        let (ids, answer) = list_in(".", &["list"]);
        assert_eq!(ids, [&*busy, &ab, &deep, &a], "harm {number}: {answer:#}");
        assert_eq!(
            foster.ok(&["status", "busy"])["job_id"],
            *busy,
            "harm {number}"
        );
    }
    fs::remove_file(&index).unwrap();
    let new = foster.start(&[], &["true"]);
    assert_eq!(list_in(".", &["list"]).0, [&*new, &busy, &ab, &deep, &a]);
}

/// What the variables of a job are, as it sees them.
fn variables(foster: &Checked, options: &[&str], names: &[&str]) -> Value {
    let mut command = foster.sandbox.foster();
    command
        .env("A", "inherited")
        .env("B", "inherited")
        .env("KEY", "caller");
    command
        .args(["run", "--wait"])
        .args(options)
        .arg("--")
        .arg(program("print-args"));
    for name in names {
        command.args(["--env", name]);
    }
    let answer = foster.sandbox.json_of(command, None).into_ok();
    foster.validate("run", &answer);
    let told: Value = serde_json::from_str(text(&answer["snapshot"]["stdout"]["tail"])).unwrap();
    pick(&told["env"], names)
}

#[test]
fn the_last_word_on_a_variable_wins() {
    let foster = Checked::new();
    foster.write("one.env", "A=one\nC=one\nD=one\n");
    foster.write("two.env", "C=two\nD=two\n");
    let files = ["--env-file", "one.env", "--env-file", "two.env"];
    let options = [
        &files[..],
        &["--env", "D=given", "--env", "E=1", "--env", "E=2"],
    ]
    .concat();
    let seen = variables(&foster, &options, &["A", "B", "C", "D", "E"]);
    assert_eq!(seen, json!(["one", "inherited", "two", "given", "2"]));
    // The order of the options does not matter.
    let options = [&["--env", "D=given"], &files[..]].concat();
    assert_eq!(variables(&foster, &options, &["D"]), json!(["given"]));
    let bare = ["--no-inherit-env", "--env", "KEY", "--env-file", "two.env"];
    assert_eq!(
        variables(&foster, &bare, &["A", "KEY", "C"]),
        json!([null, "caller", "two"])
    );
    assert_eq!(
        foster.code(&["run", "--env", "NOT_THERE_AT_ALL", "--", "true"]),
        "bad_env"
    );

    foster.write(
        ".env",
        "A=a#b\nB=\"x\"\nC=$6$salt\nexport D=v\nE=\nF=a # b\n# G=1\n",
    );
    let seen = variables(
        &foster,
        &["--env-file", ".env"],
        &["A", "B", "C", "D", "E", "F", "G"],
    );
    assert_eq!(seen, json!(["a#b", "x", "$6$salt", "v", "", "a", null]));
    let answer = foster.ok(&[
        "run",
        "--wait",
        "--env",
        "S=secret-thing",
        "--env",
        "T=1",
        "--mask",
        "S",
        "--",
        "echo",
        "secret-thing",
    ]);
    assert_eq!(answer["env_vars"], json!({"S": "***", "T": "1"}));
    assert_eq!(answer["command"], json!(["echo", "***"]));
    assert_eq!(
        answer["snapshot"]["stdout"]["tail"], "secret-thing\n",
        "logs keep the child's bytes"
    );
    let seen = variables(&foster, &["--no-inherit-env"], &["FOSTER_JOB"]);
    let newest = foster.ok(&["status", "@1"]);
    assert!(
        text(&seen[0]).starts_with(text(&newest["job_id"])),
        "{seen}"
    );
}

#[test]
fn what_cannot_start_is_told_at_once_and_kept() {
    let foster = Checked::new();
    foster.write("plain", "no program");
    foster.write("bad.env", "this is = 'no dotenv\n");
    // More than the system takes, by a way on which it reaches Foster at all.
    foster.write("large.env", &format!("LARGE={}\n", "x".repeat(200_000)));
    let rows: Vec<(Vec<&str>, &str)> = vec![
        (vec!["--", "nowhere-to-be-found"], "command_not_found"),
        (vec!["--", "/nowhere/to/be/found"], "command_not_found"),
        (vec!["--", "./plain"], "not_executable"),
        (vec!["--", "/"], "not_executable"),
        (vec!["--cwd", "nowhere", "--", "true"], "bad_cwd"),
        (vec!["--cwd", "plain", "--", "true"], "bad_cwd"),
        (
            vec!["--env-file", "nowhere.env", "--", "true"],
            "bad_env_file",
        ),
        (vec!["--env-file", "bad.env", "--", "true"], "bad_env_file"),
        (vec!["--stdin-file", "nowhere", "--", "true"], "bad_stdin"),
        (vec!["--log", "plain/log", "--", "true"], "bad_log_path"),
        (vec!["--log", ".", "--", "true"], "bad_log_path"),
        (
            vec!["--env-file", "large.env", "--", "true"],
            "arguments_too_large",
        ),
    ];
    for (args, wanted) in &rows {
        for wait in ["--no-wait", "--wait"] {
            let shown = format!("{wait} {args:?}");
            let (code, answer) = foster.err(&[&["run", wait], &args[..]].concat());
            assert_eq!(code, *wanted, "{shown}");
            let id = text(&answer["error"]["job_id"]);
            let status = foster.ok(&["status", id]);
            assert_eq!(
                pick(&status, &["state", "cause", "pid", "started_at"]),
                json!(["failed", "start_failed", null, null]),
                "{shown}"
            );
            assert_eq!(status["failure"]["code"], *wanted, "{shown}");
            assert_eq!(
                status["failure"]["message"], answer["error"]["message"],
                "{shown}"
            );
            assert!(status["finished_at"].is_string(), "{shown}");
            for path in ["stdout_log_path", "stderr_log_path"] {
                assert_eq!(
                    fs::metadata(text(&status[path])).unwrap().len(),
                    0,
                    "{shown}"
                );
            }
            let wait = foster.ok(&["wait", id]);
            assert_eq!(
                pick(&wait, &["reason", "state"]),
                json!(["finished", "failed"]),
                "{shown}"
            );
            assert_eq!(
                foster.ok(&["kill", id])["already_finished"],
                true,
                "{shown}"
            );
        }
    }
    let listed = foster.ok(&["list", "--state", "failed"]);
    assert_eq!(listed["jobs"].as_array().unwrap().len(), 2 * rows.len());
    for wrong in [&["run", "--", ""][..], &["run"], &["run", "--shell", ""]] {
        assert_eq!(foster.code(wrong), "invalid_argument", "{wrong:?}");
    }
    foster.sandbox.assert_nothing_left(SOON);
}

#[test]
fn the_state_file_has_the_shape_that_scripts_rely_on() {
    let foster = Checked::new();
    let read = |id: &str| -> Value {
        let state = fs::read(foster.sandbox.job_dir(id).join("state.json")).unwrap();
        let state = serde_json::from_slice(&state).unwrap();
        foster.validate("state_file", &state);
        state
    };
    let busy = foster.start(&[], &["sleep", "600"]);
    let state = read(&busy);
    assert_eq!(state["job"]["id"], *busy);
    assert_eq!(state["job"]["status"], "running");
    assert_eq!(
        state["result"],
        json!({"exit_code": null, "signal": null, "duration_ms": null})
    );
    assert_eq!(state["pid"], foster.ok(&["status", &busy])["pid"]);
    assert_eq!(state["finished_at"], Value::Null);
    assert!(state["job"]["started_at"].is_string() && state["updated_at"].is_string());
    let answer = foster.ok(&["run", "--wait", "--shell", "exit 3"]);
    let id = text(&answer["job_id"]);
    let state = read(id);
    assert_eq!(
        json!([state["job"]["status"], state["result"]["exit_code"]]),
        json!(["exited", 3])
    );
    assert_eq!(state["finished_at"], answer["finished_at"]);
    assert_eq!(state["result"]["duration_ms"], answer["duration_ms"]);
    let dir = foster.sandbox.job_dir(id);
    let meta: Value = serde_json::from_slice(&fs::read(dir.join("meta.json")).unwrap()).unwrap();
    foster.validate("meta_file", &meta);
    for line in fs::read_to_string(dir.join("events.ndjson"))
        .unwrap()
        .lines()
    {
        foster.validate("journal_entry", &serde_json::from_str(line).unwrap());
    }
    let failed =
        text(&foster.err(&["run", "--", "nowhere-to-be-found"]).1["error"]["job_id"]).to_owned();
    assert!(read(&failed)["updated_at"].is_string());
}

#[test]
fn the_other_verbs_answer_too() {
    let foster = Checked::new();
    let id = foster.start(&[], &["sleep", "600"]);
    let status = foster.ok(&["status", &id]);
    assert!(
        status["running_ms"].is_u64() && status["supervision"] == "full",
        "{status:#}"
    );
    let recovered = foster.ok(&["recover"]);
    assert_eq!(recovered["jobs"], json!([]), "{recovered:#}");
    let recovered = foster.ok(&["recover", &id]);
    assert_eq!(recovered["jobs"][0]["state"], "running", "{recovered:#}");
    let doctor = foster.ok(&["doctor"]);
    assert_eq!(
        json!([doctor["root"]["jobs"], doctor["root"]["running"]]),
        json!([1, 1]),
        "{doctor:#}"
    );
    assert_eq!(
        foster.ok(&["schema", "run"])["schemas"]
            .as_object()
            .unwrap()
            .len(),
        1
    );
    assert_eq!(foster.code(&["schema", "nothing"]), "unknown_schema");
    assert_eq!(
        foster.code(&["wait", &id, "--timeout", "5"]),
        "invalid_argument"
    );
    assert_eq!(
        foster.code(&["list", "--no-such-option"]),
        "invalid_argument"
    );
    assert_eq!(
        foster.code(&["tail", &id, "--max-bytes", "10"]),
        "invalid_argument"
    );
}

#[test]
fn input_and_deadlines_answer_by_their_schemas() {
    let foster = Checked::new();
    let id = foster.start(&["--stdin", "open", "--timeout", "1h"], &["sleep", "600"]);
    foster.ok(&["status", &id]);
    foster.ok(&["processes", &id]);
    foster.ok(&["deadline", &id, "2h"]);
    foster.ok(&["deadline", &id, "none"]);
    foster.ok(&["send", &id, "a line"]);
    let (code, partial) = foster.err(&["send", &id, &"x".repeat(100_000), "--timeout", "200ms"]);
    assert_eq!(code, "timed_out");
    foster.validate("send", &partial);
    foster.ok(&["send", &id, "--eof"]);
    assert_eq!(foster.code(&["send", &id, "x"]), "invalid_state");
    let journal = fs::read_to_string(foster.sandbox.job_dir(&id).join("events.ndjson"));
    for line in journal.unwrap().lines() {
        foster.validate("journal_entry", &serde_json::from_str(line).unwrap());
    }
    let created = foster.ok(&["create", "--stdin", "text", "--", "cat"]);
    foster.ok(&["deadline", text(&created["job_id"]), "1m"]);
}

#[test]
fn a_root_that_cannot_be_trusted_is_refused_by_every_verb() {
    let foster = Checked::new();
    let root = foster.sandbox.root().to_owned();
    let id = foster.start(&[], &["sleep", "600"]);
    let expect = |wanted: &str| {
        let calls: [&[&str]; 8] = [
            &["run", "--", "true"],
            &["status", &id],
            &["list"],
            &["ps"],
            &["tail", &id],
            &["logs", &id],
            &["wait", &id],
            &["kill", &id],
        ];
        for call in calls {
            let answer = foster.sandbox.json(call);
            assert_eq!(answer.code(), Some(6), "{call:?}");
            assert_eq!(answer.into_err().0, wanted, "{call:?}");
        }
        let doctor = foster.sandbox.json(["doctor"]).value;
        assert_eq!(doctor["root"]["problem"]["code"], wanted, "{doctor:#}");
        assert_eq!(doctor["healthy"], false);
    };
    for mode in [0o777, 0o770, 0o702] {
        fs::set_permissions(&root, Permissions::from_mode(mode)).unwrap();
        expect("root_writable_by_others");
    }
    fs::set_permissions(&root, Permissions::from_mode(0o700)).unwrap();
    assert_eq!(
        foster.ok(&["status", &id])["state"],
        "running",
        "it was left alone"
    );
    let aside = foster.sandbox.work().join("aside");
    fs::rename(&root, &aside).unwrap();
    fs::write(&root, "a file").unwrap();
    expect("root_unusable");
    fs::remove_file(&root).unwrap();
    fs::rename(&aside, &root).unwrap();
    if require("giving the root to another user", is_root()) {
        give_to_ordinary_user(&root);
        expect("root_not_owned");
        std::os::unix::fs::chown(&root, Some(0), Some(0)).unwrap();
    }
    assert_eq!(foster.ok(&["kill", &id])["state"], "killed");
}

#[test]
fn an_ordinary_user_is_kept_out_of_a_foreign_root() {
    if !require("root, to act as another user", is_root()) {
        return;
    }
    let sandbox = Sandbox::for_ordinary_user(env!("CARGO_BIN_EXE_foster"));
    std::os::unix::fs::chown(sandbox.root(), Some(0), Some(0)).unwrap();
    assert_eq!(sandbox.err(["list"]).0, "root_not_owned");
    fs::set_permissions(sandbox.root(), Permissions::from_mode(0o755)).unwrap();
    assert_eq!(sandbox.err(["run", "--", "true"]).0, "root_not_owned");
    give_to_ordinary_user(sandbox.root());
    fs::set_permissions(sandbox.root(), Permissions::from_mode(0o000)).unwrap();
    assert!(["root_unusable", "io_error"].contains(&&*sandbox.err(["run", "--", "true"]).0));
    fs::set_permissions(sandbox.root(), Permissions::from_mode(0o700)).unwrap();
    let answer = sandbox.ok(["run", "--wait", "--shell", "id -u > who; exit 2"]);
    assert_eq!(answer["exit_code"], 2);
    assert!(wait_for_file(&sandbox.work().join("who"), SOON));
}

#[test]
fn a_root_without_permissions_is_unusable() {
    if !require("root, to act as another user", is_root()) {
        return;
    }
    let sandbox = Sandbox::for_ordinary_user(env!("CARGO_BIN_EXE_foster"));
    fs::set_permissions(sandbox.root(), Permissions::from_mode(0o000)).unwrap();
    for call in [
        &["run", "--", "true"][..],
        &["list"],
        &["status", "@1"],
        &["kill", "some-job"],
    ] {
        assert_eq!(sandbox.err(call).0, "root_unusable", "{call:?}");
    }
}

#[test]
fn an_index_that_lost_rows_hides_no_job() {
    let foster = Checked::new();
    for _ in 0..3 {
        foster.ok(&["run", "--wait", "--", "true"]);
    }
    let busy = foster.start(&[], &["sleep", "600"]);
    let index = foster.sandbox.root().join("index");
    let content = fs::read(&index).unwrap();
    for part in [&content[..content.len() / 2], &content[content.len() / 3..]] {
        fs::write(&index, part).unwrap();
        let listed = foster.ok(&["list"]);
        assert_eq!(listed["jobs"].as_array().unwrap().len(), 4, "{listed:#}");
        assert_eq!(foster.ok(&["ps"])["jobs"][0]["job_id"], *busy);
    }
}
