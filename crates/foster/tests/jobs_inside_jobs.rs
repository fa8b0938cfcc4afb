//! A job that is started inside a job belongs to it: it ends with it, and its record says so.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "this is a test")]

use std::fs;
use std::time::{Duration, Instant};

use foster_testkit::{Sandbox, Watched, habit, race_time, require, wait_on_dir};
use serde_json::Value;

const SOON: Duration = Duration::from_secs(30);
const FOSTER: &str = env!("CARGO_BIN_EXE_foster");

fn sandbox() -> Sandbox {
    Sandbox::new(FOSTER)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

fn process(pid: &Value) -> Watched {
    Watched::from_pid(pid.as_i64().unwrap() as i32).unwrap()
}

/// Waits for an answer that a job writes to a file in the work directory.
fn answer_in(sandbox: &Sandbox, name: &str) -> Value {
    let path = sandbox.work().join(name);
    let answer = wait_on_dir(sandbox.work(), SOON, || {
        serde_json::from_slice::<Value>(&fs::read(&path).ok()?).ok()
    });
    let answer = answer.unwrap_or_else(|| panic!("{name} does not come"));
    assert_eq!(answer["ok"], true, "{answer:#}");
    answer
}

/// An outer job, and an inner one that it has started and knows to run.
struct Pair {
    outer: String,
    inner: String,
    /// The leaders, and the inner job's keeper and supervisor.
    processes: Vec<Watched>,
}

impl Pair {
    /// `inner` is what the inner job executes; `then` is what the outer one does after starting it.
    fn start(sandbox: &Sandbox, options: &[&str], inner: &[&str], then: &str) -> Self {
        // The inner job's supervisor is made to listen first: how an end is told that comes before
        // that is a test of its own.
        let line = format!(
            "mkfifo go; \"$0\" run --no-wait --name inner -- \"$@\" > answer
            \"$0\" wait inner --timeout 100ms > /dev/null; mv answer inner.json; {then}"
        );
        let mut args = vec!["run", "--no-wait"];
        args.extend(options);
        args.extend(["--", "sh", "-c", &line, FOSTER]);
        args.extend(inner);
        let outer = sandbox.ok(args);
        let inner = answer_in(sandbox, "inner.json");
        let (outer_id, inner_id) = (text(&outer["job_id"]), text(&inner["job_id"]));
        assert_ne!(outer_id, inner_id);
        let mark = text(&inner["outer_job"]);
        assert!(mark.starts_with(&format!("{outer_id}/")), "{mark}");
        assert_eq!(outer["outer_job"], Value::Null, "{outer:#}");
        let state = fs::read(sandbox.job_dir(inner_id).join("state.json")).unwrap();
        let state: Value = serde_json::from_slice(&state).unwrap();
        let mut processes = vec![process(&inner["pid"])];
        for who in ["keeper", "supervisor"] {
            processes.push(Watched::from_json(&state["record"][who]).unwrap());
        }
        Self {
            outer: outer_id.to_owned(),
            inner: inner_id.to_owned(),
            processes,
        }
    }

    /// Lets an outer job go on whose next command is `cat go`.
    fn go(sandbox: &Sandbox) {
        let go = sandbox.work().join("go");
        fs::File::options().write(true).open(go).unwrap();
    }

    /// What must be true as soon as the outer job is over.
    fn assert_all_gone(&self, sandbox: &Sandbox) {
        let alive: Vec<_> = self.processes.iter().filter(|p| p.is_alive()).collect();
        assert!(alive.is_empty(), "still alive: {alive:?}");
        sandbox.assert_nothing_left(SOON);
        for job in [&self.outer, &self.inner] {
            let status = sandbox.ok(["status", job]);
            assert_ne!(status["state"], "running", "{status:#}");
            assert_eq!(status["supervision"], "none", "{status:#}");
        }
    }
}

fn levels(sandbox: &Sandbox) -> Vec<&'static str> {
    let doctor = sandbox.ok(["doctor"]);
    let levels = doctor["levels"].as_array().unwrap();
    let cgroup = levels
        .iter()
        .any(|level| level["name"] == "cgroup" && level["available"] == true);
    let mut found = vec!["subreaper"];
    if require("a control group to write", cgroup) {
        found.push("cgroup");
    }
    found
}

