//! What callers of the command line rely on: one document for each call, also for a wrong one;
//! published schemas and exit codes; nothing read from standard input; no panic when nobody reads.

#![expect(
    clippy::expect_used,
    reason = "the helpers of a test fail by panicking"
)]

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, Permissions};
use std::io::{Read as _, Write as _, pipe};
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use foster_testkit::{DEADLINE, Finished, Sandbox, finish};
use serde_json::Value;

/// The verbs that take a job, with what makes a good call of each.
const JOB_VERBS: [&str; 7] = [
    "status", "tail", "logs", "wait", "kill", "recover", "delete",
];

fn sandbox() -> Sandbox {
    Sandbox::new(Path::new(env!("CARGO_BIN_EXE_foster")))
}

fn call<S: AsRef<OsStr>>(sandbox: &Sandbox, args: impl IntoIterator<Item = S>) -> Finished {
    let mut command = sandbox.foster();
    command.args(args);
    finish(command, None, DEADLINE)
}

fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(' ').filter(|word| !word.is_empty())
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("text")
}

fn id(answer: &Value) -> String {
    answer["job_id"].as_str().expect("a job id").to_owned()
}

/// Makes sure that a document is what `foster schema` says.
fn validate(schemas: &Value, document: &Value) {
    let kind = document["type"].as_str().expect("a type");
    let mut kinds = vec![kind];
    if document["ok"] == false {
        kinds = vec!["error"];
        // An answer that tells of several jobs is complete, also if not all went well.
        kinds.extend(document.get("jobs").map(|_| kind));
    }
    for kind in kinds {
        let schema = &schemas[kind];
        assert!(schema.is_object(), "no schema for {kind}");
        let validator = jsonschema::validator_for(schema).expect("a good schema");
        let errors = validator
            .iter_errors(document)
            .map(|error| error.to_string());
        let errors: Vec<_> = errors.collect();
        assert!(errors.is_empty(), "{kind}: {errors:?}\n{document:#}");
    }
}

#[test]
fn every_answer_keeps_its_schema() {
    let sandbox = sandbox();
    let schemas = sandbox.ok(["schema"])["schemas"].take();
    let check = |line: &str| {
        let document = sandbox.json(words(line)).value;
        validate(&schemas, &document);
        let verb = words(line).find(|word| !word.starts_with('-'));
        assert_eq!(document["type"].as_str(), verb, "{line}");
        document
    };
    check("run --name done --tag a.b --env A=1 --mask A -- echo hello");
    check("run --no-wait --name busy -- sleep 600");
    check("run nowhere-to-be-found");
    check("run --snapshot-after 1ms --name short -- sleep 0.1");
    for job in ["done", "busy", "@1"] {
        check(&format!("status {job}"));
        check(&format!("tail {job}"));
        check(&format!("tail {job} --stdout --from 1"));
        check(&format!("logs {job}"));
        check(&format!("wait {job} --timeout 1ms"));
    }
    check("wait done short --any");
    check("wait done missing");
    for line in [
        "list",
        "list --all --state running",
        "ps",
        "doctor",
        "recover",
        "schema run",
    ] {
        check(line);
    }
    check("kill busy --signal CONT --to leader");
    check("kill busy");
    check("kill done");
    check("kill done missing");
    check("status busy");
    check("recover busy");
    for line in [
        "status missing",
        "kill done --signal NOPE",
        "schema nope",
        "list --nope",
    ] {
        check(line);
    }
}

#[test]
fn followed_lines_are_documents_of_their_own() {
    let sandbox = sandbox();
    let schemas = sandbox.ok(["schema"])["schemas"].take();
    let shell = "for i in 1 2 3; do echo out $i; echo err $i >&2; done";
    sandbox.ok(["run", "--no-wait", "--shell", shell]);
    let followed = call(&sandbox, ["logs", "@1", "--follow"]);
    let documents: Vec<Value> = text(&followed.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).expect("a document"))
        .collect();
    for document in &documents {
        validate(&schemas, document);
    }
    let (answer, lines) = documents.split_last().expect("the answer comes last");
    assert_eq!(answer["type"], "logs");
    assert_eq!(answer["final"], true);
    assert_eq!(answer["lines"], serde_json::json!([]));
    assert!(lines.iter().all(|line| line["type"] == "log_line"));
    assert_eq!(lines.len(), 6);
    let collected = sandbox.ok(["logs", "@1"]);
    assert_eq!(collected["lines"].as_array().map(Vec::len), Some(6));
    let cut = sandbox.ok(["logs", "@1", "--max-bytes", "6B"]);
    assert_eq!(cut["truncated"], true);
}

