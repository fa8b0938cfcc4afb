//! The harness does what it says; a script stands for `foster`.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests stop where the unexpected is met"
)]
#![expect(
    clippy::expect_used,
    reason = "helpers of tests stop where the unexpected is met"
)]

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use foster_testkit::{
    Bystander, ORDINARY_USER, Sandbox, Started, Watched, finish, habit, is_root, race_time,
    require, try_finish, wait_for_file, wait_for_pid_file, wait_on_dir,
};
use rustix::process::Signal;
use serde_json::json;
use tempfile::TempDir;

const SOON: Duration = Duration::from_secs(20);

/// Returns an id for one test of one run of these tests: what carries a job's id in its environment
/// is ended with any sandbox that holds that job, and tests run side by side.
fn id(test: u32) -> String {
    format!("01k{:022}{test}", std::process::id())
}

/// A script that stands for `foster`, in a folder that everybody may enter.
struct Fake {
    _dir: TempDir,
    path: PathBuf,
}

impl Fake {
    fn new(script: &str) -> Self {
        let dir = TempDir::new().unwrap();
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let path = dir.path().join("foster");
        // Written by another process: a descriptor open for writing here could be copied by a
        // fork in another test's thread, and the script would then be "busy" for a moment.
        let write = format!("cat > {p} && chmod 755 {p}", p = path.display());
        let mut shell = Command::new("sh");
        shell.args(["-c", &write]);
        let script = format!("#!/bin/sh\n{script}\n");
        assert!(
            finish(shell, Some(script.as_bytes()), SOON)
                .status
                .success()
        );
        Self { _dir: dir, path }
    }
}

/// Makes a job's folder as Foster would, and returns it.
fn job(sandbox: &Sandbox, id: &str, record: &serde_json::Value) -> PathBuf {
    let jobs = sandbox.root().join("jobs");
    let day = jobs.join("2026-11-20");
    let dir = day.join(id);
    for dir in [&jobs, &day, &dir] {
        fs::create_dir(dir).unwrap();
    }
    fs::write(
        dir.join("state.json"),
        json!({ "record": record }).to_string(),
    )
    .unwrap();
    dir
}

fn identity(process: Watched) -> serde_json::Value {
    json!({ "pid": process.pid, "start_time": process.start_time, "unique": null })
}

fn sleeper() -> Started {
    Started::ready(Command::new(habit("ignore-term")))
}

fn message(panicking: impl FnOnce()) -> String {
    let panic = catch_unwind(AssertUnwindSafe(panicking)).expect_err("it should have panicked");
    *panic.downcast::<String>().unwrap()
}

#[test]
fn foster_is_run_in_a_root_and_directory_of_its_own() {
    let fake = Fake::new(
        r#"printf '{"ok":true,"root":"%s","cwd":"%s","job":"%s","arg":"%s"}' \
        "$FOSTER_ROOT" "$(pwd)" "$FOSTER_JOB" "$1"; echo log >&2"#,
    );
    let sandbox = Sandbox::new(&fake.path);
    let answer = sandbox.json(["a b"]);
    assert_eq!((answer.code(), &*answer.stderr), (Some(0), &b"log\n"[..]));
    let value = sandbox.ok(["a b"]);
    assert_eq!(value["root"], sandbox.root().to_str().unwrap());
    assert_eq!(value["cwd"], sandbox.work().to_str().unwrap());
    assert_eq!((&value["job"], &value["arg"]), (&json!(""), &json!("a b")));
    assert_eq!(fs::metadata(sandbox.root()).unwrap().mode() & 0o7777, 0o700);
}

