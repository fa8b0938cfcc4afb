//! Nothing of a job is where it should not be: no secret in arguments, files or answers, no
//! descriptor in a stranger's hands, and nothing at all once it is over.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "this is a test")]

use std::fs::{self, Metadata};
use std::io::{PipeReader, Read as _};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use foster_testkit::{
    Sandbox, Tally, Watched, finish, habit, kill_at_once, race_time, require, wait_for_pid_file,
    wait_on_dir,
};
use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::Value;

const SOON: Duration = Duration::from_secs(30);
const FOSTER: &str = env!("CARGO_BIN_EXE_foster");
const SECRET: &str = "hunter2-is-no-password";

fn sandbox() -> Sandbox {
    Sandbox::new(FOSTER)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

fn program(name: &str) -> String {
    habit(name).to_str().unwrap().to_owned()
}

/// Returns `foster` behind a line of shell, which says `exec "$@"` when it has prepared what it is
/// for.
fn behind(sandbox: &Sandbox, line: &str, args: &[&str]) -> Command {
    let foster = sandbox.foster();
    // Whoever runs these tests may ignore a hang-up, and a shell can't take that back.
    let mut shell = Command::new("env");
    shell.args(["--default-signal", "sh", "-c", line, "sh"]);
    shell.arg(foster.get_program());
    shell.args(foster.get_args()).args(args);
    shell.current_dir(sandbox.work()).stdin(Stdio::null());
    for (name, value) in foster.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell
}

fn start(sandbox: &Sandbox, args: &[&str]) -> String {
    let args = [&["run", "--no-wait"], args].concat();
    text(&sandbox.ok(args)["job_id"]).to_owned()
}

/// What `print-args` told in a job that has run to its end.
fn told(answer: &Value) -> Value {
    assert_eq!(answer["exit_code"], 0, "{answer:#}");
    serde_json::from_str(text(&answer["snapshot"]["stdout"]["tail"])).unwrap()
}

fn record(sandbox: &Sandbox, id: &str) -> Value {
    let state = fs::read(sandbox.job_dir(id).join("state.json")).unwrap();
    serde_json::from_slice::<Value>(&state).unwrap()["record"].take()
}

fn own_processes(sandbox: &Sandbox, id: &str) -> [Watched; 2] {
    let record = record(sandbox, id);
    ["keeper", "supervisor"].map(|who| Watched::from_json(&record[who]).unwrap())
}

/// Everything below a folder, and the folder itself, each with what the system says of it. What goes
/// away meanwhile is left out: a supervisor that still runs renames and removes files.
fn everything(dir: &Path) -> Vec<(PathBuf, Metadata)> {
    let there = |path: PathBuf| path.symlink_metadata().ok().map(|meta| (path, meta));
    let mut found: Vec<_> = there(dir.to_owned()).into_iter().collect();
    let entries = fs::read_dir(dir).into_iter().flatten();
    for (path, meta) in entries.filter_map(|entry| there(entry.ok()?.path())) {
        if meta.is_dir() {
            found.extend(everything(&path));
        } else {
            found.push((path, meta));
        }
    }
    found
}

fn holds(bytes: &[u8], part: &str) -> bool {
    bytes
        .windows(part.len())
        .any(|window| window == part.as_bytes())
}

#[test]
fn fosters_own_arguments_tell_nothing() {
    let sandbox = sandbox();
    let setting = format!("TOKEN={SECRET}");
    let marker = "a-word-of-the-command";
    let line = format!(": {marker}; sleep 100");
    let options = ["--env", &setting, "--name", "its-name", "--shell", &line];
    let id = start(&sandbox, &options);
    let check = |process: Watched, role: &str| {
        let read = |file: &str| fs::read(format!("/proc/{}/{file}", process.pid)).unwrap();
        let cmdline = String::from_utf8(read("cmdline")).unwrap();
        let expected = format!("foster: {role} of {id}");
        assert_eq!(cmdline.trim_end_matches('\0'), expected);
        let comm = String::from_utf8(read("comm")).unwrap();
        assert!(comm.starts_with("foster"), "{comm}");
        for hidden in [SECRET, marker, "its-name"] {
            assert!(!holds(&read("environ"), hidden), "{role}: {hidden}");
        }
    };
    let [keeper, supervisor] = own_processes(&sandbox, &id);
    check(keeper, "keeper");
    check(supervisor, "supervisor");
    // The keeper takes over, and makes another supervisor.
    assert!(supervisor.kill());
    let successor = wait_on_dir(&sandbox.job_dir(&id), SOON, || {
        let record = record(&sandbox, &id);
        let successor = Watched::from_json(&record["supervisor"])?;
        let made = ![keeper, supervisor].contains(&successor);
        (made && record["supervision"] == "full").then_some(successor)
    });
    check(keeper, "keeper");
    check(successor.unwrap(), "supervisor");
    sandbox.ok(["kill", &id]);
}

/// Files are 0600 and folders 0700.
fn assert_private(root: &Path) {
    let all = everything(root);
    assert!(all.len() > 10, "{all:?}");
    for (path, meta) in all {
        let mode = meta.mode() & 0o7777;
        if meta.is_dir() {
            assert_eq!(mode, 0o700, "{mode:o} {}", path.display());
        } else if meta.file_type().is_socket() {
            assert_eq!(mode & 0o077, 0, "{mode:o} {}", path.display());
        } else {
            assert_eq!(mode, 0o600, "{mode:o} {}", path.display());
        }
    }
}

#[test]
fn files_are_private_whatever_the_umask() {
    for umask in ["000", "022", "077"] {
        let sandbox = sandbox();
        let root = sandbox.root().join("made-by-foster");
        let line = format!("umask {umask}; exec \"$@\"");
        fs::write(sandbox.work().join("input"), "input").unwrap();
        let show = program("print-args");
        let root_arg = root.to_str().unwrap();
        let common = ["--root", root_arg, "run"];
        let rows: [&[&str]; 4] = [
            &["--wait", "--stdin-file", "input", "--", &show],
            &["--no-wait", "--name", "runs", "--", "sleep", "100"],
            &["--wait", "--", "/no/such/program"],
            &["--wait", "--log-cap", "4KiB", "--shell", "seq 10000"],
        ];
        let mut answers = Vec::new();
        for row in rows {
            let command = behind(&sandbox, &line, &[&common[..], row].concat());
            answers.push(sandbox.json_of(command, None).value);
        }
        assert_private(&root);
        let command = behind(
            &sandbox,
            &line,
            &["--root", root_arg, "kill", "runs", "--grace", "0s"],
        );
        sandbox.json_of(command, None).into_ok();
        for verb in [&["list", "--all"][..], &["recover"]] {
            let command = behind(&sandbox, &line, &[&["--root", root_arg], verb].concat());
            sandbox.json_of(command, None).into_ok();
        }
        assert_private(&root);
    }
}

#[test]
fn a_job_has_its_callers_umask() {
    let sandbox = sandbox();
    let show = program("print-args");
    for umask in ["000", "022", "077"] {
        let line = format!("umask {umask}; exec \"$@\"");
        let command = behind(&sandbox, &line, &["run", "--wait", "--", &show]);
        let answer = sandbox.json_of(command, None).into_ok();
        assert_eq!(told(&answer)["umask"], format!("0{umask}"));
    }
}

const LEAK: &str = "exec 3</dev/null 4>/dev/null 5</dev/zero 6<. 7<&0 8>&2 9>&1; exec \"$@\"";

#[test]
fn a_job_gets_three_descriptors_and_no_more() {
    let sandbox = sandbox();
    fs::write(sandbox.work().join("input"), "input").unwrap();
    let show = program("print-args");
    let rows: [&[&str]; 4] = [
        &[],
        &["--containment", "subreaper"],
        &["--log", "both.log"],
        &["--stdin-file", "input"],
    ];
    for options in rows {
        let args = [&["run", "--wait"], options, &["--", &show]].concat();
        let answer = sandbox.json_of(behind(&sandbox, LEAK, &args), None);
        let told = told(&answer.into_ok());
        let fds = told["fds"].as_array().unwrap();
        let numbers: Vec<_> = fds.iter().map(|fd| fd["fd"].as_i64().unwrap()).collect();
        assert_eq!(numbers, [0, 1, 2], "{told:#}");
        let access: Vec<_> = fds.iter().map(|fd| text(&fd["access"])).collect();
        assert_eq!(access, ["read", "write", "write"], "{told:#}");
        if !options.contains(&"--stdin-file") {
            assert_eq!(fds[0]["target"], "/dev/null", "{told:#}");
        }
        for out in &fds[1..] {
            assert!(text(&out["target"]).starts_with("pipe:"), "{told:#}");
        }
    }
}

#[test]
fn a_pipe_of_the_caller_ends_while_the_job_runs() {
    let sandbox = sandbox();
    // The answer goes to a file, so that only what leaked holds this test's pipe.
    let line = "exec 9>&1 8>&2 7>&1 >answer.json; exec \"$@\"";
    let args = ["run", "--no-wait", "--", "sleep", "100"];
    // It ends when both streams do.
    let done = finish(behind(&sandbox, line, &args), None, SOON);
    assert!(done.status.success());
    assert_eq!((done.stdout, done.stderr), (vec![], vec![]));
    let answer = fs::read(sandbox.work().join("answer.json")).unwrap();
    let answer: Value = serde_json::from_slice(&answer).unwrap();
    let id = text(&answer["job_id"]);
    let status = sandbox.ok(["status", id]);
    assert_eq!(status["state"], "running", "{status:#}");
    // Nor do they hold anything else that is not theirs.
    let root = sandbox.root().to_str().unwrap();
    for process in own_processes(&sandbox, id) {
        for entry in fs::read_dir(format!("/proc/{}/fd", process.pid)).unwrap() {
            let entry = entry.unwrap();
            // What it opens for a moment may be closed by now.
            let Ok(target) = fs::read_link(entry.path()) else {
                continue;
            };
            let target = target.to_str().unwrap();
            let own = target.starts_with(root)
                || target.starts_with("pipe:")
                || target.starts_with("socket:")
                || target.starts_with("anon_inode:")
                || target.starts_with("pidfd:")
                || target.starts_with("/memfd:")
                || target.contains(&format!("/foster-{id}"))
                || target.starts_with("/proc/")
                || target == "/dev/null";
            assert!(own, "{:?} is {target}", entry.path());
        }
        let cwd = fs::read_link(format!("/proc/{}/cwd", process.pid)).unwrap();
        assert_eq!(cwd, Path::new("/"));
    }
}

#[test]
fn the_callers_input_is_never_read() {
    let sandbox = sandbox();
    let id = start(&sandbox, &["--name", "runs", "--", "sleep", "100"]);
    let echo = program("echo-stdin");
    let rows: [&[&str]; 9] = [
        &["run", "--wait", "--", &echo],
        &["run", "--no-wait", "--", "cat"],
        &["status", &id],
        &["list", "--all"],
        &["tail", &id],
        &["logs", &id],
        &["wait", &id, "--timeout", "10ms"],
        &["kill", &id],
        &["recover"],
    ];
    for row in rows {
        let line = "\"$@\" >answer.json; cat";
        let done = finish(behind(&sandbox, line, row), Some(b"for the next"), SOON);
        assert_eq!(done.stdout, b"for the next", "{row:?}");
        let answer = fs::read(sandbox.work().join("answer.json")).unwrap();
        let answer: Value = serde_json::from_slice(&answer).unwrap();
        assert_eq!(answer["ok"], true, "{answer:#}");
        if row.contains(&echo.as_str()) {
            assert_eq!(answer["snapshot"]["stdout"]["observed_bytes"], 0);
        }
    }
}

#[test]
fn signals_are_as_new_in_the_job() {
    let sandbox = sandbox();
    // A program that has no runtime of its own, which would ignore PIPE.
    let line = "trap '' HUP INT QUIT TERM USR1 PIPE CHLD; exec env --block-signal=ALRM,USR2,CHLD \
                --ignore-signal=TSTP \"$@\"";
    let args = ["run", "--wait", "--", "grep", "Sig", "/proc/self/status"];
    let answer = sandbox
        .json_of(behind(&sandbox, line, &args), None)
        .into_ok();
    let lines = text(&answer["snapshot"]["stdout"]["tail"]);
    for name in ["SigBlk", "SigIgn", "SigPnd"] {
        let wanted = format!("{name}:\t0000000000000000");
        assert!(lines.contains(&wanted), "{lines}");
    }
}

#[test]
fn a_job_has_a_session_of_its_own_and_no_terminal() {
    let sandbox = sandbox();
    let script = Command::new("script").arg("--version").output();
    if !require("script(1), for a terminal", script.is_ok()) {
        return;
    }
    // The caller has a terminal: that is seen, too.
    let show = program("print-args");
    let line = format!(
        "{FOSTER} run --json --wait --shell '{show}; cut -d\" \" -f7 /proc/self/stat; \
         (: </dev/tty) 2>/dev/null && echo terminal || echo none' >answer.json; \
         (: </dev/tty) && echo terminal >caller"
    );
    let mut command = Command::new("script");
    command.args(["-qec", &line, "/dev/null"]);
    command.current_dir(sandbox.work()).stdin(Stdio::null());
    command.env("FOSTER_ROOT", sandbox.root());
    let done = finish(command, None, SOON);
    assert!(done.status.success(), "{done:?}");
    let caller = fs::read_to_string(sandbox.work().join("caller")).unwrap();
    assert_eq!(caller, "terminal\n");
    let answer = fs::read(sandbox.work().join("answer.json")).unwrap();
    let answer: Value = serde_json::from_slice(&answer).unwrap();
    let lines: Vec<_> = text(&answer["snapshot"]["stdout"]["tail"])
        .lines()
        .collect();
    assert_eq!(lines[1..], ["0", "none"], "{answer:#}");
    let told: Value = serde_json::from_str(lines[0]).unwrap();
    assert_eq!(told["sid"], answer["pid"], "{told:#}");
    assert_eq!(told["pgid"], answer["pid"], "{told:#}");
    let id = text(&answer["job_id"]);
    let record = record(&sandbox, id);
    for who in ["keeper", "supervisor"] {
        assert_ne!(record[who]["pid"], told["sid"], "{record:#}");
    }
}

/// Every control group that bears this job's name.
fn leaves(id: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![PathBuf::from("/sys/fs/cgroup")];
    while let Some(dir) = open.pop() {
        for entry in fs::read_dir(&dir).into_iter().flatten().flatten() {
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                if entry.file_name().to_string_lossy().contains(id) {
                    found.push(entry.path());
                }
                open.push(entry.path());
            }
        }
    }
    found
}