#[test]
fn a_wrong_call_is_answered_like_any_other() {
    let sandbox = sandbox();
    let rows = [
        ("run", "run", "--help"),
        ("run --timeot 5s true", "run", "'--timeout'"),
        ("run --shell x y", "run", "--help"),
        ("run --containment jail true", "run", "--help"),
        ("status", "status", "--help"),
        ("status a b", "status", "--help"),
        ("list --limit few", "list", "none"),
        ("list --state runing", "list", "'running'"),
        ("ps --state running", "ps", "--help"),
        ("tail x --stdout --stderr", "tail", "--help"),
        ("logs x --folow", "logs", "'--follow'"),
        ("wait", "wait", "--help"),
        ("kill x --signal HUP --grace 1s", "kill", "--help"),
        ("schema a b", "schema", "--help"),
        ("recover --nope", "recover", "--help"),
        ("doctor x", "doctor", "--help"),
        ("lst", "foster", "'list'"),
        ("", "foster", "--help"),
        ("--json list --output yaml", "list", "leave one"),
    ];
    for (line, kind, hint) in rows {
        let answer = sandbox.json(words(line));
        assert_eq!(answer.code(), Some(2), "{line}");
        let (code, document) = answer.into_err();
        assert_eq!(code, "invalid_argument", "{line}");
        assert_eq!(document["type"], kind, "{line}");
        assert_eq!(document["schema_version"], "1", "{line}");
        let given = document["error"]["hint"].as_str().unwrap_or_default();
        assert!(given.contains(hint), "{line}: {given:?}");
    }
    assert_eq!(sandbox.job_ids(), [""; 0], "a wrong call makes no job");
}

#[test]
fn units_are_demanded() {
    let sandbox = sandbox();
    let rows = [
        ("run --timeout 5 true", "5s"),
        ("run --timeout 0s true", "none"),
        ("run --snapshot-after 5 true", "5s"),
        ("run --kill-after 5 true", "5s"),
        ("run --drain 5 true", "5s"),
        ("run --max-bytes 64 true", "64KiB"),
        ("run --max-bytes lots true", "64KiB"),
        ("run --log-cap 64 true", "64KiB"),
        ("run --escalate TERM:5 true", "5s"),
        ("tail x --max-bytes 64", "64KiB"),
        ("logs x --max-bytes 64", "64KiB"),
        ("logs x --since soon", "5m"),
        ("wait x --timeout 5", "5s"),
        ("kill x --grace 5", "5s"),
    ];
    for (line, hint) in rows {
        let (code, document) = sandbox.err(words(line));
        assert_eq!(code, "invalid_argument", "{line}");
        let given = document["error"]["hint"].as_str().unwrap_or_default();
        assert!(given.contains(hint), "{line}: {given:?}");
    }
}

#[test]
fn what_could_be_a_path_is_no_job() {
    let sandbox = sandbox();
    sandbox.ok(["run", "--", "true"]);
    let not_text = OsString::from_vec(b"\xff\xfe".to_vec());
    let ids = ["", ".", "..", "../x", "/abs", "a/b", "@0", "@x"].map(OsString::from);
    for verb in JOB_VERBS {
        for bad in ids.iter().chain([&not_text]) {
            let answer = sandbox.json([OsStr::new(verb), bad]);
            assert_eq!(answer.code(), Some(2), "{verb} {bad:?}");
            let (code, document) = answer.into_err();
            assert_eq!(code, "invalid_job_id", "{verb} {bad:?}");
            assert_eq!(document["type"], verb);
            assert!(document["error"]["hint"].is_string());
        }
    }
    for verb in ["wait", "kill", "recover", "delete"] {
        let (code, _) = sandbox.err([verb, "@1", "../x"]);
        assert_eq!(code, "invalid_job_id", "{verb}");
    }
}