#[test]
fn ending_the_outer_job_ends_the_inner_one_with_a_true_record() {
    for level in levels(&sandbox()) {
        let sandbox = sandbox();
        let options = ["--containment", level];
        let pair = Pair::start(&sandbox, &options, &["sleep", "100"], "sleep 100");
        let answer = sandbox.ok(["kill", &pair.outer]);
        assert_eq!(answer["report"]["empty"], true, "{answer:#}");
        assert_eq!(
            (&answer["state"], &answer["cause"]),
            (&"killed".into(), &"stop".into()),
            "{answer:#}"
        );
        let inner = sandbox.ok(["status", &pair.inner]);
        assert_eq!(
            (&inner["state"], &inner["cause"], &inner["signal"]),
            (&"killed".into(), &"outer_job_ended".into(), &"TERM".into()),
            "{level}: {inner:#}"
        );
        assert_eq!(inner["tree_empty"], true, "{level}: {inner:#}");
        assert_eq!(inner["output"], "complete", "{level}: {inner:#}");
        assert!(inner["finished_at"].is_string(), "{level}: {inner:#}");
        pair.assert_all_gone(&sandbox);
    }
}

/// The inner job's supervisor may be at something else when its TERM and its leader's death come
/// both; the death is told by its cause all the same.
#[test]
fn an_inner_job_has_a_true_record_however_early_it_ends() {
    let sandbox = sandbox();
    let end = Instant::now() + race_time();
    let mut round = 0;
    while round == 0 || Instant::now() < end {
        round += 1;
        let line = "\"$0\" run --no-wait -- sleep 100 > inner.json; sleep 100";
        let outer = sandbox.ok(["run", "--no-wait", "--", "sh", "-c", line, FOSTER]);
        let inner = answer_in(&sandbox, "inner.json");
        sandbox.ok(["kill", text(&outer["job_id"])]);
        let inner = sandbox.ok(["status", text(&inner["job_id"])]);
        assert_eq!(
            (&inner["state"], &inner["cause"]),
            (&"killed".into(), &"outer_job_ended".into()),
            "round {round}: {inner:#}"
        );
        fs::remove_file(sandbox.work().join("inner.json")).unwrap();
    }
}

#[test]
fn killing_the_outer_job_at_once_leaves_no_inner_one_running() {
    for level in levels(&sandbox()) {
        let sandbox = sandbox();
        let options = ["--containment", level];
        let pair = Pair::start(&sandbox, &options, &["sleep", "100"], "sleep 100");
        let answer = sandbox.ok(["kill", &pair.outer, "--grace", "0s"]);
        assert_eq!(answer["report"]["empty"], true, "{answer:#}");
        assert!(pair.processes.iter().all(|process| !process.is_alive()));
        // Whoever asks first brings the record up to the truth.
        let waited = sandbox.ok(["wait", &pair.inner]);
        assert_eq!(
            (&waited["state"], &waited["cause"]),
            (&"lost".into(), &"outer_job_ended".into()),
            "{level}: {waited:#}"
        );
        pair.assert_all_gone(&sandbox);
    }
}

#[test]
fn an_inner_job_that_ignores_term_ends_with_the_outer_one() {
    let sandbox = sandbox();
    let stubborn = habit("ignore-term");
    let pair = Pair::start(&sandbox, &[], &[stubborn.to_str().unwrap()], "sleep 100");
    // Less than half of the inner job's own grace: KILL comes to its supervisor first.
    let answer = sandbox.ok(["kill", &pair.outer, "--grace", "500ms"]);
    assert_eq!(answer["report"]["empty"], true, "{answer:#}");
    let inner = sandbox.ok(["status", &pair.inner]);
    let state = text(&inner["state"]);
    assert!(["lost", "killed"].contains(&state), "{inner:#}");
    assert_eq!(inner["cause"], "outer_job_ended", "{inner:#}");
    pair.assert_all_gone(&sandbox);
}