#[test]
fn nothing_is_left_when_it_is_over() {
    let sandbox = sandbox();
    let temporary = sandbox.work().join("tmp");
    fs::create_dir(&temporary).unwrap();
    let run = |args: &[&str]| {
        let mut command = sandbox.foster();
        command.args(args).env("TMPDIR", &temporary);
        sandbox.json_of(command, None).value
    };
    run(&["run", "--wait", "--", "true"]);
    run(&["run", "--wait", "--containment", "subreaper", "--", "true"]);
    run(&["run", "--wait", "--", "/no/such/program"]);
    run(&["run", "--wait", "--cwd", "/no/such/dir", "--", "true"]);
    run(&["run", "--wait", "--timeout", "50ms", "--", "sleep", "100"]);
    let fork = program("double-fork");
    run(&["run", "--wait", "--", &fork, "--pid-file", "daemon.pid"]);
    let killed = run(&["run", "--no-wait", "--", "sleep", "100"]);
    run(&["kill", text(&killed["job_id"])]);
    let taken = run(&["run", "--no-wait", "--", "sleep", "100"]);
    assert!(own_processes(&sandbox, text(&taken["job_id"]))[1].kill());
    run(&["kill", text(&taken["job_id"])]);
    let lost = run(&["run", "--no-wait", "--", "sleep", "100"]);
    kill_at_once(&own_processes(&sandbox, text(&lost["job_id"])));
    run(&["kill", text(&lost["job_id"])]);
    run(&["recover"]);
    sandbox.assert_nothing_left(SOON);
    let ids = sandbox.job_ids();
    assert_eq!(ids.len(), 9);
    for id in &ids {
        let status = run(&["status", id]);
        assert_ne!(status["state"], "running", "{status:#}");
        assert_eq!(leaves(id), Vec::<PathBuf>::new(), "{status:#}");
        let dir = sandbox.job_dir(id);
        let mut names: Vec<_> = everything(&dir)
            .iter()
            .map(|(path, _)| path.strip_prefix(&dir).unwrap().display().to_string())
            .filter(|name| !name.is_empty())
            .collect();
        names.sort();
        let expected = [
            "events.ndjson",
            "lock",
            "meta.json",
            "runs",
            "runs/1",
            "runs/1/stderr.log",
            "runs/1/stdout.log",
            "runs/1/timeline",
            "state.json",
        ];
        let extra: Vec<_> = names
            .iter()
            .filter(|name| !expected.contains(&name.as_str()))
            .collect();
        assert!(extra.is_empty(), "{extra:?}: {status:#}");
    }
    assert_eq!(fs::read_dir(&temporary).unwrap().count(), 0);
    let root: Vec<_> = fs::read_dir(sandbox.root())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "jobs" && name != "gc.lock" && !name.starts_with("index"))
        .collect();
    assert_eq!(root, Vec::<String>::new());
}