#[test]
fn exit_codes_are_as_published() {
    let sandbox = sandbox();
    let plain = sandbox.work().join("plain");
    fs::write(&plain, "no program").unwrap();
    let plain = plain.to_str().unwrap();
    sandbox.ok(["run", "--name", "one", "--", "true"]);
    let rows = [
        (vec!["run", "--", "false"], 0, None),
        (vec!["wait", "one", "missing"], 1, Some("some_failed")),
        (vec!["list", "--nope"], 2, Some("invalid_argument")),
        (vec!["status", "../x"], 2, Some("invalid_job_id")),
        (
            vec!["kill", "one", "--signal", "NOPE"],
            2,
            Some("unknown_signal"),
        ),
        (vec!["schema", "nope"], 2, Some("unknown_schema")),
        (
            vec!["run", "--env", "FOSTER_NO_SUCH", "--", "true"],
            2,
            Some("bad_env"),
        ),
        (vec!["status", "missing"], 3, Some("job_not_found")),
        (vec!["run", "no-such-program"], 5, Some("command_not_found")),
        (vec!["run", plain], 5, Some("not_executable")),
        (
            vec!["run", "--cwd", "no/where", "--", "true"],
            5,
            Some("bad_cwd"),
        ),
        (
            vec!["run", "--env-file", "none", "--", "true"],
            5,
            Some("bad_env_file"),
        ),
        (vec!["--root", plain, "list"], 6, Some("root_unusable")),
        (
            vec!["run", "--containment", "group", "true"],
            7,
            Some("containment_unavailable"),
        ),
    ];
    for (args, code, error) in rows {
        let answer = sandbox.json(&args);
        assert_eq!(answer.code(), Some(code), "{args:?}: {:#}", answer.value);
        assert_eq!(answer.value["error"]["code"].as_str(), error, "{args:?}");
        assert_eq!(answer.value["ok"], error.is_none(), "{args:?}");
    }
    fs::set_permissions(sandbox.root(), Permissions::from_mode(0o777)).unwrap();
    let answer = sandbox.json(["list"]);
    fs::set_permissions(sandbox.root(), Permissions::from_mode(0o700)).unwrap();
    assert_eq!(answer.code(), Some(6));
    assert_eq!(answer.into_err().0, "root_writable_by_others");
}

#[test]
fn the_foreground_form_passes_statuses_on() {
    let sandbox = sandbox();
    let plain = sandbox.work().join("plain");
    fs::write(&plain, "no program").unwrap();
    let rows = [
        (vec!["exec", "true"], 0),
        (vec!["exec", "--", "sh", "-c", "exit 7"], 7),
        (vec!["exec", "--shell", "kill -TERM $$"], 128 + 15),
        (vec!["exec", "no-such-program"], 127),
        (vec!["exec", plain.to_str().unwrap()], 126),
        (vec!["exec", "--nope", "true"], 125),
        (vec!["exec"], 125),
        (vec!["exec", "--cwd", "no/where", "true"], 125),
    ];
    for (args, code) in rows {
        let done = call(&sandbox, &args);
        assert_eq!(
            done.status.code(),
            Some(code),
            "{args:?}: {}",
            text(&done.stderr)
        );
        assert!(done.stdout.is_empty(), "{args:?}");
        if (125..=127).contains(&code) {
            assert!(text(&done.stderr).starts_with("error: "), "{args:?}");
        }
    }
    for args in [
        ["--json", "exec", "no-such-program"],
        ["--json", "exec", "--nope"],
    ] {
        let done = call(&sandbox, args);
        assert!(done.stdout.is_empty());
        let document: Value = serde_json::from_slice(&done.stderr).unwrap();
        assert_eq!(document["type"], "exec");
        assert_eq!(document["ok"], false);
    }
    let done = call(
        &sandbox,
        ["exec", "--shell", "printf 'a\\377'; printf b >&2"],
    );
    assert_eq!((&*done.stdout, &*done.stderr), (&b"a\xff"[..], &b"b"[..]));
    assert_eq!(sandbox.job_ids(), [""; 0]);
}

