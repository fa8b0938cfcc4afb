//! Descriptors, processes and memory that run out, in the launcher and in the supervisor: refused
//! clearly and nothing half made, or done all the same.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "this is a test")]

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Duration;

use foster_testkit::{
    Answer, Gate, ORDINARY_USER, Sandbox, Tally, Watched, finish, is_root, require,
};
use rustix::process::{Pid, Resource, Rlimit, prlimit};
use serde_json::Value;

const SOON: Duration = Duration::from_secs(30);

fn sandbox() -> Sandbox {
    Sandbox::new(env!("CARGO_BIN_EXE_foster"))
}

/// `command`, by a shell that first does `before`.
fn after(before: &str, command: &Command) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("{before}; exec \"$0\" \"$@\"")]);
    shell.arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell.current_dir(command.get_current_dir().unwrap());
    shell
}

/// What `foster` answers within a limit that a shell sets first; `None` if that is so low that nothing
/// can even be executed.
fn within(sandbox: &Sandbox, limit: &str, args: &[&str]) -> Option<Answer> {
    let mut command = sandbox.foster();
    command.args(args);
    let done = finish(after(&format!("ulimit {limit}"), &command), None, SOON);
    let Ok(value) = serde_json::from_slice(&done.stdout) else {
        let told = String::from_utf8_lossy(&done.stderr).into_owned();
        let reasons = ["shared librar", "Cannot fork", "temporarily unavailable"];
        let unborn = reasons.iter().any(|reason| told.contains(reason));
        assert!(unborn, "{limit}: no answer: {}, {told}", done.status);
        return None;
    };
    Some(Answer {
        status: done.status,
        value,
        stdout: done.stdout,
        stderr: done.stderr,
        elapsed: done.elapsed,
    })
}

fn record(sandbox: &Sandbox, id: &str) -> Value {
    let state = fs::read(sandbox.job_dir(id).join("state.json")).unwrap();
    let mut state: Value = serde_json::from_slice(&state).unwrap();
    state["record"].take()
}

fn recorded(sandbox: &Sandbox, id: &str, who: &str) -> Watched {
    Watched::from_json(&record(sandbox, id)[who]).unwrap()
}

/// All that a job may be asked for, so that it needs as many descriptors as it can.
fn everything(work: &Path) -> Vec<String> {
    let log = work.join("x.log").to_str().unwrap().to_owned();
    let told = work.join("told").to_str().unwrap().to_owned();
    let options = [
        "run",
        "--no-wait",
        "--stdin",
        "open",
        "--redact",
        "PATH",
        "--idle-timeout",
        "1h",
        "--progress-every",
        "1h",
        "--on-output",
        "never",
        "--log",
        &log,
        "--notify-file",
        &told,
    ];
    options.map(str::to_owned).to_vec()
}

/// Judges a launch that was tried with too little: it runs and can be ended, or the answer says why
/// not, and nothing runs that nobody looks after.
fn judge(sandbox: &Sandbox, tally: &mut Tally, limit: &str, answer: &Answer) -> bool {
    tally.run();
    if answer.value["ok"] == true {
        let id = answer.value["job_id"].as_str().unwrap();
        let killed = sandbox.ok(["kill", id, "--grace", "0s"]);
        let ended = killed["report"]["empty"] == true;
        tally.escaped_unless(ended, || format!("{limit}: {killed:#}"));
        let told = sandbox.ok(["status", id])["cause"] == "stop";
        tally.lost_unless(told, || format!("{limit}: the end of {id}"));
        return true;
    }
    let error = &answer.value["error"];
    let clear = error["code"] == "resources_exhausted"
        && error["hint"].is_string()
        && error["retryable"] == true;
    tally.lost_unless(clear, || format!("{limit}: unclear: {error:#}"));
    let left = sandbox.left_over();
    let left = left.iter().filter(|process| !process.wait_gone(SOON));
    tally.escaped_unless(left.count() == 0, || format!("{limit}: processes are left"));
    // A job that was made says that it failed; one that is not named was not made.
    let named = error["job_id"].as_str();
    for id in sandbox.job_ids() {
        let state = sandbox.ok(["status", &id]);
        let over = state["state"] == "failed" || state["cause"] == "stop";
        tally.lost_unless(over, || format!("{limit}: {id} is half made: {state:#}"));
    }
    let made = named.is_none_or(|named| sandbox.job_ids().iter().any(|id| id == named));
    tally.lost_unless(made, || {
        format!("{limit}: {named:?} was named and is not there")
    });
    false
}

