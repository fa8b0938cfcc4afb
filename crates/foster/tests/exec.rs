//! The foreground form: streams pass through untouched, signals are forwarded, the exit status is
//! the command's, and its whole tree ends with it.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "this is a test")]

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use foster_testkit::{
    Finished, Sandbox, Started, Stream, Watched, finish, flood, habit, read_pid_file, require,
    wait_for_pid_file,
};
use rustix::process::Signal;
use serde_json::Value;

const SOON: Duration = Duration::from_secs(30);

fn sandbox() -> Sandbox {
    Sandbox::new(env!("CARGO_BIN_EXE_foster"))
}

fn program(name: &str) -> String {
    habit(name).to_str().unwrap().to_owned()
}

fn exec(sandbox: &Sandbox, options: &[&str], command: &[&str]) -> Command {
    let plain = sandbox.foster();
    // `exec` leaves ignored what its caller ignores, as it should, and whoever runs these tests may
    // ignore a hang-up.
    let mut foster = Command::new("env");
    foster.arg("--default-signal=HUP,INT,QUIT,TERM,USR1,USR2");
    foster.arg(plain.get_program()).arg("exec");
    foster.args(options).arg("--").args(command);
    foster
        .current_dir(sandbox.work())
        .stdin(std::process::Stdio::null());
    for (name, value) in plain.get_envs() {
        match value {
            Some(value) => foster.env(name, value),
            None => foster.env_remove(name),
        };
    }
    foster
}

/// Runs it to its end; a process that keeps its output would make the deadline pass.
fn run(sandbox: &Sandbox, options: &[&str], command: &[&str]) -> Finished {
    finish(exec(sandbox, options, command), None, SOON)
}

#[test]
fn streams_pass_through_untouched() {
    let sandbox = sandbox();
    let bytes = flood(Stream::Stdout, 1 << 20);
    let done = finish(exec(&sandbox, &[], &["cat"]), Some(&bytes), SOON);
    assert_eq!(done.status.code(), Some(0));
    assert!(done.stdout == bytes, "{} bytes", done.stdout.len());
    assert_eq!(done.stderr, b"");

    let all: Vec<u8> = (0..=255).collect();
    let line = "cat; printf '\\377\\000\\n' >&2; exit 9";
    let done = finish(exec(&sandbox, &[], &["sh", "-c", line]), Some(&all), SOON);
    assert_eq!(done.status.code(), Some(9));
    assert_eq!(done.stdout, all);
    assert_eq!(done.stderr, b"\xff\0\n");

    // Not even a closed stream is looked at.
    let done = run(&sandbox, &[], &["sh", "-c", "read x; echo \"$?\""]);
    assert_eq!(done.stdout, b"1\n");
    assert_eq!(sandbox.job_ids(), Vec::<String>::new());
}

#[test]
fn what_the_command_does_not_read_is_left_for_the_next() {
    let sandbox = sandbox();
    let mut shell = Command::new("sh");
    shell.args(["-c", "\"$0\" exec -- true; cat"]);
    shell.arg(env!("CARGO_BIN_EXE_foster"));
    shell.env("FOSTER_ROOT", sandbox.root());
    let done = finish(shell, Some(b"for the next"), SOON);
    assert_eq!(done.stdout, b"for the next");
}

#[test]
fn the_exit_status_is_the_commands() {
    let sandbox = sandbox();
    let habit = program("exit");
    for code in 0..=255 {
        let done = run(&sandbox, &[], &[&habit, &code.to_string()]);
        assert_eq!(done.status.code(), Some(code));
        assert!(done.stdout.is_empty() && done.stderr.is_empty());
    }
}

#[test]
fn a_signal_that_ends_the_command_is_128_and_its_number() {
    let sandbox = sandbox();
    let habit = program("die");
    for signal in [1, 2, 3, 6, 9, 10, 11, 12, 13, 14, 15, 31] {
        let done = run(&sandbox, &[], &[&habit, "--signal", &signal.to_string()]);
        assert_eq!(done.status.code(), Some(128 + signal));
    }
}

