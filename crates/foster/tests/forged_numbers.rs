//! Whatever number stands in a job's files in the place of a process, and whoever has it: no verb sends
//! it a signal. In a PID namespace, where the first process, this test, and a bystander show each signal
//! that they were ever sent, and 0 and -1 mean nobody but them.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "this is a test")]

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use foster_testkit::{
    Bystander, Sandbox, Tally, Watched, harm_of, is_root, kill_at_once, require, wait_on_dir,
};
use rustix::process::Signal;
use serde_json::{Value, json};

const SOON: Duration = Duration::from_secs(30);
const INSIDE: &str = "FORGED_NUMBERS_INSIDE";

type Forge = fn(&Value, Watched) -> Value;

/// Each way to write down who is not meant, given who is.
const FORGERIES: [(&str, Forge); 4] = [
    ("all else is the job's", |old, other| {
        let mut new = old.clone();
        new["pid"] = other.pid.into();
        new
    }),
    (
        "of another time",
        |_, other| json!({ "pid": other.pid, "start_time": other.start_time + 1, "unique": null }),
    ),
    ("of the same time, and another", |old, other| {
        let unique = old["unique"].as_u64().unwrap_or(7);
        json!({ "pid": other.pid, "start_time": other.start_time, "unique": unique })
    }),
    (
        "nothing but the number",
        |_, other| json!({ "pid": other.pid, "start_time": null, "unique": null }),
    ),
];

/// Every verb that looks for a job's processes, in the order in which they leave something to the next.
const VERBS: [&[&str]; 16] = [
    &["status", "JOB"],
    &["processes", "JOB"],
    &["list", "--all"],
    &["wait", "JOB", "--timeout", "10ms"],
    &["send", "JOB", "text"],
    &["kill", "JOB", "--signal", "USR1", "--to", "leader"],
    &["kill", "JOB", "--signal", "USR1", "--to", "group"],
    &["kill", "JOB", "--signal", "USR1"],
    &["recover"],
    &["deadline", "JOB", "0s"],
    &["start", "JOB"],
    &["gc", "--max-jobs", "1"],
    &["kill", "JOB", "--grace", "20ms"],
    &["kill", "JOB", "--signal", "KILL"],
    &["restart", "JOB", "--no-wait"],
    &["delete", "--kill", "JOB"],
];

#[test]
fn no_verb_signals_a_number_of_a_job_that_nobody_looks_after() {
    isolated(
        "no_verb_signals_a_number_of_a_job_that_nobody_looks_after",
        || {
            let title = "files of an orphaned job forged, with each number, before each verb";
            try_all(title, true);
        },
    );
}

#[test]
fn no_verb_signals_a_number_of_a_job_that_is_supervised() {
    isolated(
        "no_verb_signals_a_number_of_a_job_that_is_supervised",
        || {
            let title = "files of a supervised job forged, with each number, before each verb";
            try_all(title, false);
        },
    );
}

fn try_all(title: &str, is_orphan: bool) {
    let mut tally = Tally::new(title);
    let sandbox = Sandbox::new(env!("CARGO_BIN_EXE_foster"));
    let bystander = bystander();
    let living = [bystander.watched(), own(), process(1)];
    // Nobody has these.
    let nobodys = [0, -1, i32::MIN, i32::MAX, -own().pid].map(|pid| Watched { pid, start_time: 1 });
    for other in living.into_iter().chain(nobodys) {
        // Of nobody nothing else can be told.
        let ways = if living.contains(&other) { 4 } else { 1 };
        for (forgery, forged) in FORGERIES.into_iter().take(ways) {
            let job = Job::start(&sandbox, is_orphan);
            for verb in VERBS {
                tally.run();
                job.forge(&|old| forged(old, other));
                let verb = verb.iter().map(|word| word.replace("JOB", &job.id));
                let verb: Vec<String> = verb.collect();
                let answer = sandbox.json(&verb).value;
                if let Some(harm) = living.into_iter().find_map(harm_of) {
                    // It is seen as long as they live, and said of the verb that did it.
                    let who = other.pid;
                    return tally
                        .stranger_hit(format!("{verb:?}, {who} {forgery}: {harm}: {answer}"));
                }
            }
            tally.escaped_unless(job.leader.wait_gone(SOON), || {
                format!("the leader, {} {forgery}", other.pid)
            });
            tally.lost_unless(job.is_deleted(&sandbox), || {
                format!("{} {forgery}: not deleted", other.pid)
            });
        }
    }
}

/// Supervisor and keeper are woken if somebody stopped them: by what is written of them.
#[test]
fn nobody_else_is_woken_in_the_place_of_a_stopped_supervisor() {
    let name = "nobody_else_is_woken_in_the_place_of_a_stopped_supervisor";
    isolated(name, || {
        let mut tally = Tally::new("files of a job with a stopped supervisor forged, then kill");
        let sandbox = Sandbox::new(env!("CARGO_BIN_EXE_foster"));
        let bystander = bystander();
        let job = Job::start(&sandbox, false);
        for own in job.own {
            assert!(own.signal(Signal::STOP));
        }
        job.forge(&|old| FORGERIES[0].1(old, bystander.watched()));
        tally.run();
        let answer = sandbox.json(["kill", &job.id]).value;
        assert_eq!(answer["ok"], false, "{answer:#}");
        if let Some(harm) = bystander.harm() {
            tally.stranger_hit(harm);
        }
        for own in job.own {
            assert!(own.signal(Signal::CONT));
        }
        sandbox.ok(["kill", &job.id, "--grace", "0s"]);
        tally.escaped_unless(job.leader.wait_gone(SOON), || "the leader".to_owned());
    });
}