#[test]
fn an_answer_is_good_or_an_error_and_nothing_between() {
    let good = Fake::new(r#"echo '{"ok":true}'"#);
    let bad = Fake::new(r#"echo '{"ok":false,"error":{"code":"job_not_found"}}'; exit 3"#);
    let false_friend = Fake::new(r#"echo '{"ok":false,"error":{"code":"job_not_found"}}'"#);
    let two = Fake::new(r#"echo '{"ok":true}{"ok":true}'"#);
    assert_eq!(Sandbox::new(&bad.path).err(["x"]).0, "job_not_found");
    assert!(message(|| drop(Sandbox::new(&good.path).err(["x"]))).contains("not an error"));
    assert!(message(|| drop(Sandbox::new(&bad.path).ok(["x"]))).contains("job_not_found"));
    assert!(message(|| drop(Sandbox::new(&false_friend.path).err(["x"]))).contains("not an error"));
    assert!(
        message(|| drop(Sandbox::new(&two.path).json(["x"]))).contains("not one JSON document")
    );
}

#[test]
fn input_is_given() {
    let fake = Fake::new("cat");
    let sandbox = Sandbox::new(&fake.path);
    let answer = sandbox.json_of(sandbox.foster(), Some(br#"{"ok":true,"n":1}"#));
    assert_eq!(answer.into_ok()["n"], 1);
}

#[test]
fn the_deadline_ends_what_hangs() {
    let mut command = Command::new(habit("drip"));
    command.args(["--every", "60000"]);
    let message = try_finish(command, None, Duration::from_millis(300)).unwrap_err();
    assert!(
        message.contains("is still running at the deadline"),
        "{message}"
    );
    assert!(message.contains("stdout: a\n"), "{message}");
}

#[test]
fn output_that_is_left_open_is_found_with_its_holder() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("pid");
    let mut command = Command::new(habit("hold-pipe"));
    command.arg("--pid-file").arg(&file);
    let message = try_finish(command, None, Duration::from_millis(500)).unwrap_err();
    let holder = wait_for_pid_file(&file, SOON);
    assert!(message.contains("its output is held open"), "{message}");
    assert!(
        message.contains(&format!("{} (habit-hold-pipe)", holder.pid)),
        "{message}"
    );
    assert!(holder.kill());
}

#[test]
fn a_sandbox_ends_what_belongs_to_its_jobs_and_nothing_else() {
    let fake = Fake::new("exit 1");
    let (mut supervisor, mut stranger) = (sleeper(), sleeper());
    let daemon = {
        let sandbox = Sandbox::new(&fake.path);
        let file = sandbox.work().join("pid");
        let wrong = Watched {
            start_time: stranger.watched().start_time + 1,
            ..stranger.watched()
        };
        job(
            &sandbox,
            &id(0),
            &json!({
                "state": "running",
                "keeper": null,
                "supervisor": identity(supervisor.watched()),
                "leader": identity(wrong),
            }),
        );
        let mut member = Command::new(habit("double-fork"));
        member
            .arg("--pid-file")
            .arg(&file)
            .env("FOSTER_JOB", format!("{}/nonce", id(0)));
        drop(finish(member, None, SOON));
        let daemon = wait_for_pid_file(&file, SOON);
        assert_eq!(sandbox.job_ids(), [id(0)]);
        assert_eq!(sandbox.left_over().len(), 2);
        assert!(sandbox.left_over().contains(&daemon));
        let left = message(|| sandbox.assert_nothing_left(Duration::ZERO));
        assert!(left.contains("left behind"), "{left}");
        daemon
    };
    assert!(!daemon.is_alive());
    assert!(!supervisor.wait(SOON).success());
    assert!(stranger.watched().is_alive());
    assert!(stranger.child.try_wait().unwrap().is_none());
}

#[test]
fn what_a_supervisor_adopted_is_found_below_it() {
    let fake = Fake::new("exit 1");
    let dir = TempDir::new().unwrap();
    let mut roles = Command::new(habit("six-roles"));
    roles.arg("--dir").arg(dir.path());
    let mut leader = Started::ready(roles);
    let role = |name: &str| wait_for_pid_file(&dir.path().join(name), SOON);
    let below = ["plain.pid", "stubborn.pid", "setsid.pid"].map(role);
    let sandbox = Sandbox::new(&fake.path);
    let dir = job(&sandbox, &id(1), &json!({ "state": "exited" }));
    // This journal is further than the state, and damaged.
    let launched = json!({ "event": "launched", "supervisor": identity(leader.watched()) });
    fs::write(
        dir.join("events.ndjson"),
        format!("{launched}\n{{\"event\":"),
    )
    .unwrap();
    assert_eq!(sandbox.left_over().len(), 4);
    drop(sandbox);
    assert!(below.iter().all(|process| !process.is_alive()));
    assert!(!leader.wait(SOON).success());
    for orphan in ["daemon.pid", "envi.pid"].map(role) {
        assert!(orphan.kill());
    }
}

#[test]
fn a_control_group_is_emptied_and_removed() {
    let groups = fs::read_to_string("/proc/self/mountinfo").unwrap();
    let mount = groups.lines().find(|line| line.contains(" - cgroup2 "));
    let own = fs::read_to_string("/proc/self/cgroup").unwrap();
    let own = own
        .lines()
        .find_map(|line| line.strip_prefix("0::/"))
        .map(str::to_owned);
    let leaf = mount.zip(own).map(|(mount, own)| {
        let mount = mount.split(' ').nth(4).unwrap();
        PathBuf::from(mount)
            .join(own)
            .join(format!("foster-{}", id(3)))
    });
    let leaf = leaf.filter(|leaf| fs::create_dir(leaf).is_ok());
    if !require(
        "a control group (version 2) that can be written",
        leaf.is_some(),
    ) {
        return;
    }
    let leaf = leaf.unwrap();
    let mut process = sleeper();
    let pid = process.watched().pid.to_string();
    let entered = fs::write(leaf.join("cgroup.procs"), pid).is_ok();
    let fake = Fake::new("exit 1");
    let sandbox = Sandbox::new(&fake.path);
    job(&sandbox, &id(3), &json!({ "state": "running" }));
    assert_eq!(
        sandbox.left_over(),
        if entered {
            vec![process.watched()]
        } else {
            vec![]
        }
    );
    drop(sandbox);
    assert!(!leaf.exists());
    if require("a process can be moved into a control group", entered) {
        assert!(!process.wait(SOON).success());
    }
}

#[test]
fn a_panic_leaves_nothing_either() {
    let fake = Fake::new(r#"echo "$@" >> "${0%/*}/calls""#);
    let mut process = sleeper();
    let path = message(|| {
        let sandbox = Sandbox::new(&fake.path);
        let leader = identity(process.watched());
        job(
            &sandbox,
            &id(2),
            &json!({ "state": "running", "leader": leader }),
        );
        panic!("{}", sandbox.root().parent().unwrap().display());
    });
    assert!(!process.wait(SOON).success());
    assert!(!PathBuf::from(path).exists());
    let calls = fs::read_to_string(fake.path.with_file_name("calls")).unwrap();
    assert_eq!(calls, format!("kill {} --grace 0s\n", id(2)));
}

#[test]
fn an_ordinary_user_owns_its_sandbox() {
    if !require("root, to become an ordinary user", is_root()) {
        return;
    }
    let fake = Fake::new(
        r#"touch made && printf '{"ok":true,"uid":%s,"groups":"%s","root":"%s"}' \
        "$(id -u)" "$(id -G)" "$FOSTER_ROOT""#,
    );
    let sandbox = Sandbox::for_ordinary_user(&fake.path);
    let value = sandbox.ok(["x"]);
    assert_eq!(value["uid"], ORDINARY_USER);
    assert_eq!(value["groups"], ORDINARY_USER.to_string());
    assert_eq!(value["root"], sandbox.root().to_str().unwrap());
    assert_eq!(
        fs::metadata(sandbox.work().join("made")).unwrap().uid(),
        ORDINARY_USER
    );
}

#[test]
fn a_number_alone_is_no_process() {
    let mut started = sleeper();
    let process = started.watched();
    let later = Watched {
        start_time: process.start_time + 1,
        ..process
    };
    assert!(process.is_alive() && !later.is_alive());
    assert!(!later.kill());
    assert!(later.wait_gone(Duration::ZERO));
    assert!(!process.wait_gone(Duration::ZERO));
    assert_eq!(Watched::from_json(&identity(process)), Some(process));

    assert!(process.kill());
    assert!(process.wait_gone(SOON));
    assert_eq!(process.state(), Some('Z'), "nobody has reaped it");
    assert!(!process.is_alive());
    started.wait(SOON);
    assert_eq!(
        (process.state(), Watched::from_pid(process.pid)),
        (None, None)
    );
}

#[test]
fn files_are_waited_for() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("late");
    assert!(!wait_for_file(&path, Duration::from_millis(50)));
    let mut late = Command::new("sh");
    late.args([
        "-c",
        "sleep 0.2; echo 1 > part; mv part late; sleep 0.2; echo 2 >> late",
    ]);
    let mut late = late.current_dir(dir.path()).spawn().unwrap();
    let begun = Instant::now();
    assert!(wait_for_file(&path, SOON));
    assert!(begun.elapsed() >= Duration::from_millis(100));
    let lines = wait_on_dir(dir.path(), SOON, || {
        let text = fs::read_to_string(&path).ok()?;
        (text.lines().count() == 2).then_some(text)
    });
    assert_eq!(lines.as_deref(), Some("1\n2\n"));
    assert!(late.wait().unwrap().success());
    assert!(wait_for_file(&path, Duration::ZERO), "it is there already");
}

#[test]
fn a_race_is_looked_for_as_long_as_is_wanted() {
    if std::env::var_os("FOSTER_RACE_SECONDS").is_none() {
        assert_eq!(race_time(), Duration::from_secs(1));
    }
    assert!(require("nothing", true));
}

#[test]
fn a_habit_that_was_not_built_says_how_to_build_it() {
    let message = message(|| drop(habit("unheard-of")));
    assert!(
        message.contains("cargo build -p foster-testkit --bins"),
        "{message}"
    );
    assert_eq!(habit("exit"), habit("habit-exit"));
}

#[test]
fn a_bystander_shows_each_signal_it_was_sent() {
    for signal in [Signal::TERM, Signal::CONT, Signal::USR1, Signal::KILL] {
        let mut command = Command::new("sh");
        command.args(["-c", "echo ready; exec sleep 100"]);
        let bystander = Bystander::start(&command);
        assert_eq!(bystander.harm(), None);
        assert!(bystander.watched().signal(signal));
        if signal == Signal::KILL {
            assert!(bystander.watched().wait_gone(SOON));
        }
        assert!(bystander.harm().is_some(), "{signal:?}");
    }
}