#[test]
fn a_reader_that_has_gone_is_no_panic() {
    let sandbox = sandbox();
    sandbox.ok(["run", "--name", "one", "--shell", "seq 100000"]);
    let rows = [
        ("status one", 0),
        ("list", 0),
        ("ps", 0),
        ("tail one", 0),
        ("logs one", 0),
        ("logs one --output text", 0),
        ("logs one --follow", 0),
        ("logs one --follow --output yaml", 0),
        ("wait one", 0),
        ("schema", 0),
        ("doctor", 0),
        ("--help", 0),
        ("--version", 0),
        ("run true", 1),
        ("kill one", 1),
        ("status missing", 3),
        ("list --nope", 2),
    ];
    for (line, code) in rows {
        let (reader, writer) = pipe().unwrap();
        drop(reader);
        let mut command = sandbox.foster();
        command
            .args(words(line))
            .stdout(writer)
            .stderr(Stdio::piped());
        let done = command.output().unwrap();
        let stderr = text(&done.stderr);
        assert_eq!(done.status.code(), Some(code), "{line}: {stderr}");
        assert!(!stderr.contains("panicked"), "{line}: {stderr}");
        assert_eq!(stderr.is_empty(), code == 0, "{line}: {stderr}");
    }
    let mut full = sandbox.foster();
    let device = File::options().write(true).open("/dev/full").unwrap();
    let done = full
        .args(["status", "one"])
        .stdout(device)
        .output()
        .unwrap();
    assert_eq!(done.status.code(), Some(1), "a full disk is told");
}

#[test]
fn standard_output_may_be_closed_from_the_start() {
    let sandbox = sandbox();
    let shell = format!("exec {} list >&-", env!("CARGO_BIN_EXE_foster"));
    let mut command = sandbox.foster();
    // The harness's command names the program; here a shell has to close the descriptor first.
    let mut closing = std::process::Command::new("sh");
    closing.args(["-c", &shell]);
    for (name, value) in command
        .get_envs()
        .map(|(k, v)| (k.to_owned(), v.map(OsStr::to_owned)))
    {
        match value {
            Some(value) => closing.env(name, value),
            None => closing.env_remove(name),
        };
    }
    let done = finish(closing, None, DEADLINE);
    assert_eq!(done.status.code(), Some(0), "{}", text(&done.stderr));
    command.arg("list");
    assert!(finish(command, None, DEADLINE).status.success());
}

#[test]
fn standard_input_is_never_read() {
    let sandbox = sandbox();
    sandbox.ok(["run", "--name", "one", "--shell", "echo hello"]);
    let lines = [
        "run -- cat",
        "run --no-wait -- cat",
        "status one",
        "list",
        "tail one",
        "logs one --follow",
        "wait one",
        "kill one",
        "schema",
        "recover",
        "doctor",
        "run --nope",
    ];
    for line in lines {
        let (mut reader, mut writer) = pipe().unwrap();
        writer.write_all(b"not for foster").unwrap();
        drop(writer);
        let mut command = sandbox.foster();
        command.args(words(line)).stdin(reader.try_clone().unwrap());
        finish(command, None, DEADLINE);
        let mut left = String::new();
        reader.read_to_string(&mut left).unwrap();
        assert_eq!(left, "not for foster", "{line}");
    }
    let file = sandbox.work().join("given");
    fs::write(&file, "given").unwrap();
    let answer = sandbox.ok(["run", "--stdin-file", "given", "--", "cat"]);
    assert_eq!(answer["snapshot"]["stdout"]["tail"], "given");
}