fn bystander() -> Bystander {
    let mut command = Command::new("sh");
    command.args(["-c", "echo ready; exec sleep 300"]);
    Bystander::start(&command)
}

fn process(pid: i32) -> Watched {
    Watched::from_pid(pid).unwrap()
}

fn own() -> Watched {
    process(std::process::id().cast_signed())
}

/// A job that runs.
struct Job {
    id: String,
    dir: PathBuf,
    leader: Watched,
    /// Keeper and supervisor.
    own: [Watched; 2],
}

impl Job {
    fn start(sandbox: &Sandbox, is_orphan: bool) -> Self {
        let line = "trap '' USR1; echo ready; while :; do sleep 100; done";
        let answer = sandbox.ok(["run", "--no-wait", "--stdin", "open", "--shell", line]);
        let id = answer["job_id"].as_str().unwrap().to_owned();
        let dir = sandbox.job_dir(&id);
        let log = dir.join("runs/1/stdout.log");
        let is_ready = || {
            fs::read(&log)
                .is_ok_and(|log| log == b"ready\n")
                .then_some(())
        };
        wait_on_dir(log.parent().unwrap(), SOON, is_ready).unwrap();
        let state = read(&dir.join("state.json"));
        let process = |who: &str| Watched::from_json(&state["record"][who]).unwrap();
        let own = ["keeper", "supervisor"].map(process);
        if is_orphan {
            kill_at_once(&own);
        }
        Self {
            leader: process("leader"),
            id,
            dir,
            own,
        }
    }

    /// Returns whether it is deleted, or can be once those who looked after it have gone: where its files don't say
    /// who they are, a deletion that meets them on their way out can't wait for them, and is refused.
    fn is_deleted(&self, sandbox: &Sandbox) -> bool {
        if self.dir.exists() && self.own.iter().all(|process| process.wait_gone(SOON)) {
            sandbox.json(["delete", "--kill", &self.id]);
        }
        !self.dir.exists()
    }

    /// Puts another identity in the place of each that its files have.
    fn forge(&self, forged: &dyn Fn(&Value) -> Value) {
        let state = self.dir.join("state.json");
        let mut document = read(&state);
        replace(&mut document, forged);
        fs::write(&state, document.to_string()).unwrap();
        let journal = self.dir.join("events.ndjson");
        let mut lines = Vec::new();
        for line in fs::read_to_string(&journal).unwrap().lines() {
            // A supervisor writes to it at the same time: a line may be cut.
            let Ok(mut event) = serde_json::from_str(line) else {
                continue;
            };
            replace(&mut event, forged);
            writeln!(lines, "{event}").unwrap();
        }
        fs::write(&journal, lines).unwrap();
    }
}

fn read(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn replace(document: &mut Value, forged: &dyn Fn(&Value) -> Value) {
    match document {
        Value::Object(fields) if fields.contains_key("pid") && fields.contains_key("unique") => {
            *document = forged(document);
        }
        Value::Object(fields) => {
            for (key, value) in fields.iter_mut() {
                if key == "pid" && !value.is_null() {
                    *value = forged(&json!({ "pid": value }))["pid"].take();
                } else {
                    replace(value, forged);
                }
            }
        }
        Value::Array(all) => all.iter_mut().for_each(|value| replace(value, forged)),
        _ => {}
    }
}

/// Runs a case in a process of its own, the second of a PID namespace; it and the first have all signals
/// blocked, so that those that are sent stay to be seen.
fn isolated(name: &str, case: impl FnOnce()) {
    if std::env::var_os(INSIDE).is_some() {
        return case();
    }
    if !require("root, to make a PID namespace", is_root()) {
        return;
    }
    let mut command = Command::new("setpriv");
    // The namespace ends with this thread, or after some minutes.
    command.args(["--pdeathsig", "KILL", "timeout", "-s", "KILL", "300"]);
    command.args(["unshare", "--pid", "--mount", "--mount-proc", "--fork"]);
    // A shell would let the signals through again. This one forks and waits, and does nothing else.
    command.args(["--kill-child=KILL", "env", "--block-signal"]);
    command.args(["unshare", "--fork"]);
    command.arg(std::env::current_exe().unwrap());
    command.args([name, "--exact", "--nocapture", "--test-threads=1"]);
    let output = command.env(INSIDE, "1").output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (said, error) = (text(&output.stdout), text(&output.stderr));
    assert!(
        output.status.success() && said.contains("1 passed"),
        "{said}\n{error}"
    );
}