/// The caller's whole group is ended by `signal` right after the job was started.
fn survives_the_callers_end(signal: &str) {
    let sandbox = sandbox();
    let line = format!("\"$@\" >answer.json; kill -{signal} 0; echo still here");
    let mut command = behind(&sandbox, &line, &["run", "--no-wait", "--", "sleep", "100"]);
    command.process_group(0);
    let done = finish(command, None, SOON);
    assert!(!done.status.success(), "{done:?}");
    let answer = fs::read(sandbox.work().join("answer.json")).unwrap();
    let answer: Value = serde_json::from_slice(&answer).unwrap();
    let id = text(&answer["job_id"]);
    let status = sandbox.ok(["status", id]);
    assert_eq!(
        (&status["state"], &status["supervision"]),
        (&"running".into(), &"full".into()),
        "{signal}: {status:#}"
    );
    let leader = Watched::from_pid(status["pid"].as_i64().unwrap() as i32);
    assert!(leader.is_some_and(|leader| leader.is_alive()));
    assert!(own_processes(&sandbox, id).iter().all(Watched::is_alive));
}

#[test]
fn a_job_outlives_its_callers_group() {
    for signal in ["HUP", "INT", "TERM", "KILL"] {
        survives_the_callers_end(signal);
    }
}

#[test]
fn a_job_outlives_its_callers_terminal() {
    let sandbox = sandbox();
    let script = Command::new("script").arg("--version").output();
    if !require("script(1), for a terminal", script.is_ok()) {
        return;
    }
    let id_file = program("ignore-term");
    let line = format!("{FOSTER} run --json --no-wait -- {id_file} --pid-file leader.pid >answer");
    let mut command = Command::new("script");
    command.args(["-qec", &line, "/dev/null"]);
    command.current_dir(sandbox.work()).stdin(Stdio::null());
    command.env("FOSTER_ROOT", sandbox.root());
    // The terminal is gone when `script` is, and the session gets its hang-up.
    assert!(finish(command, None, SOON).status.success());
    let leader = wait_for_pid_file(&sandbox.work().join("leader.pid"), SOON);
    let answer = fs::read(sandbox.work().join("answer")).unwrap();
    let answer: Value = serde_json::from_slice(&answer).unwrap();
    let status = sandbox.ok(["status", text(&answer["job_id"])]);
    assert_eq!(status["supervision"], "full", "{status:#}");
    assert!(leader.is_alive());
}

