//! Every byte that a job prints, and its exit code, outlive whatever happens to those who look after
//! it: the launcher, the supervisor and the keeper killed, the disk full, the output held open.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at what it did not expect"
)]

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use foster_testkit::{
    DEADLINE, Gate, Sandbox, Stream, Tally, Watched, fill_flood, finish, flood, flood_line, habit,
    is_root, kill_at_once, race_time, random, random_moment, require, wait_for_file,
    wait_for_pid_file, wait_on_dir,
};
use rustix::process::{Pid, Signal, kill_process_group, set_child_subreaper};
use serde_json::{Value, json};

const SOON: Duration = Duration::from_secs(30);
/// So long, roughly, as a launch may take here: random moments lie within it.
const LAUNCH: Duration = Duration::from_millis(40);

fn sandbox() -> Sandbox {
    Sandbox::new(env!("CARGO_BIN_EXE_foster"))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

fn program(name: &str) -> String {
    habit(name).to_str().unwrap().to_owned()
}

fn start(sandbox: &Sandbox, options: &[&str], command: &[&str]) -> String {
    let args = [&["run", "--no-wait"], options, &["--"], command].concat();
    text(&sandbox.ok(args)["job_id"]).to_owned()
}

fn shell(sandbox: &Sandbox, options: &[&str], line: &str) -> String {
    start(sandbox, options, &["sh", "-c", line])
}

/// Reads the journal, as far as it is there.
fn events(job_dir: &Path) -> Vec<Value> {
    let journal = fs::read(job_dir.join("events.ndjson")).unwrap_or_default();
    let lines = journal.split(|byte| *byte == b'\n');
    lines
        .map_while(|line| serde_json::from_slice(line).ok())
        .collect()
}

fn event(job_dir: &Path, name: &str) -> Option<Value> {
    events(job_dir)
        .into_iter()
        .find(|event| event["event"] == name)
}

fn count(job_dir: &Path, name: &str) -> usize {
    let events = events(job_dir).into_iter();
    events.filter(|event| event["event"] == name).count()
}

fn wait_for_event(job_dir: &Path, name: &str) -> Value {
    wait_on_dir(job_dir, SOON, || event(job_dir, name))
        .unwrap_or_else(|| panic!("{name} does not come: {:#?}", events(job_dir)))
}

/// Keeper and supervisor, as they were launched.
fn guardians(job_dir: &Path) -> (Watched, Watched) {
    let launched = wait_for_event(job_dir, "launched");
    let process = |name: &str| Watched::from_json(&launched[name]).unwrap();
    (process("keeper"), process("supervisor"))
}

fn leader(job_dir: &Path) -> Watched {
    Watched::from_json(&wait_for_event(job_dir, "started")["leader"]).unwrap()
}

fn kill_both(job_dir: &Path) {
    let (keeper, supervisor) = guardians(job_dir);
    kill_at_once(&[keeper, supervisor]);
}

fn assert_log(answer: &Value, stream: Stream, expected: &[u8]) {
    let path = text(&answer[format!("{}_log_path", stream.as_str())]);
    let log = fs::read(path).unwrap();
    let differs = log.iter().zip(expected).position(|(a, b)| a != b);
    assert!(
        log == expected,
        "{path}: {} bytes for {}, the first other one at {differs:?}",
        log.len(),
        expected.len()
    );
}

/// A job that floods both streams, says in a file that it was executed, and exits with 7.
struct Flooder {
    line: String,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
}

impl Flooder {
    fn new(bytes: usize) -> Self {
        let (out, err) = (bytes + 3, bytes / 2 + 5);
        let program = program("flood");
        Self {
            line: format!(
                "echo $FOSTER_JOB >> ran; {program} --stdout {out} --stderr {err}; exit 7"
            ),
            stdout: flood(Stream::Stdout, out),
            stderr: flood(Stream::Stderr, err),
        }
    }

    /// The answer tells of a good end, and the files hold all of it.
    fn assert_whole(&self, sandbox: &Sandbox, answer: &Value) {
        let end = [
            &answer["state"],
            &answer["cause"],
            &answer["exit_code"],
            &answer["output"],
        ];
        assert_eq!(
            json!(end),
            json!(["exited", "exit", 7, "complete"]),
            "{answer:#}"
        );
        assert_log(answer, Stream::Stdout, &self.stdout);
        assert_log(answer, Stream::Stderr, &self.stderr);
        let observed = &answer["snapshot"]["stdout"]["observed_bytes"];
        assert_eq!(*observed, json!(self.stdout.len()), "{answer:#}");
        let id = text(&answer["job_id"]);
        assert_eq!(executions(sandbox, id), 1, "{answer:#}");
        let dir = sandbox.job_dir(id);
        for once in ["started", "exited", "finished"] {
            assert_eq!(count(&dir, once), 1, "{once}: {:#?}", events(&dir));
        }
        // The interleaved reading is built from the timeline: it too must be whole.
        let logs = sandbox.ok(["logs", id, "--max-bytes", "1GiB"]);
        let (out, err) = (self.stdout.len(), self.stderr.len());
        assert_eq!(logs["next"], json!({"stdout": out, "stderr": err}));
    }
}

/// How often a job's command was executed, by its own account.
fn executions(sandbox: &Sandbox, id: &str) -> usize {
    let ran = fs::read_to_string(sandbox.work().join("ran")).unwrap_or_default();
    ran.lines().filter(|line| line.starts_with(id)).count()
}

/// Waits until a job's logs hold that much together.
fn wait_for_output(job_dir: &Path, bytes: u64) {
    let run = job_dir.join("runs/1");
    let size = |name: &str| fs::metadata(run.join(name)).map_or(0, |meta| meta.len());
    wait_on_dir(&run, SOON, || {
        (size("stdout.log") + size("stderr.log") >= bytes).then_some(())
    })
    .unwrap_or_else(|| panic!("{bytes} bytes do not come"));
}

#[test]
fn both_streams_are_kept_byte_for_byte() {
    let sandbox = sandbox();
    for (out, err, block) in [
        (5_000_003, 2_000_001, "65521"),
        (0, 300_000, "1"),
        (0, 0, "9"),
        (70_000, 0, "4096"),
    ] {
        let (o, e) = (out.to_string(), err.to_string());
        let flood_program = program("flood");
        let args = [
            "run",
            "--wait",
            "--",
            &flood_program,
            "--stdout",
            &o,
            "--stderr",
            &e,
            "--block",
            block,
        ];
        let answer = sandbox.ok(args);
        assert_eq!(answer["exit_code"], 0, "{answer:#}");
        assert_log(&answer, Stream::Stdout, &flood(Stream::Stdout, out));
        assert_log(&answer, Stream::Stderr, &flood(Stream::Stderr, err));
        assert_eq!(answer["snapshot"]["final"], true);
        assert_eq!(answer["snapshot"]["stdout"]["observed_bytes"], out);
        assert_eq!(answer["snapshot"]["stderr"]["observed_bytes"], err);
        assert_eq!(answer["snapshot"]["stderr"]["omitted"], json!([]));
    }
}

/// Kills keeper or supervisor of a flooding job at random moments, while a waiter waits.
fn kill_one_of(pick: fn(Watched, Watched) -> Watched, told: &str, scenario: &str) {
    let mut tally = Tally::new(scenario);
    // Enough that the job still prints when the victim is killed.
    let size = 4 << 20;
    let flooder = Flooder::new(size as usize);
    let end = Instant::now() + race_time();
    let mut seen = 0;
    // One in which the event was seen is wanted at any rate.
    for round in 0.. {
        if Instant::now() >= end && (seen > 0 || round > 50) {
            break;
        }
        tally.run();
        let sandbox = sandbox();
        let id = shell(&sandbox, &[], &flooder.line);
        let dir = sandbox.job_dir(&id);
        let (keeper, supervisor) = guardians(&dir);
        let answer = std::thread::scope(|scope| {
            let waiter = scope.spawn(|| sandbox.ok(["wait", &id]));
            wait_for_output(&dir, random(size));
            random_moment(Duration::from_millis(2));
            pick(keeper, supervisor).kill();
            waiter.join().unwrap()
        });
        flooder.assert_whole(&sandbox, &answer);
        seen += events(&dir)
            .iter()
            .filter(|event| event["now"] == told)
            .count();
        sandbox.assert_nothing_left(SOON);
    }
    assert!(seen > 0, "{told} was never seen");
}

#[test]
fn a_killed_supervisor_loses_nothing() {
    let scenario = "supervisor killed while the job prints";
    kill_one_of(|_, supervisor| supervisor, "taken_over", scenario);
}

#[test]
fn a_killed_keeper_loses_nothing() {
    let scenario = "keeper killed while the job prints";
    kill_one_of(|keeper, _| keeper, "keeper_lost", scenario);
}

#[test]
fn a_loss_is_told_while_the_job_runs() {
    for (supervisor_dies, told) in [(true, "taken_over"), (false, "keeper_lost")] {
        let sandbox = sandbox();
        let gate = Gate::new(&sandbox, "go");
        let id = shell(
            &sandbox,
            &[],
            "echo before; read x < go; echo after; exit 3",
        );
        let dir = sandbox.job_dir(&id);
        let (keeper, supervisor) = guardians(&dir);
        assert_eq!(sandbox.ok(["status", &id])["supervision"], "full");
        let process = if supervisor_dies { supervisor } else { keeper };
        assert!(process.kill() && process.wait_gone(SOON));
        let events = wait_on_dir(&dir, SOON, || {
            let told = events(&dir).into_iter();
            let told: Vec<_> = told.filter(|e| e["event"] == "supervision").collect();
            (told.len() == 2).then_some(told)
        });
        let events = events.unwrap();
        assert_eq!([&events[0]["now"], &events[1]["now"]], [told, "full"]);
        let status = sandbox.ok(["status", &id]);
        assert_eq!(status["state"], "running", "{status:#}");
        assert_eq!(status["supervision"], "full", "{status:#}");
        assert_eq!(status["pid"], leader(&dir).pid);
        gate.open();
        let answer = sandbox.ok(["wait", &id]);
        assert_eq!(answer["exit_code"], 3, "{answer:#}");
        assert_eq!(answer["snapshot"]["stdout"]["tail"], "before\nafter\n");
        sandbox.assert_nothing_left(SOON);
    }
}

/// A PID namespace ends with the process that made it: the job can't be saved, what it printed can.
#[test]
fn a_killed_supervisor_takes_a_namespace_along_and_loses_no_byte() {
    let sandbox = sandbox();
    let doctor = sandbox.ok(["doctor"]);
    let mut levels = doctor["levels"].as_array().into_iter().flatten();
    let offered = levels.any(|level| level["name"] == "pidns" && level["available"] == true);
    if !require("PID namespaces", offered) {
        return;
    }
    for round in 0..5 {
        let line = format!("echo before; : > {round}; setsid sleep 100 & exec sleep 100");
        let id = shell(&sandbox, &["--containment", "pidns"], &line);
        assert!(wait_for_file(&sandbox.work().join(round.to_string()), SOON));
        let dir = sandbox.job_dir(&id);
        let (_, supervisor) = guardians(&dir);
        let leader = leader(&dir);
        assert!(supervisor.kill() && supervisor.wait_gone(SOON));
        assert!(leader.wait_gone(SOON));
        let answer = sandbox.ok(["wait", &id]);
        let told = ["state", "cause", "output", "tree_empty"].map(|field| &answer[field]);
        let expected = json!(["lost", "supervisor_lost", "complete", true]);
        assert_eq!(json!(told), expected, "{answer:#}");
        assert_eq!(answer["snapshot"]["stdout"]["tail"], "before\n");
    }
    sandbox.assert_nothing_left(SOON);
}

#[test]
fn the_launcher_that_waits_hears_of_the_end_though_the_supervisor_died() {
    let sandbox = sandbox();
    let gate = Gate::new(&sandbox, "go");
    std::thread::scope(|scope| {
        let line = "echo here; read x < go; exit 9";
        let run = scope.spawn(|| sandbox.ok(["run", "--wait", "--", "sh", "-c", line]));
        let dir = new_job(&sandbox, &BTreeSet::new());
        wait_for_event(&dir, "started");
        assert!(guardians(&dir).1.kill());
        wait_for_event(&dir, "supervision");
        gate.open();
        let answer = run.join().unwrap();
        assert_eq!(answer["exit_code"], 9, "{answer:#}");
        assert_eq!(answer["snapshot"]["stdout"]["tail"], "here\n");
    });
}

/// The jobs that have a folder; one that is still being made has another name.
fn job_ids(sandbox: &Sandbox) -> Vec<String> {
    let mut ids = sandbox.job_ids();
    ids.retain(|id| !id.starts_with('.'));
    ids
}

/// Waits for the folder of a job that is not among `known`.
fn new_job(sandbox: &Sandbox, known: &BTreeSet<String>) -> PathBuf {
    let new = || job_ids(sandbox).into_iter().find(|id| !known.contains(id));
    let jobs = sandbox.root().join("jobs");
    let day = || Some(fs::read_dir(&jobs).ok()?.flatten().next()?.path());
    wait_on_dir(sandbox.root(), SOON, || jobs.exists().then_some(())).unwrap();
    let day = wait_on_dir(&jobs, SOON, day).unwrap();
    let id = wait_on_dir(&day, SOON, new).unwrap();
    sandbox.job_dir(&id)
}

#[test]
fn a_supervisor_killed_at_the_launch_starts_the_command_once() {
    let mut tally = Tally::new("supervisor killed within 3 ms of its launch");
    let flooder = Flooder::new(100_000);
    let sandbox = sandbox();
    let end = Instant::now() + race_time();
    let mut known = BTreeSet::new();
    while known.is_empty() || Instant::now() < end {
        tally.run();
        let dir = std::thread::scope(|scope| {
            let run = || sandbox.ok(["run", "--wait", "--", "sh", "-c", &flooder.line]);
            let run = scope.spawn(run);
            let dir = new_job(&sandbox, &known);
            let (_, supervisor) = guardians(&dir);
            random_moment(Duration::from_millis(3));
            supervisor.kill();
            flooder.assert_whole(&sandbox, &run.join().unwrap());
            dir
        });
        known.insert(dir.file_name().unwrap().to_str().unwrap().to_owned());
    }
    sandbox.assert_nothing_left(SOON);
}

#[test]
fn both_killed_is_lost_and_says_who_lives_on() {
    let sandbox = sandbox();
    let id = shell(&sandbox, &[], "echo begun; sleep 300; exit 1");
    let dir = sandbox.job_dir(&id);
    wait_for_output(&dir, 6);
    let leader = leader(&dir);
    let answer = std::thread::scope(|scope| {
        let waiter = scope.spawn(|| sandbox.ok(["wait", &id]));
        kill_both(&dir);
        waiter.join().unwrap()
    });
    let how = [
        &answer["state"],
        &answer["cause"],
        &answer["exit_code"],
        &answer["output"],
    ];
    assert_eq!(
        json!(how),
        json!(["lost", "supervisor_lost", null, "lost"]),
        "{answer:#}"
    );
    assert_eq!(answer["snapshot"]["stdout"]["tail"], "begun\n");
    assert!(leader.is_alive());

    let recovered = sandbox.ok(["recover", &id]);
    let survivors = recovered["jobs"][0]["survivors"].as_array().unwrap();
    assert!(
        survivors.iter().any(|one| one["pid"] == leader.pid),
        "{recovered:#}"
    );

    let killed = sandbox.ok(["kill", &id]);
    // Without a control group nothing proves what is true.
    let proved = if answer["containment"] == "cgroup" {
        json!(true)
    } else {
        Value::Null
    };
    assert_eq!(killed["report"]["empty"], proved, "{killed:#}");
    assert_eq!(killed["report"]["survivors"], json!([]), "{killed:#}");
    assert_eq!(killed["already_finished"], false, "{killed:#}");
    assert_eq!(killed["state"], "lost");
    assert!(!leader.is_alive());
    sandbox.assert_nothing_left(Duration::ZERO);
    assert_eq!(sandbox.ok(["kill", &id])["already_finished"], true);
}

#[test]
fn the_code_of_a_leader_that_nobody_reaped_is_found() {
    const INSIDE: &str = "FOSTER_TEST_IS_SUBREAPER";
    if std::env::var_os(INSIDE).is_none() {
        // In a process of its own, which inherits the zombie and lets it lie.
        let mut inside = Command::new(std::env::current_exe().unwrap());
        inside.args([
            "--exact",
            "the_code_of_a_leader_that_nobody_reaped_is_found",
        ]);
        inside.env(INSIDE, "1");
        let done = finish(inside, None, DEADLINE);
        let shown = String::from_utf8_lossy(&done.stdout);
        assert!(
            done.status.success() && shown.contains("1 passed"),
            "{shown}"
        );
        return;
    }
    set_child_subreaper(Some(rustix::process::getpid())).unwrap();
    let sandbox = sandbox();
    let gate = Gate::new(&sandbox, "go");
    let id = shell(&sandbox, &[], "echo begun; read x < go; exit 6");
    let dir = sandbox.job_dir(&id);
    let (leader, (keeper, supervisor)) = (leader(&dir), guardians(&dir));
    wait_for_output(&dir, 6);
    for process in [keeper, supervisor] {
        assert!(process.signal(Signal::STOP));
    }
    gate.open();
    assert!(leader.wait_gone(SOON));
    kill_both(&dir);
    assert_eq!(leader.state(), Some('Z'));
    let status = sandbox.ok(["status", &id]);
    let how = [&status["state"], &status["cause"], &status["exit_code"]];
    assert_eq!(json!(how), json!(["exited", "exit", 6]), "{status:#}");
}

#[test]
fn two_who_recover_at_once_write_one_end() {
    let mut tally = Tally::new("both killed at once, two who recover at once");
    let end = Instant::now() + race_time();
    let mut rounds = 0;
    while rounds == 0 || Instant::now() < end {
        rounds += 1;
        tally.run();
        let sandbox = sandbox();
        let id = start(&sandbox, &[], &["sleep", "300"]);
        let dir = sandbox.job_dir(&id);
        kill_both(&dir);
        let recover = || sandbox.ok(["recover"]);
        std::thread::scope(|scope| {
            let other = scope.spawn(recover);
            recover();
            other.join().unwrap();
        });
        assert_eq!(count(&dir, "finished"), 1, "{:#?}", events(&dir));
        let status = sandbox.ok(["status", &id]);
        assert_eq!(status["state"], "lost", "{status:#}");
        assert_eq!(sandbox.ok(["list"])["jobs"][0]["state"], "lost");
        sandbox.ok(["kill", &id, "--grace", "0s"]);
    }
}

#[test]
fn the_exit_is_known_while_a_descendant_holds_the_output() {
    let sandbox = sandbox();
    let holder = program("hold-pipe");
    let command = [
        &holder,
        "--exit-code",
        "5",
        "--every",
        "20",
        "--pid-file",
        "pid",
    ];
    let id = start(&sandbox, &["--drain", "60s"], &command);
    let dir = sandbox.job_dir(&id);
    wait_for_event(&dir, "exited");
    let status = sandbox.ok(["status", &id]);
    let shown = [
        &status["state"],
        &status["exit_code"],
        &status["output"],
        &status["finished_at"],
    ];
    assert_eq!(
        json!(shown),
        json!(["running", 5, "open", null]),
        "{status:#}"
    );
    assert!(
        status["exited_at"].is_string() && status["duration_ms"].is_u64(),
        "{status:#}"
    );

    let printed = |status: &Value| status["stdout_bytes"].as_u64().unwrap();
    wait_for_output(&dir, printed(&status) + 60);
    let holder = wait_for_pid_file(&sandbox.work().join("pid"), SOON);
    assert!(holder.kill());
    let answer = sandbox.ok(["wait", &id, "--max-bytes", "1MiB", "--tail-lines", "100000"]);
    let how = [
        &answer["state"],
        &answer["cause"],
        &answer["exit_code"],
        &answer["output"],
    ];
    assert_eq!(
        json!(how),
        json!(["exited", "exit", 5, "complete"]),
        "{answer:#}"
    );
    assert!(answer["exited_at"].as_str() <= answer["finished_at"].as_str());
    let lines = text(&answer["snapshot"]["stdout"]["tail"]).lines();
    let good = |(number, line): (usize, &str)| line == format!("held {number:08}");
    assert!(
        lines.clone().count() > 3 && lines.enumerate().all(good),
        "{answer:#}"
    );
}

#[test]
fn what_holds_the_output_too_long_is_named_and_still_read() {
    let sandbox = sandbox();
    let holder = program("hold-pipe");
    let command = [
        "--",
        &holder,
        "--exit-code",
        "5",
        "--every",
        "20",
        "--pid-file",
        "pid",
    ];
    let options = ["run", "--wait", "--stragglers", "leave", "--drain", "300ms"];
    let answer = sandbox.ok([&options[..], &command].concat());
    let holder = wait_for_pid_file(&sandbox.work().join("pid"), SOON);
    let how = [
        &answer["state"],
        &answer["cause"],
        &answer["exit_code"],
        &answer["output"],
    ];
    assert_eq!(
        json!(how),
        json!(["exited", "exit", 5, "held_open"]),
        "{answer:#}"
    );
    assert_eq!(answer["snapshot"]["final"], false, "{answer:#}");
    assert_eq!(answer["tree_empty"], false, "{answer:#}");
    let pids = |list: &Value| -> Vec<i64> {
        let list = list.as_array().unwrap().iter();
        list.map(|one| one["pid"].as_i64().unwrap()).collect()
    };
    assert_eq!(
        pids(&answer["holders"]),
        [i64::from(holder.pid)],
        "{answer:#}"
    );
    assert_eq!(
        pids(&answer["stragglers"]),
        [i64::from(holder.pid)],
        "{answer:#}"
    );
    assert_eq!(answer["stragglers"][0]["ended"], false, "{answer:#}");

    let id = text(&answer["job_id"]);
    let dir = sandbox.job_dir(id);
    let so_far = answer["snapshot"]["stdout"]["observed_bytes"]
        .as_u64()
        .unwrap();
    wait_for_output(&dir, so_far + 60);
    let killed = sandbox.ok(["kill", id]);
    assert_eq!(killed["report"]["empty"], true, "{killed:#}");
    assert_eq!(killed["already_finished"], false, "{killed:#}");
    assert!(!holder.is_alive());
    sandbox.assert_nothing_left(SOON);
    let status = sandbox.ok(["status", id]);
    let how = [
        &status["state"],
        &status["exit_code"],
        &status["output"],
        &status["tree_empty"],
    ];
    assert_eq!(
        json!(how),
        json!(["exited", 5, "complete", true]),
        "{status:#}"
    );
    let log = fs::metadata(text(&status["stdout_log_path"]))
        .unwrap()
        .len();
    assert_eq!(status["stdout_bytes"], log, "{status:#}");
}

#[test]
fn stragglers_are_ended_and_listed() {
    let sandbox = sandbox();
    let holder = program("hold-pipe");
    let command = ["--", &holder, "--exit-code", "5", "--pid-file", "pid"];
    let answer = sandbox.ok([&["run", "--wait", "--drain", "200ms"][..], &command].concat());
    let pid: i32 = fs::read_to_string(sandbox.work().join("pid"))
        .unwrap()
        .trim()
        .parse()
        .unwrap();
    let how = [
        &answer["state"],
        &answer["exit_code"],
        &answer["output"],
        &answer["tree_empty"],
    ];
    assert_eq!(
        json!(how),
        json!(["exited", 5, "complete", true]),
        "{answer:#}"
    );
    assert_eq!(answer["stragglers"][0]["pid"], pid, "{answer:#}");
    assert_eq!(answer["stragglers"][0]["ended"], true, "{answer:#}");
    assert!(answer["hint"].is_string(), "{answer:#}");
}

#[test]
fn with_stragglers_wait_the_job_lasts_as_long_as_they_do() {
    let sandbox = sandbox();
    let holder = program("hold-pipe");
    let command = [
        "--",
        &holder,
        "--exit-code",
        "5",
        "--seconds",
        "1",
        "--every",
        "400",
    ];
    let options = ["run", "--wait", "--stragglers", "wait", "--drain", "100ms"];
    let answer = sandbox.ok([&options[..], &command].concat());
    let how = [
        &answer["state"],
        &answer["exit_code"],
        &answer["output"],
        &answer["tree_empty"],
    ];
    assert_eq!(
        json!(how),
        json!(["exited", 5, "complete", true]),
        "{answer:#}"
    );
    assert_eq!(
        answer["snapshot"]["stdout"]["tail"],
        "held 00000000\nheld 00000001\nheld 00000002\n"
    );
}

#[test]
fn closing_the_output_is_not_the_end() {
    let sandbox = sandbox();
    let closer = program("close-stdout");
    let id = start(
        &sandbox,
        &[],
        &[&closer, "--seconds", "1.5", "--exit-code", "4"],
    );
    let dir = sandbox.job_dir(&id);
    wait_for_event(&dir, "closed");
    let status = sandbox.ok(["status", &id]);
    let how = [&status["state"], &status["output"], &status["exited_at"]];
    assert_eq!(
        json!(how),
        json!(["running", "complete", null]),
        "{status:#}"
    );
    let answer = sandbox.ok(["wait", &id]);
    let how = [&answer["state"], &answer["exit_code"], &answer["output"]];
    assert_eq!(json!(how), json!(["exited", 4, "complete"]), "{answer:#}");
    assert_eq!(answer["snapshot"]["stdout"]["tail"], "ready\n");
    assert!(
        answer["duration_ms"].as_u64().unwrap() >= 1400,
        "{answer:#}"
    );
}

/// A small file system, mounted on the root of a sandbox.
struct SmallDisk<'a>(&'a Sandbox);

