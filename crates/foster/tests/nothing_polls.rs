//! Whoever waits sleeps in the kernel: while nothing happens, neither keeper nor supervisor nor any
//! waiter wakes up; when something does, it is told at once.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at what it did not expect"
)]

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use foster_testkit::{Sandbox, Watched};
use serde_json::Value;

const SOON: Duration = Duration::from_secs(30);

fn sandbox() -> Sandbox {
    Sandbox::new(env!("CARGO_BIN_EXE_foster"))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

fn start(sandbox: &Sandbox, options: &[&str], command: &[&str]) -> String {
    let args = [&["run", "--no-wait"], options, &["--"], command].concat();
    text(&sandbox.ok(args)["job_id"]).to_owned()
}

/// Keeper and supervisor of a job.
fn guardians(sandbox: &Sandbox, id: &str) -> [Watched; 2] {
    let state = fs::read(sandbox.job_dir(id).join("state.json")).unwrap();
    let state: Value = serde_json::from_slice(&state).unwrap();
    ["keeper", "supervisor"].map(|who| Watched::from_json(&state["record"][who]).unwrap())
}

/// A background call of `foster`, ended when it is dropped.
struct Waiting(Child);

impl Waiting {
    fn new(sandbox: &Sandbox, args: &[&str]) -> Self {
        let mut command = sandbox.foster();
        command
            .args(args)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        Self(command.spawn().unwrap())
    }

    fn watched(&self) -> Watched {
        Watched::from_pid(self.0.id() as i32).unwrap()
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What a process has done so far.
#[derive(Debug, PartialEq, Eq)]
struct Work {
    /// How often it went to sleep, and so how often it woke.
    sleeps: u64,
    /// How often it was interrupted while it ran.
    preempted: u64,
    /// Processor time, in clock ticks.
    ticks: u64,
}

fn status(process: Watched, name: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", process.pid)).unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    line.unwrap().trim().parse().unwrap()
}

fn work(process: Watched) -> Work {
    let stat = fs::read_to_string(format!("/proc/{}/stat", process.pid)).unwrap();
    let fields = stat.rsplit_once(") ").unwrap().1.split(' ');
    let ticks = fields
        .skip(11)
        .take(2)
        .map(|ticks| ticks.parse::<u64>().unwrap());
    Work {
        sleeps: status(process, "voluntary_ctxt_switches"),
        preempted: status(process, "nonvoluntary_ctxt_switches"),
        ticks: ticks.sum(),
    }
}

/// Returns after `time`, told by the end of another job in another root.
fn pass(time: &str) {
    let clock = sandbox();
    let run = [
        "run",
        "--wait",
        "--timeout",
        time,
        "--kill-after",
        "0s",
        "--",
        "sleep",
        "100",
    ];
    assert_eq!(clock.ok(run)["cause"], "timeout");
}

#[test]
fn nobody_wakes_while_nothing_happens() {
    let sandbox = sandbox();
    let idle = start(
        &sandbox,
        &["--timeout", "1h"],
        &["sh", "-c", "echo begun; sleep 600"],
    );
    // Open input and limits that are far away cost nothing either.
    let options = ["--stdin", "open", "--idle-timeout", "1h"];
    let quiet = start(&sandbox, &options, &["sleep", "600"]);
    sandbox.ok(["send", &quiet, "to wait in its pipe"]);
    sandbox.ok(["deadline", &quiet, "2h"]);
    let calls: [&[&str]; 6] = [
        &["wait", &idle],
        &["wait", &idle, &quiet, "--timeout", "1h"],
        &["wait", &idle, &quiet, "--any"],
        &["logs", &idle, "--follow"],
        &["run", "--wait", "--name", "third", "--", "sleep", "600"],
        &[
            "run",
            "--snapshot-after",
            "1h",
            "--name",
            "fourth",
            "--",
            "sleep",
            "600",
        ],
    ];
    let waiting = calls.map(|call| Waiting::new(&sandbox, call));
    // Time for them to get to their rest.
    pass("1s");
    let mut watched: Vec<(String, Watched)> = Vec::new();
    for (call, waiting) in calls.iter().zip(&waiting) {
        watched.push((call.join(" "), waiting.watched()));
    }
    for id in sandbox.job_ids() {
        let [keeper, supervisor] = guardians(&sandbox, &id);
        watched.push((format!("keeper of {id}"), keeper));
        watched.push((format!("supervisor of {id}"), supervisor));
    }
    assert_eq!(
        watched.len(),
        6 + 2 * 4,
        "two jobs were to be started by the calls"
    );
    let before: Vec<_> = watched.iter().map(|(_, process)| work(*process)).collect();
    pass("1500ms");
    for ((name, process), before) in watched.into_iter().zip(before) {
        assert_eq!(work(process), before, "{name}");
        assert_eq!(process.state(), Some('S'), "{name}");
        assert_eq!(status(process, "Threads"), 1, "{name}");
    }
}

/// A job that ends when the test lets it: `(its id, the FIFO that it reads from)`.
fn gated(sandbox: &Sandbox, name: &str) -> (String, PathBuf) {
    let fifo = sandbox.work().join(name);
    assert!(
        Command::new("mkfifo")
            .arg(&fifo)
            .status()
            .unwrap()
            .success()
    );
    let line = format!("read x < {name}; exit 3");
    (start(sandbox, &[], &["sh", "-c", &line]), fifo)
}

fn let_go(fifo: &PathBuf) {
    let mut fifo = OpenOptions::new().write(true).open(fifo).unwrap();
    fifo.write_all(b"go\n").unwrap();
}

#[test]
fn a_waiter_is_told_at_once() {
    let sandbox = sandbox();
    // The best of a few: what others do on this machine is not our latency.
    let latency = |number: usize| {
        let (id, fifo) = gated(&sandbox, &format!("go{number}"));
        std::thread::scope(|scope| {
            let waiter = scope.spawn(|| (sandbox.ok(["wait", &id]), Instant::now()));
            // Time for it to get to its rest.
            pass("200ms");
            let_go(&fifo);
            let begun = Instant::now();
            let (answer, told) = waiter.join().unwrap();
            assert_eq!(answer["exit_code"], 3, "{answer:#}");
            assert_eq!(answer["reason"], "finished", "{answer:#}");
            told.saturating_duration_since(begun)
        })
    };
    let best = (0..5).map(latency).min().unwrap();
    assert!(best < Duration::from_millis(500), "{best:?}");
}

#[test]
fn a_deadline_ends_the_waiting_and_not_the_job() {
    let sandbox = sandbox();
    let id = start(&sandbox, &[], &["sleep", "600"]);
    let answer = sandbox.ok(["wait", &id, "--timeout", "300ms"]);
    assert_eq!(answer["reason"], "deadline", "{answer:#}");
    assert_eq!(answer["state"], "running", "{answer:#}");
    assert_eq!(answer["snapshot"]["final"], false, "{answer:#}");
    let waited = answer["waited_ms"].as_u64().unwrap();
    assert!((300..10_000).contains(&waited), "{answer:#}");
    assert!(text(&answer["hint"]).contains(&id), "{answer:#}");
    let now = sandbox.ok(["wait", &id, "--timeout", "0s"]);
    assert_eq!(now["reason"], "deadline", "{now:#}");
    assert_eq!(sandbox.ok(["status", &id])["state"], "running");
}

#[test]
fn any_is_told_with_the_first_and_all_with_the_last() {
    let sandbox = sandbox();
    let (first, first_fifo) = gated(&sandbox, "one");
    let (second, second_fifo) = gated(&sandbox, "two");
    std::thread::scope(|scope| {
        let any = scope.spawn(|| sandbox.ok(["wait", "--any", &first, &second]));
        let all = scope.spawn(|| sandbox.ok(["wait", &first, &second]));
        let_go(&second_fifo);
        let any = any.join().unwrap();
        assert_eq!(any["reason"], "any_finished", "{any:#}");
        assert_eq!(any["jobs"][0]["job_id"], *first, "in the order of the call");
        assert_eq!(any["jobs"][0]["state"], "running", "{any:#}");
        assert_eq!(any["jobs"][1]["state"], "exited", "{any:#}");
        assert!(!all.is_finished());
        let_go(&first_fifo);
        let all = all.join().unwrap();
        assert_eq!(all["reason"], "finished", "{all:#}");
        assert!(
            all["jobs"]
                .as_array()
                .unwrap()
                .iter()
                .all(|job| job["exit_code"] == 3)
        );
    });
    // What is over is told without waiting; what is not there is told in its place.
    assert_eq!(sandbox.ok(["wait", &first])["reason"], "finished");
    let (code, answer) = sandbox.err(["wait", &first, "nobody"]);
    assert_eq!(code, "some_failed");
    assert_eq!(answer["jobs"][0]["state"], "exited", "{answer:#}");
    assert_eq!(
        answer["jobs"][1]["error"]["code"], "job_not_found",
        "{answer:#}"
    );
}

#[test]
fn an_end_while_the_job_prints_wakes_a_waiter_only_at_the_end() {
    let sandbox = sandbox();
    let drip = foster_testkit::habit("drip");
    let command = [drip.to_str().unwrap(), "--every", "20"];
    let id = start(&sandbox, &[], &command);
    let waiting = Waiting::new(&sandbox, &["wait", &id]);
    pass("1s");
    let before = work(waiting.watched());
    pass("500ms");
    assert_eq!(
        work(waiting.watched()),
        before,
        "output is nothing to a waiter"
    );
    sandbox.ok(["kill", &id]);
    assert!(waiting.watched().wait_gone(SOON));
}
