//! Each habit does what it says.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests stop where the unexpected is met"
)]

use std::fs;
use std::io::Read as _;
use std::os::unix::process::ExitStatusExt as _;
use std::process::Command;
use std::time::{Duration, Instant};

use foster_testkit::{
    Finished, Started, Stream, Watched, finish, flood, flood_line, habit, read_pid_file,
    wait_for_pid_file,
};
use rustix::process::{Pid, Signal, WaitOptions, waitpid};
use serde_json::{Value, json};
use tempfile::TempDir;

const SOON: Duration = Duration::from_secs(20);

fn command(name: &str, args: &[&str]) -> Command {
    let mut command = Command::new(habit(name));
    command.args(args);
    command
}

fn run(name: &str, args: &[&str]) -> Finished {
    finish(command(name, args), None, SOON)
}

fn pid_file(dir: &TempDir) -> String {
    dir.path().join("pid").to_str().unwrap().to_owned()
}

fn session(process: Watched) -> i32 {
    process.session().unwrap()
}

fn group(process: Watched) -> i32 {
    process.group().unwrap()
}

fn parent(process: Watched) -> i32 {
    process.parent().unwrap()
}

fn environment(process: Watched) -> Vec<u8> {
    fs::read(format!("/proc/{}/environ", process.pid)).unwrap()
}

fn output_of(process: Watched) -> String {
    fs::read_link(format!("/proc/{}/fd/1", process.pid))
        .unwrap()
        .to_str()
        .unwrap()
        .to_owned()
}

/// Kills it, and is content only when it is gone.
fn end(process: Watched) {
    assert!(process.kill());
    assert!(process.wait_gone(SOON));
    assert!(!process.is_alive());
}

#[test]
fn ignore_term_is_ended_by_kill_alone() {
    let dir = TempDir::new().unwrap();
    let file = pid_file(&dir);
    let mut started = Started::ready(command("ignore-term", &["--pid-file", &file]));
    let process = started.watched();
    assert_eq!(read_pid_file(file.as_ref()), process.pid);
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        assert!(process.signal(signal));
    }
    assert!(!process.wait_gone(Duration::from_millis(100)));
    assert!(process.kill());
    assert_eq!(started.wait(SOON).signal(), Some(9));
}

#[test]
fn ignore_term_exits_with_its_code_after_lingering() {
    let args = ["--exit-code", "7", "--linger", "150"];
    let mut started = Started::ready(command("ignore-term", &args));
    assert!(started.watched().signal(Signal::INT));
    let told = Instant::now();
    assert!(started.watched().signal(Signal::TERM));
    assert_eq!(started.wait(SOON).code(), Some(7));
    assert!(told.elapsed() >= Duration::from_millis(150));
}

#[test]
fn stop_self_stops_and_can_be_continued() {
    let mut started = Started::ready(command("stop-self", &[]));
    let process = started.watched();
    let (_, status) = waitpid(Pid::from_raw(process.pid), WaitOptions::UNTRACED)
        .unwrap()
        .unwrap();
    assert_eq!(status.stopping_signal(), Some(Signal::STOP.as_raw()));
    assert_eq!(process.state(), Some('T'));
    assert!(process.is_alive());
    assert!(process.signal(Signal::CONT));
    let mut line = [0; 10];
    started.stdout.read_exact(&mut line).unwrap();
    assert_eq!(&line, b"continued\n");
}

#[test]
fn double_fork_leaves_a_daemon() {
    let dir = TempDir::new().unwrap();
    let file = pid_file(&dir);
    let done = run("double-fork", &["--pid-file", &file]);
    assert_eq!(
        (done.status.code(), &*done.stdout),
        (Some(0), &b"ready\n"[..])
    );
    let daemon = Watched::from_pid(read_pid_file(file.as_ref())).unwrap();
    let own = Watched::from_pid(std::process::id().cast_signed()).unwrap();
    assert_ne!(session(daemon), session(own));
    assert_ne!(
        session(daemon),
        daemon.pid,
        "its parent, which is gone, made the session"
    );
    assert_eq!(output_of(daemon), "/dev/null");
    assert!(!environment(daemon).is_empty());
    assert!(daemon.signal(Signal::TERM));
    assert!(daemon.wait_gone(SOON));
}