impl<'a> SmallDisk<'a> {
    fn new(sandbox: &'a Sandbox, size: &str) -> Option<Self> {
        let mut mount = Command::new("mount");
        mount.args([
            "-t",
            "tmpfs",
            "-o",
            &format!("size={size},mode=700"),
            "tmpfs",
        ]);
        let mounted = is_root()
            && mount
                .arg(sandbox.root())
                .status()
                .is_ok_and(|s| s.success());
        mounted.then_some(Self(sandbox))
    }
}

impl Drop for SmallDisk<'_> {
    fn drop(&mut self) {
        for process in self.0.left_over() {
            process.kill();
        }
        let _ = Command::new("umount").arg("-l").arg(self.0.root()).status();
    }
}

/// The files of a stream, each with the offset that its name tells.
fn kept_pieces(head: &Path) -> Vec<(u64, Vec<u8>)> {
    let name = head.file_name().unwrap().to_str().unwrap();
    let files = fs::read_dir(head.parent().unwrap()).unwrap().flatten();
    let piece = |entry: fs::DirEntry| {
        let rest = entry.file_name().to_str()?.strip_prefix(name)?.to_owned();
        let from = rest
            .strip_prefix('.')
            .map_or(Some(0), |digits| digits.parse().ok())?;
        Some((from, fs::read(entry.path()).unwrap()))
    };
    let mut pieces: Vec<_> = files.filter_map(piece).collect();
    pieces.sort();
    pieces
}