#[test]
fn signals_are_forwarded_once() {
    let sandbox = sandbox();
    let names = ["TERM", "INT", "HUP", "QUIT", "USR1", "USR2"];
    // It tells of each signal that it gets, and ends when it is told to.
    let traps = names.map(|name| format!("trap 'echo {name}' {name}; "));
    let traps = traps.concat();
    // If one never comes, it ends all the same.
    let limit = "(sleep 60; kill -KILL $$) >/dev/null &";
    let wait = "cat <&3 >/dev/null & until wait $!; do :; done";
    let line = format!("{traps} {limit} exec 3<&0; echo ready; {wait}; echo over; exit 6");
    let mut foster = exec(&sandbox, &[], &["sh", "-c", &line])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let stdin = foster.stdin.take().unwrap();
    let mut stdout = BufReader::new(foster.stdout.take().unwrap()).lines();
    let mut hear = || stdout.next().unwrap().unwrap();
    assert_eq!(hear(), "ready");
    let process = Watched::from_pid(foster.id() as i32).unwrap();
    for (name, signal) in names.into_iter().zip([
        Signal::TERM,
        Signal::INT,
        Signal::HUP,
        Signal::QUIT,
        Signal::USR1,
        Signal::USR2,
    ]) {
        assert!(process.signal(signal));
        assert_eq!(hear(), name);
    }
    drop(stdin);
    assert_eq!(hear(), "over");
    assert_eq!(foster.wait().unwrap().code(), Some(6));
    assert!(stdout.next().is_none());
}

#[test]
fn a_forwarded_signal_that_ends_the_command_ends_foster() {
    let sandbox = sandbox();
    for (signal, code) in [(Signal::TERM, 143), (Signal::INT, 130), (Signal::HUP, 129)] {
        let line = "echo ready; exec sleep 100";
        let mut foster = Started::ready(exec(&sandbox, &[], &["sh", "-c", line]));
        assert!(foster.watched().signal(signal));
        assert_eq!(foster.wait(SOON).code(), Some(code));
    }
}

#[test]
fn the_tree_is_empty_afterwards() {
    let sandbox = sandbox();
    let rows: [(&str, &[&str]); 5] = [
        ("double-fork", &[]),
        ("double-fork", &["--clear-env"]),
        ("double-fork", &["--keep-output", "--ignore-term"]),
        ("new-session", &["--ignore-term"]),
        ("hold-pipe", &["--exit-code", "5"]),
    ];
    for (habit, options) in rows {
        let file = sandbox.work().join("left.pid");
        let habit = program(habit);
        let mut command = vec![habit.as_str(), "--pid-file", "left.pid"];
        command.extend(options);
        let done = run(&sandbox, &["--kill-after", "300ms"], &command);
        let expected = if options.contains(&"5") { 5 } else { 0 };
        assert_eq!(done.status.code(), Some(expected), "{command:?}");
        assert_eq!(done.stderr, b"", "{command:?}");
        let pid = read_pid_file(&file);
        assert!(
            Watched::from_pid(pid).is_none_or(|left| !left.is_alive()),
            "{command:?}: {pid} lives on"
        );
        fs::remove_file(file).unwrap();
    }
}

#[test]
fn six_roles_end_with_a_forwarded_signal() {
    for containment in ["subreaper", "cgroup"] {
        let sandbox = sandbox();
        if containment == "cgroup" && !require("a control group to write", has_cgroup(&sandbox)) {
            continue;
        }
        let dir = sandbox.work().to_str().unwrap();
        let options = ["--kill-after", "300ms", "--containment", containment];
        let command = [&program("six-roles"), "--dir", dir];
        let mut foster = Started::ready(exec(&sandbox, &options, &command));
        let roles = ["main", "plain", "stubborn", "setsid", "daemon", "envi"];
        let all = roles.map(|role| {
            let file = sandbox.work().join(role).with_extension("pid");
            wait_for_pid_file(&file, SOON)
        });
        assert!(foster.watched().signal(Signal::TERM));
        assert_eq!(foster.wait(SOON).code(), Some(143));
        let alive: Vec<_> = all.iter().filter(|process| process.is_alive()).collect();
        assert!(alive.is_empty(), "{containment}: {alive:?}");
    }
}

fn has_cgroup(sandbox: &Sandbox) -> bool {
    let doctor = sandbox.ok(["doctor"]);
    let levels = doctor["levels"].as_array().unwrap();
    levels
        .iter()
        .any(|level| level["name"] == "cgroup" && level["available"] == true)
}