#[test]
fn double_fork_can_be_stubborn_loud_and_without_environment() {
    let dir = TempDir::new().unwrap();
    let file = pid_file(&dir);
    let flags = ["--clear-env", "--keep-output", "--ignore-term", "--stay"];
    let mut command = command("double-fork", &["--pid-file", &file]);
    command.args(flags);
    let started = Started::ready(command);
    let leader = started.watched();
    let daemon = wait_for_pid_file(file.as_ref(), SOON);
    assert_eq!(leader.descendants().len(), 0, "the daemon is an orphan");
    assert_ne!(parent(daemon), leader.pid);
    assert_eq!(environment(daemon), b"");
    assert_eq!(output_of(daemon), output_of(leader));
    assert!(daemon.signal(Signal::TERM));
    assert!(!daemon.wait_gone(Duration::from_millis(100)));
    assert!(leader.is_alive());
    end(daemon);
}

#[test]
fn new_session_leaves_the_group() {
    let dir = TempDir::new().unwrap();
    let file = pid_file(&dir);
    let started = Started::ready(command("new-session", &["--pid-file", &file, "--stay"]));
    let (leader, child) = (started.watched(), wait_for_pid_file(file.as_ref(), SOON));
    assert_eq!(parent(child), leader.pid);
    assert_eq!((session(child), group(child)), (child.pid, child.pid));
    assert_eq!(output_of(child), output_of(leader));
    end(child);
}

#[test]
fn new_session_can_drop_the_output() {
    let dir = TempDir::new().unwrap();
    let file = pid_file(&dir);
    // That this ends at all shows that the child holds no stream of it.
    let args = ["--pid-file", &file, "--drop-output", "--ignore-term"];
    assert_eq!(run("new-session", &args).stdout, b"ready\n");
    let child = Watched::from_pid(read_pid_file(file.as_ref())).unwrap();
    assert!(child.signal(Signal::TERM));
    assert!(!child.wait_gone(Duration::from_millis(100)));
    end(child);
}

#[test]
fn hold_pipe_holds_it_longer_than_its_leader_lives() {
    let dir = TempDir::new().unwrap();
    let file = pid_file(&dir);
    let args = [
        "--exit-code",
        "3",
        "--seconds",
        "1",
        "--every",
        "300",
        "--pid-file",
        &file,
    ];
    let done = run("hold-pipe", &args);
    assert_eq!(done.status.code(), Some(3));
    assert!(done.elapsed >= Duration::from_secs(1), "{:?}", done.elapsed);
    let lines = String::from_utf8(done.stdout).unwrap();
    assert!(
        lines.starts_with("held 00000000\nheld 00000001\n"),
        "{lines}"
    );
    assert!(lines.lines().count() <= 4, "{lines}");
    let child = Watched::from_pid(read_pid_file(file.as_ref()));
    assert!(child.is_none_or(|child| child.wait_gone(SOON)));
}

#[test]
fn flood_writes_what_can_be_computed() {
    let args = ["--stdout", "300001", "--stderr", "100000", "--block", "777"];
    let done = run("flood", &args);
    assert!(done.status.success());
    assert!(done.stdout == flood(Stream::Stdout, 300_001));
    assert!(done.stderr == flood(Stream::Stderr, 100_000));
}

#[test]
fn flood_writes_lines() {
    let done = run("flood", &["--lines", "1000"]);
    let expected = |stream| (0..1000).map(|n| flood_line(stream, n)).collect::<String>();
    assert!(done.stdout == expected(Stream::Stdout).as_bytes());
    assert!(done.stderr == expected(Stream::Stderr).as_bytes());
}

#[test]
fn drip_takes_its_time() {
    let done = run("drip", &["--every", "20", "--count", "28"]);
    assert_eq!(done.stdout, b"abcdefghijklmnopqrstuvwxyzab");
    assert!(
        done.elapsed >= Duration::from_millis(27 * 20),
        "{:?}",
        done.elapsed
    );
}

#[test]
fn close_stdout_lives_on_in_silence() {
    let args = ["--seconds", "1", "--exit-code", "9"];
    let mut started = Started::ready(command("close-stdout", &args));
    let mut rest = Vec::new();
    started.stdout.read_to_end(&mut rest).unwrap();
    assert!(rest.is_empty());
    assert!(started.watched().is_alive());
    assert_eq!(started.wait(SOON).code(), Some(9));
}

#[test]
fn die_dies_of_the_signal() {
    for signal in [1, 2, 6, 9, 11, 13, 15] {
        let done = run("die", &["--signal", &signal.to_string()]);
        assert_eq!(done.status.signal(), Some(signal));
        assert!(!done.status.core_dumped());
    }
    let dir = TempDir::new().unwrap();
    let mut with_core = command("die", &["--signal", "6", "--core"]);
    with_core.current_dir(dir.path());
    assert_eq!(finish(with_core, None, SOON).status.signal(), Some(6));
}