/// Tries with every limit from `from` on, until it has worked three times; returns the first that did.
fn walk(
    sandbox: &Sandbox,
    tally: &mut Tally,
    limits: impl Iterator<Item = String>,
    args: &[&str],
) -> Option<String> {
    let mut worked = Vec::new();
    for limit in limits {
        let Some(answer) = within(sandbox, &limit, args) else {
            continue;
        };
        if judge(sandbox, tally, &limit, &answer) {
            worked.push(limit);
        } else {
            tally.lost_unless(worked.is_empty(), || format!("{limit}: less was enough"));
        }
        if worked.len() == 3 {
            break;
        }
    }
    worked.into_iter().next()
}

#[test]
fn a_launch_with_too_few_descriptors_is_refused_before_anything_is_made() {
    let sandbox = sandbox();
    let mut tally = Tally::new("launcher with too few descriptors: every limit from 3 on");
    let mut args = everything(sandbox.work());
    args.extend(["--", "sleep", "600"].map(str::to_owned));
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let limits = (3..100).map(|limit| format!("-n {limit}"));
    let first = walk(&sandbox, &mut tally, limits, &args);
    assert!(first.is_some(), "no limit was enough");
    // Those three alone that worked.
    assert_eq!(
        sandbox.job_ids().len(),
        3,
        "something was made of a refused job"
    );
    sandbox.assert_nothing_left(SOON);
}

#[test]
fn a_restart_with_too_few_descriptors_leaves_the_job_as_it_is() {
    let sandbox = sandbox();
    let id = sandbox.ok(["run", "--no-wait", "--", "sleep", "600"])["job_id"].clone();
    let id = id.as_str().unwrap();
    let leader = recorded(&sandbox, id, "leader");
    let refused = within(&sandbox, "-n 30", &["restart", id]).unwrap();
    assert_eq!(refused.into_err().0, "resources_exhausted");
    assert!(leader.is_alive(), "it was ended, and not begun anew");
    assert_eq!(sandbox.ok(["status", id])["run"], 1);
}

/// How many processes the ordinary user has, zombies too: they count, and whoever should reap them may
/// be slow.
fn processes_of_the_ordinary_user() -> usize {
    let entries = fs::read_dir("/proc").unwrap().flatten();
    let theirs = entries.filter(|entry| {
        let name = entry.file_name();
        let number = name
            .to_str()
            .is_some_and(|name| name.parse::<i32>().is_ok());
        number
            && entry
                .metadata()
                .is_ok_and(|meta| meta.uid() == ORDINARY_USER)
    });
    theirs.count()
}

#[test]
fn a_user_without_processes_left_is_told_so_and_nothing_is_left() {
    if !require("root, to become an ordinary user", is_root()) {
        return;
    }
    let sandbox = Sandbox::for_ordinary_user(env!("CARGO_BIN_EXE_foster"));
    let mut tally = Tally::new("launcher without processes left: RLIMIT_NPROC, one more each time");
    let args = ["run", "--no-wait", "--", "sleep", "600"];
    let mut worked = false;
    for more in 0..12 {
        let limit = format!("-u {}", processes_of_the_ordinary_user() + more);
        if let Some(answer) = within(&sandbox, &limit, &args) {
            worked |= judge(&sandbox, &mut tally, &limit, &answer);
        }
    }
    assert!(worked, "no limit was enough");
    sandbox.assert_nothing_left(SOON);
}