#[test]
fn a_launcher_that_is_killed_leaves_a_job_or_none() {
    let mut tally = Tally::new("launcher and its group killed within 25 ms");
    let sandbox = sandbox();
    let end = Instant::now() + race_time();
    let mut round = 0_u32;
    while round == 0 || Instant::now() < end {
        round += 1;
        tally.run();
        let mut command = sandbox.foster();
        command.args(["run", "--no-wait", "--", "sleep", "100"]);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let mut launcher = command.process_group(0).spawn().unwrap();
        let watched = Watched::from_pid(launcher.id() as i32).unwrap();
        let _ = watched.wait_gone(Duration::from_millis(u64::from(round % 25)));
        // Not reaped yet, so the number is its own.
        let _ = kill_process_group(Pid::from_child(&launcher), Signal::KILL);
        launcher.wait().unwrap();
        for id in sandbox.job_ids() {
            let status = sandbox.json(["status", &id]).value;
            if status["state"] == "running" {
                let leader = Watched::from_pid(status["pid"].as_i64().unwrap() as i32);
                assert!(leader.is_some_and(|leader| leader.is_alive()), "{status:#}");
                sandbox.ok(["kill", &id, "--grace", "0s"]);
            }
        }
        // A keeper that had just begun may have come to its command meanwhile.
        for id in sandbox.job_ids() {
            let _ = sandbox.json(["kill", &id, "--grace", "0s"]);
        }
        sandbox.assert_nothing_left(SOON);
        for id in sandbox.job_ids() {
            let status = sandbox.json(["status", &id]).value;
            assert_ne!(status["state"], "running", "round {round}: {status:#}");
        }
        if sandbox.root().join("jobs").is_dir() {
            fs::remove_dir_all(sandbox.root().join("jobs")).unwrap();
        }
    }
}