#[test]
fn an_inner_job_that_ignores_term_is_told_truly_if_there_is_time() {
    let sandbox = sandbox();
    let stubborn = habit("ignore-term");
    let command = [stubborn.to_str().unwrap(), "--pid-file", "stubborn.pid"];
    // Started by the inner job with a grace of its own, half of which is 250 ms.
    let line = "\"$0\" run --no-wait --kill-after 500ms -- \"$@\" > own.json; sleep 100";
    let mut args = vec!["run", "--no-wait", "--", "sh", "-c", line, FOSTER];
    args.extend(command);
    let outer = text(&sandbox.ok(args)["job_id"]).to_owned();
    let inner = answer_in(&sandbox, "own.json");
    foster_testkit::wait_for_pid_file(&sandbox.work().join("stubborn.pid"), SOON);
    sandbox.ok(["kill", &outer, "--grace", "20s"]);
    let inner = sandbox.ok(["status", text(&inner["job_id"])]);
    assert_eq!(
        (&inner["state"], &inner["cause"], &inner["signal"]),
        (&"killed".into(), &"outer_job_ended".into(), &"KILL".into()),
        "{inner:#}"
    );
    sandbox.assert_nothing_left(SOON);
}

#[test]
fn an_inner_job_that_is_left_behind_is_a_straggler() {
    let sandbox = sandbox();
    let pair = Pair::start(&sandbox, &[], &["sleep", "100"], "cat go; exit 4");
    Pair::go(&sandbox);
    let outer = sandbox.ok(["wait", &pair.outer]);
    assert_eq!(
        (&outer["state"], &outer["exit_code"]),
        (&"exited".into(), &4.into()),
        "{outer:#}"
    );
    assert_eq!(outer["tree_empty"], true, "{outer:#}");
    assert_ne!(outer["stragglers"], serde_json::json!([]), "{outer:#}");
    let inner = sandbox.ok(["status", &pair.inner]);
    assert_eq!(
        (&inner["state"], &inner["signal"]),
        (&"killed".into(), &"TERM".into()),
        "{inner:#}"
    );
    pair.assert_all_gone(&sandbox);
}

#[test]
fn an_inner_job_that_may_stay_lives_on() {
    let sandbox = sandbox();
    let options = ["--stragglers", "leave", "--drain", "0s"];
    let pair = Pair::start(&sandbox, &options, &["sleep", "100"], "cat go; exit 0");
    Pair::go(&sandbox);
    let outer = sandbox.ok(["wait", &pair.outer]);
    assert_eq!(outer["state"], "exited", "{outer:#}");
    let inner = sandbox.ok(["status", &pair.inner]);
    assert_eq!(inner["state"], "running", "{inner:#}");
    assert!(pair.processes.iter().all(Watched::is_alive));
    sandbox.ok(["kill", &pair.inner]);
    let inner = sandbox.ok(["status", &pair.inner]);
    assert_eq!(inner["cause"], "stop", "{inner:#}");
    sandbox.assert_nothing_left(SOON);
}

#[test]
fn ending_the_inner_job_leaves_the_outer_one_alone() {
    let sandbox = sandbox();
    let pair = Pair::start(&sandbox, &[], &["sleep", "100"], "sleep 100");
    let answer = sandbox.ok(["kill", &pair.inner]);
    assert_eq!(answer["cause"], "stop", "{answer:#}");
    for process in &pair.processes {
        assert!(process.wait_gone(SOON));
    }
    let outer = sandbox.ok(["status", &pair.outer]);
    assert_eq!(outer["state"], "running", "{outer:#}");
    assert!(process(&outer["pid"]).is_alive());
}