#[test]
fn a_full_disk_stops_neither_the_job_nor_the_record_of_its_end() {
    let sandbox = sandbox();
    let disk = SmallDisk::new(&sandbox, "1m");
    if !require("mounting a small file system", disk.is_some()) {
        return;
    }
    let bytes = 8 << 20;
    let line = format!(
        "{} --stdout {bytes}; echo over >&2; exit 7",
        program("flood")
    );
    let run = ["run", "--wait", "--timeout", "30s", "--", "sh", "-c", &line];
    let answer = sandbox.ok(run);
    let how = [
        &answer["state"],
        &answer["cause"],
        &answer["exit_code"],
        &answer["output"],
    ];
    assert_eq!(
        json!(how),
        json!(["exited", "exit", 7, "complete"]),
        "{answer:#}"
    );
    let stdout = &answer["snapshot"]["stdout"];
    assert_eq!(stdout["observed_bytes"], bytes, "{}", stdout["omitted"]);
    // Where the disk had room again for a moment, a later piece may be kept too.
    let pieces = kept_pieces(Path::new(text(&answer["stdout_log_path"])));
    let mut kept = 0;
    for (from, piece) in &pieces {
        let mut wanted = vec![0; piece.len()];
        fill_flood(Stream::Stdout, *from, &mut wanted);
        assert!(
            *piece == wanted,
            "what is kept from {from} on is something else"
        );
        kept += piece.len();
    }
    assert!(
        pieces[0].1.len() > 100_000,
        "{} bytes were kept",
        pieces[0].1.len()
    );
    assert_eq!(
        stdout["omitted"][0][0],
        pieces[0].1.len(),
        "{}",
        stdout["omitted"]
    );
    assert_eq!(
        stdout["omitted_bytes"],
        bytes - kept,
        "{}",
        stdout["omitted"]
    );
    let gaps = stdout["omitted"].as_array().unwrap().iter();
    let gaps = gaps.map(|gap| gap[1].as_u64().unwrap() - gap[0].as_u64().unwrap());
    assert_eq!(stdout["omitted_bytes"], gaps.sum::<u64>());

    // A new process, which knows only the files, says the same; also after a recovery.
    let id = text(&answer["job_id"]);
    sandbox.assert_nothing_left(SOON);
    sandbox.ok(["recover", id]);
    for again in [
        sandbox.ok(["status", id]),
        sandbox.ok(["list"])["jobs"][0].take(),
    ] {
        let how = [&again["state"], &again["cause"], &again["exit_code"]];
        assert_eq!(json!(how), json!(["exited", "exit", 7]), "{again:#}");
    }
    drop(disk);
}