#[test]
fn exit_exits() {
    for code in [0, 1, 42, 255] {
        assert_eq!(run("exit", &[&code.to_string()]).status.code(), Some(code));
    }
}

#[test]
fn a_misspelt_option_is_no_silent_success() {
    assert!(!run("exit", &["0", "--surplus"]).status.success());
    assert!(!run("exit", &[]).status.success());
    assert!(!run("exit", &["256"]).status.success());
}

#[test]
fn thousand_leaves_as_many_daemons_as_asked() {
    let dir = TempDir::new().unwrap();
    let file = pid_file(&dir);
    let done = run("thousand", &["--count", "30", "--pid-file", &file]);
    assert_eq!(done.stdout, b"ready\n");
    let pids = fs::read_to_string(file).unwrap();
    let daemons: Vec<Watched> = pids
        .lines()
        .map(|pid| Watched::from_pid(pid.parse().unwrap()).unwrap())
        .collect();
    assert_eq!(daemons.len(), 30);
    daemons.into_iter().for_each(end);
}

#[test]
fn six_roles_are_six() {
    let dir = TempDir::new().unwrap();
    let mut command = command("six-roles", &[]);
    command.arg("--dir").arg(dir.path());
    let started = Started::ready(command);
    let role = |name: &str| {
        let pid = read_pid_file(&dir.path().join(name).with_extension("pid"));
        Watched::from_pid(pid).unwrap()
    };
    let main = role("main");
    assert_eq!(main, started.watched());
    let children = [role("plain"), role("stubborn"), role("setsid")];
    for child in children {
        assert_eq!(parent(child), main.pid);
    }
    assert_eq!(group(children[0]), group(main));
    assert_eq!(group(children[1]), group(main));
    assert_eq!(session(children[2]), children[2].pid);
    assert_eq!(
        main.descendants(),
        children.into(),
        "the daemons are orphans"
    );
    let daemons = [role("daemon"), role("envi")];
    for daemon in daemons {
        assert_ne!(session(daemon), session(main));
    }
    assert!(!environment(daemons[0]).is_empty());
    assert_eq!(environment(daemons[1]), b"");

    assert!(children[1].signal(Signal::TERM));
    assert!(children[0].signal(Signal::TERM));
    assert!(children[0].wait_gone(SOON));
    assert!(!children[1].wait_gone(Duration::from_millis(100)));
    [children[1], children[2], daemons[0], daemons[1]]
        .into_iter()
        .for_each(end);
    let names: Vec<_> = fs::read_dir(dir.path())
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .collect();
    assert_eq!(names.len(), 6, "{names:?}");
}

#[test]
fn print_args_tells_what_it_was_given() {
    let dir = TempDir::new().unwrap();
    let mut command = command(
        "print-args",
        &["--env", "GIVEN", "--env", "NOT GIVEN", "é", ""],
    );
    command
        .env("GIVEN", "a=b")
        .env_remove("NOT GIVEN")
        .current_dir(dir.path());
    let done = finish(command, Some(b""), SOON);
    let told: Value = serde_json::from_slice(&done.stdout).unwrap();
    assert_eq!(told["argc"], 6);
    assert_eq!(
        told["args"],
        json!(["--env", "GIVEN", "--env", "NOT GIVEN", "é", ""])
    );
    assert_eq!(told["env"], json!({"GIVEN": "a=b", "NOT GIVEN": null}));
    assert_eq!(
        told["cwd"],
        dir.path().canonicalize().unwrap().to_str().unwrap()
    );
    assert_eq!(told["ppid"], std::process::id());
    // Whoever runs the tests may leave other descriptors open.
    let access: Vec<_> = (0..3)
        .map(|n| (&told["fds"][n]["fd"], &told["fds"][n]["access"]))
        .collect();
    let expected = [(0, "read"), (1, "write"), (2, "write")].map(|(n, a)| (json!(n), json!(a)));
    assert_eq!(
        access,
        expected.iter().map(|(n, a)| (n, a)).collect::<Vec<_>>()
    );
    assert_eq!(told["signals_blocked"], "0000000000000000");
}

#[test]
fn echo_stdin_copies_and_counts() {
    let input = flood(Stream::Stdout, 1_000_000);
    let done = finish(command("echo-stdin", &[]), Some(&input), SOON);
    assert!(done.stdout == input);
    assert_eq!(done.stderr, b"1000000 bytes\n");
    assert_eq!(run("echo-stdin", &[]).status.code(), Some(0));
}