#[test]
fn three_jobs_deep() {
    let sandbox = sandbox();
    let line = r#"
        "$0" run --no-wait -- sh -c '
            "$0" run --no-wait --name third -- sleep 100 > answer
            "$0" wait third --timeout 100ms >/dev/null; mv answer third.json
            sleep 100' "$0" > second.json
        sleep 100"#;
    let first = sandbox.ok(["run", "--no-wait", "--", "sh", "-c", line, FOSTER]);
    let (second, third) = (
        answer_in(&sandbox, "second.json"),
        answer_in(&sandbox, "third.json"),
    );
    let answer = sandbox.ok(["kill", text(&first["job_id"]), "--grace", "20s"]);
    assert_eq!(answer["report"]["empty"], true, "{answer:#}");
    for inner in [second, third] {
        assert!(
            Watched::from_pid(inner["pid"].as_i64().unwrap() as i32)
                .is_none_or(|process| !process.is_alive())
        );
        let inner = sandbox.ok(["status", text(&inner["job_id"])]);
        assert_eq!(inner["state"], "killed", "{inner:#}");
    }
    sandbox.assert_nothing_left(SOON);
}

/// However the two ends fall together, the inner job is never left `running`.
#[test]
fn an_inner_job_never_runs_for_ever() {
    let sandbox = sandbox();
    let end = Instant::now() + race_time();
    let mut round = 0_u32;
    while round == 0 || Instant::now() < end {
        round += 1;
        let args = [
            "run",
            "--no-wait",
            "--shell",
            "\"$FOSTER\" run -- sleep 100",
        ];
        let mut command = sandbox.foster();
        command.args(args).env("FOSTER", FOSTER);
        let outer = text(&sandbox.json_of(command, None).into_ok()["job_id"]).to_owned();
        // Somewhere on the inner job's way to its command.
        process(&sandbox.ok(["status", &outer])["pid"])
            .wait_gone(Duration::from_millis(u64::from(round % 10) * 5))
            .then(|| panic!("it does not end by itself"));
        let grace = if round.is_multiple_of(2) { "0s" } else { "5s" };
        let answer = sandbox.ok(["kill", &outer, "--grace", grace]);
        assert_eq!(answer["report"]["empty"], true, "{answer:#}");
        for id in sandbox.job_ids() {
            let status = sandbox.ok(["status", &id]);
            assert_ne!(status["state"], "running", "round {round}: {status:#}");
        }
        sandbox.assert_nothing_left(SOON);
        let listed = sandbox.ok(["ps", "--all"]);
        assert_eq!(listed["jobs"], serde_json::json!([]), "round {round}");
        // So that a later round does not look at the jobs of all before.
        fs::remove_dir_all(sandbox.root().join("jobs")).unwrap();
    }
}

#[test]
fn every_job_knows_its_own_mark() {
    let sandbox = sandbox();
    let habit = habit("print-args");
    let habit = habit.to_str().unwrap();
    for options in [&["--no-inherit-env"][..], &[]] {
        let mut args = vec!["run", "--wait"];
        args.extend(options);
        args.extend(["--", habit, "--env", "FOSTER_JOB"]);
        let answer = sandbox.ok(args);
        let shown: Value =
            serde_json::from_str(text(&answer["snapshot"]["stdout"]["tail"])).unwrap();
        let (id, mark) = (text(&answer["job_id"]), text(&shown["env"]["FOSTER_JOB"]));
        assert!(mark.starts_with(&format!("{id}/")), "{mark}");
        assert!(mark.len() > id.len() + 8, "{mark}");
    }
}

#[test]
fn a_mark_of_another_root_is_kept_for_the_record() {
    let (sandbox, elsewhere) = (sandbox(), sandbox());
    let line = "\"$0\" --root \"$1\" run --no-wait --name inner -- sleep 100 > answer
        \"$0\" --root \"$1\" wait inner --timeout 100ms >/dev/null; mv answer inner.json; sleep 100";
    let root = elsewhere.root().to_str().unwrap();
    let args = ["run", "--no-wait", "--", "sh", "-c", line, FOSTER, root];
    let outer = sandbox.ok(args);
    let inner = answer_in(&sandbox, "inner.json");
    let answer = sandbox.ok(["kill", text(&outer["job_id"])]);
    assert_eq!(answer["report"]["empty"], true, "{answer:#}");
    let inner = elsewhere.ok(["status", text(&inner["job_id"])]);
    assert_eq!(
        (&inner["state"], &inner["signal"]),
        (&"killed".into(), &"TERM".into()),
        "{inner:#}"
    );
    elsewhere.assert_nothing_left(SOON);
}