/// Reads a stream by `tail --from` to its end; returns the pieces with their offsets.
fn read_on(sandbox: &Sandbox, id: &str, step: &str) -> Vec<(u64, String)> {
    let (mut from, mut pieces) = (0, Vec::new());
    loop {
        let at = from.to_string();
        let mut answer = sandbox.ok(["tail", id, "--stdout", "--from", &at, "--max-bytes", step]);
        let excerpt = answer["stdout"].take();
        let range = [
            excerpt["range"][0].as_u64().unwrap(),
            excerpt["range"][1].as_u64().unwrap(),
        ];
        if range[0] == range[1] {
            return pieces;
        }
        pieces.push((range[0], text(&excerpt["tail"]).to_owned()));
        from = range[1];
    }
}

#[test]
fn a_cap_keeps_head_and_tail_and_tells_what_is_between() {
    let sandbox = sandbox();
    // Lines of eight bytes, whose number tells their offset: 10 MiB.
    let total: u64 = 10 << 20;
    let last = (total / 8).to_string();
    let run = [
        "run",
        "--wait",
        "--log-cap",
        "64KiB",
        "--",
        "seq",
        "-w",
        "1",
        &last,
    ];
    let answer = sandbox.ok(run);
    let id = text(&answer["job_id"]);
    let stdout = &answer["snapshot"]["stdout"];
    assert_eq!(stdout["observed_bytes"], total, "{stdout:#}");
    let omitted = stdout["omitted"].as_array().unwrap();
    assert_eq!(omitted.len(), 1, "{stdout:#}");
    let gap = [
        omitted[0][0].as_u64().unwrap(),
        omitted[0][1].as_u64().unwrap(),
    ];
    assert_eq!(stdout["omitted_bytes"], gap[1] - gap[0], "{stdout:#}");
    let kept = total - (gap[1] - gap[0]);
    assert!(
        (48 << 10..=80 << 10).contains(&kept),
        "{kept} bytes are kept"
    );
    assert!(
        gap[0] >= 16 << 10 && total - gap[1] >= 16 << 10,
        "no head or no tail: {gap:?}"
    );

    let pieces = read_on(&sandbox, id, "10KiB");
    let mut at = 0;
    for (from, piece) in &pieces {
        if at == gap[0] {
            at = gap[1];
        }
        assert_eq!(*from, at);
        for byte in piece.bytes() {
            let line = format!("{:07}\n", at / 8 + 1);
            assert_eq!(byte, line.as_bytes()[(at % 8) as usize], "at {at}");
            at += 1;
        }
    }
    assert_eq!(at, total);
    // The tail of the snapshot is that of the stream.
    assert!(
        text(&stdout["tail"]).ends_with(&format!("{last}\n")),
        "{stdout:#}"
    );
    assert_eq!(stdout["range"][1], total);
}