#[test]
fn the_form_of_an_answer_can_be_chosen() {
    let sandbox = sandbox();
    let form = |variable: Option<&str>, args: &[&str]| {
        let mut command = sandbox.foster();
        command
            .args(args)
            .envs(variable.map(|value| ("FOSTER_OUTPUT", value)));
        let done = finish(command, None, DEADLINE);
        match done.stdout.first() {
            Some(b'{') => "json",
            Some(b's') => "yaml",
            _ => "text",
        }
    };
    assert_eq!(form(None, &["list"]), "json");
    assert_eq!(form(Some("yaml"), &["list"]), "yaml");
    assert_eq!(form(Some("text"), &["list"]), "text");
    assert_eq!(form(Some(""), &["list"]), "json");
    assert_eq!(form(Some("text"), &["list", "--json"]), "json");
    assert_eq!(form(Some("text"), &["--output", "yaml", "list"]), "yaml");
    assert_eq!(form(Some("text"), &["list", "--nope"]), "text");
    assert_eq!(form(Some("text"), &["--json", "list", "--nope"]), "json");
    assert_eq!(
        form(Some("text"), &["list", "--output=yaml", "--nope"]),
        "yaml"
    );
    assert_eq!(form(Some("xml"), &["list"]), "json");
    assert_eq!(form(Some("json"), &["--help"]), "text");
    assert_eq!(form(Some("json"), &["run", "--help"]), "text");

    let done = call(&sandbox, ["--output", "text", "status", "missing"]);
    assert!(done.stdout.is_empty());
    let mut lines = text(&done.stderr).lines();
    assert!(lines.next().is_some_and(|line| line.starts_with("error: ")));
    assert!(lines.next().is_some_and(|line| line.starts_with("hint: ")));
    let version = call(&sandbox, ["--version"]);
    assert_eq!(
        text(&version.stdout),
        format!("foster {}\n", env!("CARGO_PKG_VERSION"))
    );
}

#[test]
fn lines_keep_their_bytes_as_text() {
    let sandbox = sandbox();
    sandbox.ok(["run", "--shell", "printf 'a\\377\\033[1m\\nlast'"]);
    let done = call(&sandbox, ["--output", "text", "logs", "@1"]);
    // The last line never ended, so it has no end here either.
    assert_eq!(done.stdout, b"a\xff\x1b[1m\nlast");
    let done = call(
        &sandbox,
        ["--output", "text", "logs", "@1", "-t", "--follow"],
    );
    let lossy = String::from_utf8_lossy(&done.stdout);
    let lines: Vec<_> = lossy.lines().collect();
    assert_eq!(lines.len(), 2);
    for line in lines {
        let (time, rest) = line.split_once(' ').unwrap();
        assert!(time.len() == 24 && time.ends_with('Z'), "{line}");
        assert!(rest.starts_with("[STDOUT] "), "{line}");
    }
}

#[test]
fn nothing_that_a_terminal_acts_on_comes_out_of_a_command() {
    let sandbox = sandbox();
    sandbox.ok(["run", "--", "echo", "x\x1b[2J\u{9b}1m\ny"]);
    for verb in ["list", "status", "wait"] {
        let job = (verb != "list").then_some("@1");
        let args = ["--output", "text", verb].into_iter().chain(job);
        let done = call(
            &sandbox,
            args.chain((verb == "wait").then_some("--tail-lines=1")),
        );
        let shown = text(&done.stdout);
        let command = shown.lines().find(|line| line.contains("echo")).unwrap();
        assert!(command.contains("\\u{1b}[2J"), "{shown:?}");
        assert!(!command.contains(['\x1b', '\u{9b}']), "{shown:?}");
    }
}

#[test]
fn a_removed_directory_does_not_keep_a_job_from_being_ended() {
    let sandbox = sandbox();
    let removed = sandbox.work().join("checkout");
    fs::create_dir(&removed).unwrap();
    let mut run = sandbox.foster();
    run.args(["run", "--no-wait", "sleep", "600"])
        .current_dir(&removed);
    let job = id(&sandbox.json_of(run, None).into_ok());
    let shell = format!(
        "rmdir ../checkout && {0} kill {job} && {0} list; {0} status {job}",
        env!("CARGO_BIN_EXE_foster")
    );
    let mut command = std::process::Command::new("sh");
    command
        .args(["-c", &shell])
        .current_dir(&removed)
        .env("FOSTER_ROOT", sandbox.root());
    let done = finish(command, None, DEADLINE);
    let documents: Vec<Value> = text(&done.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(documents[0]["ok"], true, "{:#}", documents[0]);
    assert_eq!(
        documents[1]["error"]["code"], "io_error",
        "a listing needs its scope"
    );
    assert_eq!(documents[2]["state"], "killed");
    sandbox.assert_nothing_left(Duration::from_secs(10));
}