/// Where the secret is shown: in a file under the root but the one that is there for it, or in an
/// answer about its jobs.
fn shown(sandbox: &Sandbox, answers: &[Vec<u8>]) -> Vec<String> {
    let files = everything(sandbox.root()).into_iter().filter(|(path, _)| {
        if path.ends_with("secrets.json") {
            return false;
        }
        let bytes = fs::read(path).unwrap_or_default();
        holds(path.as_os_str().as_encoded_bytes(), SECRET) || holds(&bytes, SECRET)
    });
    let answers = answers.iter().filter(|answer| holds(answer, SECRET));
    files
        .map(|(path, _)| path.display().to_string())
        .chain(answers.map(|answer| String::from_utf8_lossy(answer).into_owned()))
        .collect()
}

fn assert_hidden(sandbox: &Sandbox, answers: &[Vec<u8>]) {
    let shown = shown(sandbox, answers);
    assert!(shown.is_empty(), "{}", shown.join("\n"));
}

/// All that is said about a job, from its start to its end.
fn all_answers(sandbox: &Sandbox, command: Command) -> Vec<Vec<u8>> {
    let mut answers = Vec::new();
    let mut keep = |command: Command| {
        let done = finish(command, None, SOON);
        answers.push([done.stdout, done.stderr].concat());
    };
    keep(command);
    for format in ["json", "text", "yaml"] {
        let verbs: [&[&str]; 9] = [
            &["status", "@1"],
            &["list", "--all"],
            &["ps", "--all"],
            &["tail", "@1"],
            &["logs", "@1"],
            &["wait", "@1", "--timeout", "1ms"],
            &["kill", "@1"],
            &["recover", "@1"],
            &["status", "@1"],
        ];
        for verb in verbs {
            let mut foster = sandbox.foster();
            foster.args(["--output", format]).args(verb);
            keep(foster);
        }
    }
    answers
}