fn count_x(bytes: &[u8]) -> usize {
    bytes.iter().map(|byte| usize::from(*byte == b'x')).sum()
}

#[test]
fn a_line_without_end_is_only_long() {
    let sandbox = sandbox();
    let megabytes: usize = if cfg!(debug_assertions) { 16 } else { 100 };
    let bytes = megabytes << 20;
    let line = format!("head -c {bytes} /dev/zero | tr '\\0' x");
    let answer = sandbox.ok(["run", "--wait", "--log", "all.log", "--shell", &line]);
    assert_eq!(answer["exit_code"], 0);
    let stdout = &answer["snapshot"]["stdout"];
    assert_eq!(stdout["observed_bytes"], bytes);
    assert_eq!(stdout["included_bytes"], 64 << 10, "the default bound");
    assert_eq!(stdout["truncated"], true);
    let log = fs::read(text(&answer["stdout_log_path"])).unwrap();
    assert!(log.len() == bytes && log.iter().all(|byte| *byte == b'x'));
    let interleaved = fs::read(sandbox.work().join("all.log")).unwrap();
    let letters = count_x(&interleaved);
    assert_eq!(letters, bytes);
    let mut logs = sandbox.foster();
    logs.args(["logs", "@1", "--output", "text"]);
    let shown = finish(logs, None, DEADLINE).stdout;
    assert_eq!(count_x(&shown), bytes);
}