#[test]
fn a_command_that_can_not_be_started() {
    let sandbox = sandbox();
    let plain = sandbox.work().join("plain");
    fs::write(&plain, "no program").unwrap();
    fs::set_permissions(&plain, fs::Permissions::from_mode(0o644)).unwrap();
    let plain = plain.to_str().unwrap();
    let rows: [(&[&str], &str, i32); 5] = [
        (&[], "no-such-program-anywhere", 127),
        (&[], "/no/such/program", 127),
        (&[], plain, 126),
        (&[], "/", 126),
        (&["--cwd", "/no/such/dir"], "true", 125),
    ];
    for (options, command, code) in rows {
        let done = run(&sandbox, options, &[command]);
        assert_eq!(done.status.code(), Some(code), "{command}");
        assert_eq!(done.stdout, b"", "{command}");
        let said = String::from_utf8(done.stderr).unwrap();
        let named = if options.is_empty() {
            command
        } else {
            options[1]
        };
        assert!(said.contains(named), "{command}: {said}");
    }
    // The same for programs to read.
    let options = ["--json"];
    let done = run(&sandbox, &options, &["no-such-program-anywhere"]);
    assert_eq!(done.status.code(), Some(127));
    assert_eq!(done.stdout, b"");
    let error: Value = serde_json::from_slice(&done.stderr).unwrap();
    assert_eq!(error["error"]["code"], "command_not_found", "{error:#}");
    assert_eq!(error["type"], "exec", "{error:#}");
}

#[test]
fn killed_foster_takes_the_command_with_it() {
    let sandbox = sandbox();
    let habit = program("ignore-term");
    let command = [habit.as_str(), "--pid-file", "leader.pid"];
    let mut foster = Started::ready(exec(&sandbox, &["--containment", "subreaper"], &command));
    let leader = wait_for_pid_file(&sandbox.work().join("leader.pid"), SOON);
    assert!(foster.watched().kill());
    assert_eq!(foster.wait(SOON).signal(), Some(9));
    assert!(leader.wait_gone(SOON));
}

#[test]
fn the_command_gets_what_foster_was_given() {
    let sandbox = sandbox();
    let habit = program("print-args");
    let print = |line: &str| -> Value {
        let mut shell = Command::new("sh");
        shell.current_dir(sandbox.work());
        shell.env("FOSTER_ROOT", sandbox.root());
        shell.env_remove("FOSTER_JOB");
        shell.args(["-c", line, env!("CARGO_BIN_EXE_foster"), &habit]);
        shell.args(["", "two words", "--env", "FOSTER_JOB"]);
        let done = finish(shell, None, SOON);
        serde_json::from_slice(&done.stdout).unwrap()
    };
    let numbers = |shown: &Value| -> Vec<i64> {
        let fds = shown["fds"].as_array().unwrap().iter();
        fds.map(|fd| fd["fd"].as_i64().unwrap()).collect()
    };
    let shown = print("umask 027; exec 9</dev/null \"$0\" exec -- \"$@\"");
    assert_eq!(
        shown["args"],
        serde_json::json!(["", "two words", "--env", "FOSTER_JOB"])
    );
    assert_eq!(shown["cwd"], sandbox.work().to_str().unwrap());
    assert_eq!(shown["umask"], "0027");
    assert_eq!(shown["signals_blocked"], "0000000000000000");
    // Descriptors that the caller passes on arrive, and none of Foster's own beside them.
    let plain = print("exec 9</dev/null \"$@\"");
    assert!(numbers(&shown).contains(&9), "{shown:#}");
    assert_eq!(numbers(&shown), numbers(&plain), "{shown:#}");
    assert!(
        shown["env"]["FOSTER_JOB"]
            .as_str()
            .unwrap()
            .starts_with("exec/"),
        "{shown:#}"
    );
}

#[test]
fn inside_a_job_it_stays_part_of_the_job() {
    let sandbox = sandbox();
    let line = "exec \"$0\" exec -- \"$1\" --env FOSTER_JOB";
    let habit = program("print-args");
    let foster = env!("CARGO_BIN_EXE_foster");
    let answer = sandbox.ok(["run", "--wait", "--", "sh", "-c", line, foster, &habit]);
    let shown = answer["snapshot"]["stdout"]["tail"].as_str().unwrap();
    let shown: Value = serde_json::from_str(shown).unwrap();
    let mark = shown["env"]["FOSTER_JOB"].as_str().unwrap();
    assert!(
        mark.starts_with(&format!("{}/", answer["job_id"].as_str().unwrap())),
        "{mark}"
    );
}

#[test]
fn no_control_group_is_left() {
    let sandbox = sandbox();
    if !require("a control group to write", has_cgroup(&sandbox)) {
        return;
    }
    let line = "grep ^0:: /proc/self/cgroup";
    let done = run(&sandbox, &["--containment", "cgroup"], &["sh", "-c", line]);
    let group = String::from_utf8(done.stdout).unwrap();
    let name = group.trim().rsplit('/').next().unwrap();
    assert!(name.starts_with("foster-exec-"), "{group}");
    for mount in ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"] {
        let path = format!("{mount}{}", group.trim().trim_start_matches("0::"));
        assert!(!std::path::Path::new(&path).exists(), "{path} is left");
    }
}