#[test]
fn a_masked_value_is_shown_nowhere_and_seen_by_the_job() {
    let given = format!("TOKEN={SECRET}");
    let url = format!("URL=https://me:{SECRET}@host/");
    let quoted = format!("test \"$TOKEN\" = {SECRET}; exec sleep 100");
    let argument = format!("--token={SECRET}");
    // Where the value comes from, and what the command is.
    let rows: [&[&str]; 7] = [
        &["--env", &given, "--", "sleep", "100"],
        &["--env-file", "secrets.env", "--", "sleep", "100"],
        &["--", "sleep", "100"],
        &["--env", "TOKEN", "--", "sleep", "100"],
        &["--env", &given, "--env", &url, "--", "sleep", "100"],
        &["--env", &given, "--shell", &quoted],
        &["--env", &given, "--", "sh", "-c", "sleep 100", &argument],
    ];
    for row in rows {
        let sandbox = sandbox();
        let file = format!("A=1\nexport TOKEN=\"{SECRET}\"\n");
        fs::write(sandbox.work().join("secrets.env"), file).unwrap();
        let mut command = sandbox.foster();
        command.args(["run", "--no-wait", "--mask", "TOKEN"]);
        command.args(row).env("TOKEN", SECRET);
        let answers = all_answers(&sandbox, command);
        let first: Value = serde_json::from_slice(&answers[0]).unwrap();
        assert_eq!(first["ok"], true, "{first:#}");
        if !row.starts_with(&["--"]) {
            assert_eq!(first["env_vars"]["TOKEN"], "***", "{first:#}");
        }
        assert_hidden(&sandbox, &answers);
    }
    let sandbox = sandbox();
    let seen = format!("test \"$TOKEN\" = {SECRET}");
    let args = ["run", "--wait", "--mask", "TOKEN", "--env", &given];
    let answer = sandbox.ok([&args[..], &["--shell", &seen]].concat());
    assert_eq!(answer["exit_code"], 0, "{answer:#}");
    assert_hidden(&sandbox, &[]);
}