fn launcher(sandbox: &Sandbox, line: &str) -> Child {
    let mut run = sandbox.foster();
    run.args(["run", "--wait", "--", "sh", "-c", line]);
    run.stdout(Stdio::null()).stderr(Stdio::null());
    run.process_group(0).spawn().unwrap()
}

#[test]
fn the_job_outlives_its_launcher_and_the_launchers_group() {
    for group in [false, true] {
        let sandbox = sandbox();
        let gate = Gate::new(&sandbox, "go");
        let mut launcher = launcher(&sandbox, "echo before; read x < go; echo after; exit 3");
        let dir = new_job(&sandbox, &BTreeSet::new());
        wait_for_event(&dir, "started");
        if group {
            // Its leader is our child and not reaped: the number is its own.
            kill_process_group(Pid::from_child(&launcher), Signal::KILL).unwrap();
        } else {
            launcher.kill().unwrap();
        }
        launcher.wait().unwrap();
        gate.open();
        let answer = sandbox.ok(["wait", "@1"]);
        assert_eq!(answer["exit_code"], 3, "{answer:#}");
        assert_eq!(answer["snapshot"]["stdout"]["tail"], "before\nafter\n");
    }
}

#[test]
fn a_launcher_killed_at_any_moment_leaves_a_job_that_ends_or_none() {
    let mut tally = Tally::new("launcher killed at any moment, the job prints");
    let sandbox = sandbox();
    let flooder = Flooder::new(50_000);
    let end = Instant::now() + race_time();
    let (mut rounds, mut whole) = (0, 0);
    let mut known = BTreeSet::new();
    while rounds < 5 || Instant::now() < end {
        rounds += 1;
        tally.run();
        let mut launcher = launcher(&sandbox, &flooder.line);
        random_moment(LAUNCH);
        launcher.kill().unwrap();
        launcher.wait().unwrap();
        for id in job_ids(&sandbox) {
            if !known.insert(id.clone()) {
                continue;
            }
            let answer = sandbox.json(["wait", &id, "--timeout", "20s"]).value;
            if executions(&sandbox, &id) > 0 || answer["state"] == "exited" {
                flooder.assert_whole(&sandbox, &answer);
                whole += 1;
            } else {
                // Never executed. It is not said to run, and the listing knows it.
                let (code, state) = (&answer["error"]["code"], &answer["state"]);
                let told = *code == "invalid_state" || *code == "damaged_job" || *state == "lost";
                assert!(told, "{answer:#}");
            }
        }
    }
    let listed = sandbox.ok(["list", "--limit", "100000"]);
    let listed = listed["jobs"].as_array().unwrap();
    assert!(
        listed.iter().all(|job| job["state"] != "running"),
        "{listed:#?}"
    );
    assert!(whole > 0 || rounds < 20, "no job of {rounds} was executed");
    sandbox.assert_nothing_left(SOON);
}

