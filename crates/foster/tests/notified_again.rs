//! Whoever could not be told is told again where that may help, and nobody waits for it.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at what it did not expect"
)]

use std::fs::{self, File, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use foster_testkit::{Sandbox, Watched, wait_for_file, wait_for_pid_file, wait_on_dir};
use rustix::process::Signal;
use serde_json::{Value, json};

const SOON: Duration = Duration::from_secs(30);

fn sandbox() -> Sandbox {
    Sandbox::new(env!("CARGO_BIN_EXE_foster"))
}

/// Runs a job to its end, and returns its id and the folder of its run.
fn run(sandbox: &Sandbox, options: &[&str], line: &str) -> (String, PathBuf) {
    let args = [&["run", "--wait"], options, &["--", "sh", "-c", line]].concat();
    let id = sandbox.ok(args)["job_id"].as_str().unwrap().to_owned();
    let dir = sandbox.job_dir(&id).join("runs/1");
    (id, dir)
}

/// Waits until all were told of the end, and returns how that went.
fn told(run: &Path) -> Vec<Value> {
    let read = || -> Option<Value> {
        serde_json::from_slice(&fs::read(run.join("completion_event.json")).ok()?).ok()
    };
    let told = wait_on_dir(run, SOON, || read().filter(|end| end["delivered"] == true));
    let mut told = told.unwrap_or_else(|| panic!("not told: {:#?}", read()));
    serde_json::from_value(told["delivery_results"].take()).unwrap()
}

/// How telling went: whether it did, after how many attempts, and what went wrong.
fn outcome(result: &Value) -> (bool, u64, &str) {
    (
        result["success"].as_bool().unwrap(),
        result["attempts"].as_u64().unwrap(),
        result["error"].as_str().unwrap_or_default(),
    )
}

fn notifier_of(process: &Watched) -> Watched {
    Watched::from_pid(process.parent().unwrap()).unwrap()
}

fn program(sandbox: &Sandbox, name: &str, mode: u32) -> String {
    let path = sandbox.work().join(name);
    fs::write(&path, "#!/bin/sh\ncat > \"$0.json\"\n").unwrap();
    fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
    json!([path]).to_string()
}

#[test]
fn a_command_is_run_again_where_that_may_help() {
    let sandbox = sandbox();
    let work = sandbox.work();
    let again =
        "echo $FOSTER_NOTIFY_ATTEMPT >> tries; [ $FOSTER_NOTIFY_ATTEMPT = 3 ] && cat > told.json";
    let never = "echo $FOSTER_NOTIFY_ATTEMPT >> never; kill -KILL $$";
    // A program that is being written can't be executed yet.
    let written = program(&sandbox, "written", 0o755);
    let writer = File::options().append(true).open(work.join("written"));
    let second = "[ $FOSTER_NOTIFY_ATTEMPT = 2 ] && echo > second";
    let forbidden = program(&sandbox, "forbidden", 0o644);
    let sinks = [
        ["--notify-command", &written],
        ["--notify-command", &forbidden],
        ["--notify-command", r#"["/no/such/program"]"#],
        ["--notify-shell", again],
        ["--notify-shell", never],
        ["--notify-shell", second],
    ];
    let (id, dir) = run(&sandbox, &sinks.concat(), "exit 3");
    assert!(wait_for_file(&work.join("second"), SOON));
    drop(writer.unwrap());
    let results = told(&dir);
    let outcomes: Vec<_> = results.iter().map(outcome).collect();
    assert!(outcomes[0].0 && outcomes[0].1 > 1, "{:?}", outcomes[0]);
    assert!(work.join("written.json").exists());
    for lasting in &outcomes[1..3] {
        assert_eq!((lasting.0, lasting.1), (false, 1), "{lasting:?}");
    }
    let expected = [(true, 3, ""), (false, 3, "it died of KILL"), (true, 2, "")];
    assert_eq!(outcomes[3..], expected);
    for tries in ["tries", "never"] {
        assert_eq!(fs::read_to_string(work.join(tries)).unwrap(), "1\n2\n3\n");
    }
    let event: Value = serde_json::from_slice(&fs::read(work.join("told.json")).unwrap()).unwrap();
    assert_eq!(event["exit_code"], 3);
    let shown = sandbox.ok(["notify", "show", &id])["notifications"]["delivery_results"].take();
    assert_eq!(shown, Value::from(results));
}

#[test]
fn a_file_is_written_when_its_directory_has_come_and_nobody_waits_for_that() {
    let sandbox = sandbox();
    let work = sandbox.work();
    symlink("later", work.join("link")).unwrap();
    let go = work.join("go");
    let made = Command::new("mkfifo").arg(&go).status().unwrap();
    assert!(made.success());
    let line =
        "[ $FOSTER_NOTIFY_ATTEMPT = 2 ] || exit 1; echo $$ > again.pid; read x < go; mkdir later";
    let sinks = [
        ["--notify-file", "link/ends.ndjson"],
        ["--notify-file", "quick.ndjson"],
        ["--notify-shell", line],
    ];
    let (id, dir) = run(&sandbox, &sinks.concat(), "true");
    let again = wait_for_pid_file(&work.join("again.pid"), SOON);
    // The job is over, its supervisor gone and the quick sink told while another is told again.
    let state: Value =
        serde_json::from_slice(&fs::read(sandbox.job_dir(&id).join("state.json")).unwrap())
            .unwrap();
    for who in ["keeper", "supervisor"] {
        let guardian = Watched::from_json(&state["record"][who]);
        assert!(guardian.is_none_or(|guardian| guardian.wait_gone(SOON)));
    }
    let notifications = sandbox.ok(["notify", "show", &id])["notifications"].take();
    assert_eq!(notifications["delivered"], false);
    assert!(work.join("quick.ndjson").exists());
    assert!(again.is_alive());
    fs::write(&go, "go\n").unwrap();
    let results = told(&dir);
    let by_kind = |kind: &str| {
        let of_kind = results.iter().filter(|result| result["sink"] == kind);
        of_kind.map(outcome).collect::<Vec<_>>()
    };
    let files = by_kind("file");
    assert!(files[0].0 && files[0].1 > 1, "{files:?}");
    assert_eq!(
        (files[1], by_kind("shell")[0]),
        ((true, 1, ""), (true, 2, ""))
    );
    assert!(work.join("later/ends.ndjson").exists());
}

#[test]
fn lines_of_output_are_told_again_in_their_order() {
    let sandbox = sandbox();
    // The end is told beside them, and would be written between them.
    let line = "[ -n \"$FOSTER_EVENT_OFFSET\" ] || exit 0; \
                [ $FOSTER_NOTIFY_ATTEMPT = 2 ] && { cat; echo; } >> seen";
    let options = [
        ["--on-output", "M"],
        ["--on-output-interval", "0s"],
        ["--notify-shell", line],
    ];
    let (_, dir) = run(&sandbox, &options.concat(), "echo M1; echo M2");
    let seen = || -> Option<Vec<Value>> {
        let text = fs::read_to_string(sandbox.work().join("seen")).ok()?;
        // What is half written is none yet.
        let lines = text.lines().map(|line| serde_json::from_str(line).ok());
        let events = lines.collect::<Option<Vec<Value>>>()?;
        Some(events.iter().map(|event| event["line"].clone()).collect())
    };
    let all = || seen().filter(|seen| seen.len() == 2);
    let seen = wait_on_dir(sandbox.work(), SOON, all).unwrap();
    assert_eq!(seen, ["M1", "M2"]);
    let path = dir.join("output_deliveries.ndjson");
    let deliveries = || -> Option<Vec<Value>> {
        let text = fs::read_to_string(&path).ok()?;
        let lines = text.lines().map(|line| serde_json::from_str(line).ok());
        lines
            .collect::<Option<Vec<_>>>()
            .filter(|lines| lines.len() == 2)
    };
    for delivery in wait_on_dir(&dir, SOON, deliveries).unwrap() {
        assert_eq!(outcome(&delivery), (true, 2, ""));
    }
}

#[test]
fn a_notifier_that_is_ended_tries_nothing_again_and_leaves_the_rest_to_recover() {
    let sandbox = sandbox();
    let work = sandbox.work();
    let line = "echo >> tried; [ -e hangs.pid ] && exec cat > told.json; echo $$ > hangs.pid; exec sleep 1000";
    let (id, dir) = run(&sandbox, &["--notify-shell", line], "exit 7");
    let hangs = wait_for_pid_file(&work.join("hangs.pid"), SOON);
    let notifier = notifier_of(&hangs);
    assert!(notifier.signal(Signal::TERM));
    assert!(notifier.wait_gone(SOON) && hangs.wait_gone(SOON));
    assert_eq!(fs::read_to_string(work.join("tried")).unwrap(), "\n");
    let notifications = sandbox.ok(["status", &id])["notifications"].take();
    assert_eq!(notifications["delivered"], false);
    sandbox.ok(["recover", &id]);
    assert_eq!(outcome(&told(&dir)[0]), (true, 1, ""));
    let event: Value = serde_json::from_slice(&fs::read(work.join("told.json")).unwrap()).unwrap();
    assert_eq!(event["exit_code"], 7);
}