#[test]
fn a_masked_value_is_shown_by_no_error() {
    let given = format!("TOKEN={SECRET}");
    let file = format!("/no/such/{SECRET}");
    let rows: [&[&str]; 5] = [
        &["--", &file],
        &["--cwd", &file, "--", "true"],
        &["--stdin-file", &file, "--", "true"],
        &["--log", "/dev/null/x", "--", "true", &file],
        &["--containment", "group", "--", "true", &file],
    ];
    let failed: Vec<_> = rows
        .into_iter()
        .filter(|row| {
            let sandbox = sandbox();
            let mut command = sandbox.foster();
            command.args(["run", "--no-wait", "--mask", "TOKEN", "--env", &given]);
            command.args(*row);
            let answers = all_answers(&sandbox, command);
            let first: Value = serde_json::from_slice(&answers[0]).unwrap();
            assert_eq!(first["ok"], false, "{first:#}");
            !shown(&sandbox, &answers).is_empty()
        })
        .collect();
    assert!(failed.is_empty(), "{failed:#?}");
}

#[test]
fn a_masked_value_is_shown_by_no_path() {
    let given = format!("TOKEN={SECRET}");
    let sandbox = sandbox();
    fs::create_dir(sandbox.work().join(SECRET)).unwrap();
    let log = format!("{SECRET}/both.log");
    let mut command = sandbox.foster();
    command.args(["run", "--no-wait", "--mask", "TOKEN", "--env", &given]);
    command.args(["--cwd", SECRET, "--log", &log, "--", "sleep", "100"]);
    let answers = all_answers(&sandbox, command);
    let first: Value = serde_json::from_slice(&answers[0]).unwrap();
    assert_eq!(first["ok"], true, "{first:#}");
    assert_hidden(&sandbox, &answers);
}

#[test]
fn an_answer_holds_nothing_of_the_caller_open() {
    // `run` without --no-wait answers while the job goes on; its own answer ends there.
    let sandbox = sandbox();
    let (mut reader, writer): (PipeReader, _) = std::io::pipe().unwrap();
    let mut command = sandbox.foster();
    command.args(["run", "--snapshot-after", "100ms", "--", "sleep", "100"]);
    command.stdout(writer);
    let mut child = command.spawn().unwrap();
    drop(command);
    let mut answer = Vec::new();
    reader.read_to_end(&mut answer).unwrap();
    assert!(child.wait().unwrap().success());
    let answer: Value = serde_json::from_slice(&answer).unwrap();
    assert_eq!(answer["state"], "running", "{answer:#}");
}