#[test]
fn standard_input_from_a_file_is_read_whole() {
    let sandbox = sandbox();
    let input = flood(Stream::Stdout, 1_000_003);
    fs::write(sandbox.work().join("input"), &input).unwrap();
    let echo = program("echo-stdin");
    let answer = sandbox.ok(["run", "--wait", "--stdin-file", "input", "--", &echo]);
    assert_log(&answer, Stream::Stdout, &input);
    assert_eq!(answer["snapshot"]["stderr"]["tail"], "1000003 bytes\n");
    // Without it there is nothing to read, whatever the caller has.
    let mut run = sandbox.foster();
    run.args(["run", "--wait", "--", &echo]);
    let answer = sandbox.json_of(run, Some(b"not for the job")).into_ok();
    assert_eq!(answer["snapshot"]["stderr"]["tail"], "0 bytes\n");
    let (code, answer) = sandbox.err(["run", "--stdin-file", "none", "--", &echo]);
    assert_eq!(code, "bad_stdin");
    let status = sandbox.ok(["status", text(&answer["error"]["job_id"])]);
    assert_eq!(status["failure"]["code"], "bad_stdin", "{status:#}");
}

#[test]
fn the_interleaved_log_has_every_line_of_each_stream_in_order() {
    let sandbox = sandbox();
    let flood = program("flood");
    let run = [
        "run",
        "--wait",
        "--log",
        "deep/down/all.log",
        "--",
        &flood,
        "--lines",
        "3000",
    ];
    let answer = sandbox.ok(run);
    let path = sandbox.work().join("deep/down/all.log");
    assert_eq!(text(&answer["log_path"]), path.to_str().unwrap());
    let log = fs::read_to_string(path).unwrap();
    let mut next = [0, 0];
    for line in log.lines() {
        let (time, rest) = line.split_once(' ').unwrap();
        assert!(time.ends_with('Z') && time.len() == 24, "{line}");
        let (index, stream, rest) = match rest.strip_prefix("[STDOUT] ") {
            Some(rest) => (0, Stream::Stdout, rest),
            None => (1, Stream::Stderr, rest.strip_prefix("[STDERR] ").unwrap()),
        };
        assert_eq!(format!("{rest}\n"), flood_line(stream, next[index]));
        next[index] += 1;
    }
    assert_eq!(next, [3000, 3000]);
}
