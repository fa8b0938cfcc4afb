//! What Foster does when it is short of means, crowded, stopped, or asked twice.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "this is a test")]

use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::UnixStream;
use std::process::Command;
use std::time::{Duration, Instant};

use foster_testkit::{Sandbox, Watched, finish, kill_at_once, wait_for_pid_file};
use rustix::process::Signal;
use serde_json::Value;

const SOON: Duration = Duration::from_secs(30);
const FOSTER: &str = env!("CARGO_BIN_EXE_foster");

fn sandbox() -> Sandbox {
    Sandbox::new(FOSTER)
}

/// Starts a job and returns its id.
fn start(sandbox: &Sandbox, options: &[&str], command: &[&str]) -> String {
    let mut args = vec!["run", "--no-wait"];
    args.extend(options);
    args.push("--");
    args.extend(command);
    let answer = sandbox.ok(args);
    answer["job_id"].as_str().unwrap().to_owned()
}

fn recorded(sandbox: &Sandbox, id: &str, who: &str) -> Watched {
    let state = fs::read(sandbox.job_dir(id).join("state.json")).unwrap();
    let state: Value = serde_json::from_slice(&state).unwrap();
    Watched::from_json(&state["record"][who]).unwrap()
}

/// The same call, in a shell that first does `before`.
fn in_shell(sandbox: &Sandbox, before: &str, args: &[&str]) -> Command {
    let plain = sandbox.foster();
    let mut shell = Command::new("sh");
    shell.current_dir(sandbox.work());
    for (name, value) in plain.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell.args(["-c", &format!("{before}; exec \"$0\" \"$@\""), FOSTER]);
    shell.args(args);
    shell
}

#[test]
fn a_tree_larger_than_the_table_of_descriptors_is_ended_and_listed() {
    let sandbox = sandbox();
    let line = "for i in $(seq 80); do sleep 600 >/dev/null 2>&1 & done; exit 3";
    let args = ["run", "--wait", "--drain", "0s", "--", "sh", "-c", line];
    let answer = sandbox.json_of(in_shell(&sandbox, "ulimit -n 64", &args), None);
    let answer = answer.into_ok();
    assert_eq!(answer["exit_code"], 3, "{answer:#}");
    assert_eq!(answer["tree_empty"], true, "{answer:#}");
    let stragglers = answer["stragglers"].as_array().unwrap();
    assert_eq!(stragglers.len(), 80);
    assert!(stragglers.iter().all(|s| s["ended"] == true), "{answer:#}");
    sandbox.assert_nothing_left(SOON);
}

#[test]
fn a_crowd_of_idle_clients_keeps_nobody_from_ending_the_job() {
    let sandbox = sandbox();
    let options = ["run", "--no-wait", "--", "sleep", "600"];
    let answer = sandbox.json_of(in_shell(&sandbox, "ulimit -n 128", &options), None);
    let id = answer.into_ok()["job_id"].as_str().unwrap().to_owned();
    let socket = sandbox.job_dir(&id).join("sock");
    let crowd: Vec<_> = (0..200)
        .map(|_| UnixStream::connect(&socket).unwrap())
        .collect();
    let killed = sandbox.ok(["kill", &id]);
    assert_eq!(killed["report"]["empty"], true, "{killed:#}");
    let status = sandbox.ok(["status", &id]);
    assert_eq!(status["cause"], "stop", "{status:#}");
    drop(crowd);
}

#[test]
fn a_stronger_kill_overtakes_a_weaker_one() {
    let sandbox = sandbox();
    let line =
        "trap '' TERM; echo $$ > leader.new; mv leader.new leader.pid; while :; do sleep 600; done";
    let id = start(&sandbox, &[], &["sh", "-c", line]);
    let leader = wait_for_pid_file(&sandbox.work().join("leader.pid"), SOON);
    sandbox.ok(["kill", &id, "--no-wait", "--grace", "1h"]);
    assert!(leader.is_alive());
    let began = Instant::now();
    let killed = sandbox.ok(["kill", &id, "--grace", "0s"]);
    assert!(began.elapsed() < SOON);
    assert_eq!(killed["report"]["empty"], true, "{killed:#}");
    assert!(!leader.is_alive());
}

#[test]
fn a_supervisor_that_was_stopped_still_ends_its_job() {
    let sandbox = sandbox();
    let id = start(&sandbox, &[], &["sleep", "600"]);
    let (keeper, supervisor) = (
        recorded(&sandbox, &id, "keeper"),
        recorded(&sandbox, &id, "supervisor"),
    );
    assert!(keeper.signal(Signal::STOP) && supervisor.signal(Signal::STOP));
    let killed = sandbox.ok(["kill", &id]);
    assert_eq!(killed["report"]["empty"], true, "{killed:#}");
    assert_eq!(killed["state"], "killed", "{killed:#}");
    assert!(supervisor.wait_gone(SOON) && keeper.wait_gone(SOON));
}

#[test]
fn a_single_signal_reaches_a_job_that_nobody_looks_after() {
    let sandbox = sandbox();
    let id = start(&sandbox, &[], &["sleep", "600"]);
    let leader = recorded(&sandbox, &id, "leader");
    kill_at_once(&["keeper", "supervisor"].map(|who| recorded(&sandbox, &id, who)));
    let killed = sandbox.ok(["kill", &id, "--signal", "KILL"]);
    assert_eq!(killed["sent"]["sent"], 1, "{killed:#}");
    assert_eq!(killed["already_finished"], false, "{killed:#}");
    assert!(leader.wait_gone(SOON));
}

#[test]
fn exec_leaves_alone_what_it_was_given() {
    let sandbox = sandbox();
    let before = "sleep 600 >/dev/null 2>&1 & echo $! > other.new; mv other.new other.pid";
    let done = finish(
        in_shell(&sandbox, before, &["exec", "--", "true"]),
        None,
        SOON,
    );
    assert!(done.status.success());
    let other = wait_for_pid_file(&sandbox.work().join("other.pid"), SOON);
    assert!(other.is_alive());
    assert!(other.kill() && other.wait_gone(SOON));
}

#[test]
fn a_listing_knows_directories_whose_names_are_no_text() {
    let sandbox = sandbox();
    let directory = sandbox
        .work()
        .join(std::ffi::OsStr::from_bytes(b"d\xff\xfe x"));
    fs::create_dir(&directory).unwrap();
    let here = |args: &[&str]| {
        let mut command = sandbox.foster();
        command.current_dir(&directory).args(args);
        sandbox.json_of(command, None).into_ok()
    };
    let id = here(&["run", "--", "true"])["job_id"].clone();
    let listed = here(&["list"]);
    assert_eq!(listed["jobs"][0]["job_id"], id, "{listed:#}");
}

#[test]
fn a_folder_that_was_never_finished_is_no_job_and_can_be_swept() {
    let sandbox = sandbox();
    sandbox.ok(["run", "--", "true"]);
    let day = sandbox
        .job_dir(&sandbox.job_ids()[0])
        .parent()
        .unwrap()
        .to_owned();
    // An id of 1970: old enough to be nobody's any more.
    let draft = day.join(".new-00000000000000000000000001");
    fs::create_dir(&draft).unwrap();
    fs::write(draft.join("lock"), b"").unwrap();
    assert_eq!(sandbox.ok(["list"])["jobs"].as_array().unwrap().len(), 1);
    sandbox.ok(["recover"]);
    assert!(!draft.exists());
}