/// The limits of open files that a supervisor gets once its job runs: from none left at all to enough.
fn poor() -> std::ops::Range<u64> {
    3..28
}

/// Starts a job, and then limits its supervisor.
fn start_poor(sandbox: &Sandbox, limit: u64, line: &str) -> (String, Watched) {
    let answer = sandbox.ok(["run", "--no-wait", "--", "sh", "-c", line]);
    let id = answer["job_id"].as_str().unwrap().to_owned();
    let supervisor = recorded(sandbox, &id, "supervisor");
    // Who answers has had its first look at the tree. One that is kept from that gives way to its keeper, and
    // then there would be nobody here to kill.
    sandbox.ok(["deadline", &id, "none"]);
    let both = Rlimit {
        current: Some(limit),
        maximum: Some(limit),
    };
    prlimit(Pid::from_raw(supervisor.pid), Resource::Nofile, both).unwrap();
    assert!(supervisor.is_alive());
    (id, supervisor)
}

#[test]
fn the_job_of_a_supervisor_without_descriptors_is_ended_all_the_same() {
    let sandbox = sandbox();
    let mut tally = Tally::new("supervisor without descriptors: kill, every limit from 3 on");
    let line = "trap '' TERM; sleep 600 & echo printed; wait; wait";
    let jobs: Vec<_> = poor()
        .map(|limit| (limit, start_poor(&sandbox, limit, line).0))
        .collect();
    // All at once: a supervisor that can't let anybody in is given some seconds.
    let answers: Vec<_> = thread::scope(|scope| {
        let kill = |id: &str| sandbox.json(["kill", id, "--grace", "0s"]);
        let asked: Vec<_> = jobs
            .iter()
            .map(|(_, id)| scope.spawn(move || kill(id)))
            .collect();
        let asked = asked.into_iter();
        asked.map(|answer| answer.join().unwrap()).collect()
    });
    for ((limit, id), answer) in jobs.iter().zip(answers) {
        tally.run();
        let ended = answer.value["report"]["empty"] == true;
        tally.escaped_unless(ended, || format!("{limit}: {:#}", answer.value));
        let status = sandbox.ok(["status", id]);
        let told = status["state"] == "killed" && status["cause"] == "stop";
        tally.lost_unless(told, || format!("{limit}: its end: {status:#}"));
        tally.lost_unless(printed(&sandbox, id, "printed\n"), || {
            format!("{limit}: its output")
        });
    }
    drop(tally);
    sandbox.assert_nothing_left(SOON);
}

fn printed(sandbox: &Sandbox, id: &str, expected: &str) -> bool {
    let log = sandbox.job_dir(id).join("runs/1/stdout.log");
    fs::read_to_string(log).unwrap() == expected
}

#[test]
fn a_supervisor_without_descriptors_records_the_end_and_can_be_succeeded() {
    let sandbox = sandbox();
    let gate = Gate::new(&sandbox, "gate");
    let line = "read x < gate; echo printed; exit 7";
    for killed in [false, true] {
        let how = if killed {
            "SIGKILL to it"
        } else {
            "its job exits"
        };
        let mut tally = Tally::new(format!(
            "supervisor without descriptors: {how}, every limit from 3 on"
        ));
        for limit in poor() {
            tally.run();
            let (id, supervisor) = start_poor(&sandbox, limit, line);
            if killed {
                assert!(supervisor.kill());
            }
            gate.open();
            let told = sandbox.ok(["wait", &id]);
            tally.lost_unless(told["exit_code"] == 7, || format!("{limit}: {told:#}"));
            tally.lost_unless(printed(&sandbox, &id, "printed\n"), || {
                format!("{limit}: output")
            });
        }
    }
    sandbox.assert_nothing_left(SOON);
}
