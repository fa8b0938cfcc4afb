//! When a job is ended, every process it started is gone, whatever it did to get away; and the
//! answer proves it.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "this is a test")]

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use foster_testkit::{
    Sandbox, Tally, Watched, habit, kill_at_once, race_time, read_pid_file, require,
    wait_for_pid_file, wait_on_dir,
};
use rustix::process::Signal;
use serde_json::Value;

const SOON: Duration = Duration::from_secs(30);
const ROLES: [&str; 6] = ["main", "plain", "stubborn", "setsid", "daemon", "envi"];

#[derive(Clone, Copy)]
enum User {
    Caller,
    Ordinary,
    /// In a control group that was given to him, where there is one to give.
    Delegated,
}

fn sandbox(user: User) -> Sandbox {
    let foster = env!("CARGO_BIN_EXE_foster");
    match user {
        User::Caller => Sandbox::new(foster),
        User::Ordinary => Sandbox::for_ordinary_user(foster),
        User::Delegated => Sandbox::for_ordinary_user_in_a_cgroup(foster)
            .unwrap_or_else(|| Sandbox::for_ordinary_user(foster)),
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

/// Starts a job with `options`, without waiting for it, and returns its id.
fn start(sandbox: &Sandbox, options: &[&str], command: &[&str]) -> String {
    let args = [&["run", "--no-wait"], options, &["--"], command].concat();
    text(&sandbox.ok(args)["job_id"]).to_owned()
}

fn program(name: &str) -> String {
    habit(name).to_str().unwrap().to_owned()
}

fn work(sandbox: &Sandbox, name: &str) -> String {
    sandbox.work().join(name).to_str().unwrap().to_owned()
}

/// Waits for a pid file in the work directory.
fn pid_of(sandbox: &Sandbox, name: &str) -> Watched {
    wait_for_pid_file(&sandbox.work().join(name), SOON)
}

/// Waits until a log holds `wanted`.
fn wait_for_text(log: &Path, wanted: &str) -> String {
    wait_on_dir(log.parent().unwrap(), SOON, || {
        let log = String::from_utf8_lossy(&fs::read(log).ok()?).into_owned();
        log.contains(wanted).then_some(log)
    })
    .unwrap_or_else(|| panic!("{} does not come to hold {wanted:?}", log.display()))
}

fn stdout_log(sandbox: &Sandbox, id: &str) -> std::path::PathBuf {
    sandbox.job_dir(id).join("runs/1/stdout.log")
}

/// The signals of a report's phases.
fn phases(report: &Value) -> Vec<&str> {
    let phases = report["phases"].as_array().unwrap();
    phases.iter().map(|phase| text(&phase["signal"])).collect()
}

/// The proof that an answer to `kill` gives.
fn assert_proof(answer: &Value) {
    let report = &answer["report"];
    assert_eq!(report["empty"], true, "{answer:#}");
    assert_eq!(report["survivors"], serde_json::json!([]), "{answer:#}");
    for phase in report["phases"].as_array().unwrap() {
        assert_eq!(phase["errors"], serde_json::json!([]), "{answer:#}");
    }
}

fn assert_gone(processes: &[Watched]) {
    let alive: Vec<_> = processes.iter().filter(|p| p.is_alive()).collect();
    assert!(alive.is_empty(), "still alive: {alive:?}");
}

/// No control group bears the job's name any more.
fn assert_no_leaf(sandbox: &Sandbox, id: &str) {
    let state = fs::read(sandbox.job_dir(id).join("state.json")).unwrap();
    let state: Value = serde_json::from_slice(&state).unwrap();
    if let Some(leaf) = state["record"]["cgroup"].as_str() {
        assert!(!Path::new(leaf).exists(), "{leaf} is left behind");
    }
}

fn has_cgroup(sandbox: &Sandbox) -> bool {
    let doctor = sandbox.ok(["doctor"]);
    let levels = doctor["levels"].as_array().unwrap();
    levels
        .iter()
        .any(|level| level["name"] == "cgroup" && level["available"] == true)
}

/// Runs the six roles and ends them in each way; 0 must be alive when the answer is there.
fn six_roles(user: User, containment: Option<&str>) {
    let probe = sandbox(user);
    if containment == Some("cgroup") && !require("a control group to write", has_cgroup(&probe)) {
        return;
    }
    for end in ["kill", "timeout", "at once"] {
        let sandbox = sandbox(user);
        let mut options = vec!["--kill-after", "300ms"];
        options.extend(
            containment
                .iter()
                .flat_map(|level| ["--containment", *level]),
        );
        if end == "timeout" {
            options.extend(["--timeout", "2s"]);
        }
        let dir = sandbox.work().to_str().unwrap();
        let command = [&program("six-roles"), "--dir", dir];
        let id = start(&sandbox, &options, &command);
        let main = pid_of(&sandbox, "main.pid");
        let all = ROLES.map(|role| pid_of(&sandbox, &format!("{role}.pid")));
        if end != "timeout" {
            assert!(all.iter().all(Watched::is_alive), "{all:?}");
        }
        let (answer, cause, expected) = match end {
            "kill" => (sandbox.ok(["kill", &id]), "stop", &["TERM", "KILL"][..]),
            "at once" => (
                sandbox.ok(["kill", &id, "--grace", "0s"]),
                "stop",
                &["KILL"][..],
            ),
            _ => (sandbox.ok(["wait", &id]), "timeout", &[][..]),
        };
        assert_gone(&all);
        if end != "timeout" {
            assert_proof(&answer);
            assert_eq!(phases(&answer["report"]), expected, "{answer:#}");
            assert!(
                answer["report"]["phases"][0]["sent"].as_u64().unwrap() >= 6,
                "{answer:#}"
            );
        }
        assert_eq!(
            (&answer["state"], &answer["cause"]),
            (&"killed".into(), &cause.into()),
            "{answer:#}"
        );
        let status = sandbox.ok(["status", &id]);
        assert_eq!(status["tree_empty"], true, "{status:#}");
        assert_eq!(status["pid"], main.pid, "{status:#}");
        assert_eq!(status["output"], "complete", "{status:#}");
        if let Some(level) = containment {
            assert_eq!(status["containment"], level);
        }
        sandbox.assert_nothing_left(SOON);
        assert_no_leaf(&sandbox, &id);
    }
}

#[test]
fn six_roles_as_the_environment_says() {
    six_roles(User::Caller, None);
}

#[test]
fn six_roles_as_the_environment_says_of_an_ordinary_user() {
    six_roles(User::Ordinary, None);
}

#[test]
fn six_roles_in_a_cgroup() {
    six_roles(User::Caller, Some("cgroup"));
}

#[test]
fn six_roles_in_a_cgroup_of_an_ordinary_user() {
    six_roles(User::Delegated, Some("cgroup"));
}

#[test]
fn six_roles_under_a_subreaper() {
    six_roles(User::Caller, Some("subreaper"));
}

#[test]
fn six_roles_under_a_subreaper_of_an_ordinary_user() {
    six_roles(User::Ordinary, Some("subreaper"));
}

/// Waits until a process is stopped. That moment is told to its parent alone, which here is Foster
/// or a shell, so it has to be looked for; it is at most a few instructions away.
fn wait_stopped(process: Watched) {
    let end = Instant::now() + SOON;
    while process.state() != Some('T') {
        assert!(Instant::now() < end, "{process:?} does not stop");
        std::thread::yield_now();
    }
}

#[test]
fn who_is_stopped_dies_of_term() {
    let sandbox = sandbox(User::Caller);
    let line = r#"
        setsid "$0" --pid-file other.pid & "$0" --pid-file member.pid &
        exec "$0" --pid-file leader.pid"#;
    let id = start(&sandbox, &[], &["sh", "-c", line, &program("stop-self")]);
    let all = ["other.pid", "member.pid", "leader.pid"].map(|name| pid_of(&sandbox, name));
    all.into_iter().for_each(wait_stopped);
    let answer = sandbox.ok(["kill", &id, "--grace", "60s"]);
    assert_gone(&all);
    assert_proof(&answer);
    assert_eq!(phases(&answer["report"]), ["TERM"], "{answer:#}");
    assert_eq!(answer["signal"], "TERM", "{answer:#}");
    // Not by the grace's end.
    assert!(
        answer["report"]["took_ms"].as_u64().unwrap() < 30_000,
        "{answer:#}"
    );
    sandbox.assert_nothing_left(SOON);
}

#[test]
fn a_tree_that_foster_stopped_dies_of_term_too() {
    let sandbox = sandbox(User::Caller);
    let command = [&program("new-session"), "--stay", "--pid-file", "child.pid"];
    let id = start(&sandbox, &[], &command);
    let child = pid_of(&sandbox, "child.pid");
    let sent = sandbox.ok(["kill", &id, "--signal", "STOP"]);
    assert_eq!(sent["sent"]["sent"], 2, "{sent:#}");
    assert_eq!(sent["state"], "running", "{sent:#}");
    wait_stopped(child);
    let answer = sandbox.ok(["kill", &id, "--grace", "60s"]);
    assert_gone(&[child]);
    assert_proof(&answer);
    assert_eq!(phases(&answer["report"]), ["TERM"], "{answer:#}");
    sandbox.assert_nothing_left(SOON);
}

#[test]
fn who_ignores_term_gets_kill_after_the_grace() {
    let sandbox = sandbox(User::Caller);
    let command = [&program("ignore-term"), "--pid-file", "leader.pid"];
    let id = start(&sandbox, &[], &command);
    let leader = pid_of(&sandbox, "leader.pid");
    let began = Instant::now();
    let answer = sandbox.ok(["kill", &id, "--grace", "400ms"]);
    assert!(began.elapsed() >= Duration::from_millis(400));
    assert_gone(&[leader]);
    assert_proof(&answer);
    let report = &answer["report"];
    assert_eq!(phases(report), ["TERM", "KILL"], "{answer:#}");
    for phase in report["phases"].as_array().unwrap() {
        assert_eq!(phase["sent"], 1, "{answer:#}");
    }
    assert!(
        report["phases"][0]["waited_ms"].as_u64().unwrap() >= 400,
        "{answer:#}"
    );
    assert_eq!(
        (&answer["state"], &answer["cause"], &answer["signal"]),
        (&"killed".into(), &"stop".into(), &"KILL".into())
    );
    sandbox.assert_nothing_left(SOON);
}

#[test]
fn who_exits_with_a_code_after_term_was_killed_all_the_same() {
    let sandbox = sandbox(User::Caller);
    let mut command = vec![program("ignore-term")];
    command.extend(["--exit-code", "7", "--pid-file", "leader.pid"].map(str::to_owned));
    let command: Vec<&str> = command.iter().map(String::as_str).collect();
    let id = start(&sandbox, &[], &command);
    pid_of(&sandbox, "leader.pid");
    let answer = sandbox.ok(["kill", &id, "--grace", "60s"]);
    assert_proof(&answer);
    assert_eq!(phases(&answer["report"]), ["TERM"], "{answer:#}");
    assert_eq!(
        (&answer["state"], &answer["cause"], &answer["exit_code"]),
        (&"killed".into(), &"stop".into(), &7.into()),
        "{answer:#}"
    );
    assert_eq!(answer["signal"], Value::Null);
}

#[test]
fn what_the_leader_leaves_behind_is_ended_and_listed() {
    let rows: [(&str, &[&str]); 4] = [
        ("double-fork", &[]),
        ("double-fork", &["--clear-env"]),
        ("double-fork", &["--ignore-term", "--keep-output"]),
        ("new-session", &["--ignore-term"]),
    ];
    // Each drains for two seconds: side by side.
    std::thread::scope(|scope| {
        for (habit, options) in rows {
            scope.spawn(move || {
                let sandbox = sandbox(User::Caller);
                let command = [program(habit), "--pid-file".into(), "daemon.pid".into()];
                let mut args = vec!["run", "--wait", "--kill-after", "300ms", "--"];
                args.extend(command.iter().map(String::as_str));
                args.extend(options);
                let answer = sandbox.ok(args);
                let pid = read_pid_file(&sandbox.work().join("daemon.pid"));
                assert!(
                    Watched::from_pid(pid).is_none_or(|daemon| !daemon.is_alive()),
                    "{options:?}: {answer:#}"
                );
                assert_eq!(
                    (&answer["state"], &answer["cause"], &answer["exit_code"]),
                    (&"exited".into(), &"exit".into(), &0.into()),
                    "{options:?}: {answer:#}"
                );
                let stragglers = answer["stragglers"].as_array().unwrap();
                assert_eq!(stragglers.len(), 1, "{options:?}: {answer:#}");
                assert_eq!(stragglers[0]["pid"], pid, "{options:?}: {answer:#}");
                assert_eq!(stragglers[0]["ended"], true, "{options:?}: {answer:#}");
                assert_eq!(answer["tree_empty"], true, "{options:?}: {answer:#}");
                assert!(
                    text(&answer["hint"]).contains("--stragglers"),
                    "{options:?}: {answer:#}"
                );
                sandbox.assert_nothing_left(SOON);
            });
        }
    });
}

/// Starts a job that exits with 3 and leaves a holder of its output that goes on printing.
fn left(sandbox: &Sandbox) -> (String, Watched, Value) {
    let answer = sandbox.ok([
        "run",
        "--wait",
        "--stragglers",
        "leave",
        "--drain",
        "200ms",
        "--",
        &program("hold-pipe"),
        "--exit-code",
        "3",
        "--every",
        "20",
        "--pid-file",
        "holder.pid",
    ]);
    let holder = pid_of(sandbox, "holder.pid");
    (text(&answer["job_id"]).to_owned(), holder, answer)
}

#[test]
fn what_is_left_lives_on_is_recorded_and_can_be_ended_later() {
    let sandbox = sandbox(User::Caller);
    let (id, holder, answer) = left(&sandbox);
    assert_eq!(
        (&answer["state"], &answer["exit_code"], &answer["output"]),
        (&"exited".into(), &3.into(), &"held_open".into()),
        "{answer:#}"
    );
    assert_eq!(answer["tree_empty"], false, "{answer:#}");
    assert_eq!(answer["stragglers"][0]["pid"], holder.pid, "{answer:#}");
    assert_eq!(answer["stragglers"][0]["ended"], false, "{answer:#}");
    let holders = answer["holders"].as_array().unwrap();
    assert!(
        holders.iter().all(|held| held["pid"] == holder.pid) && !holders.is_empty(),
        "{answer:#}"
    );
    assert!(holder.is_alive());

    let log = stdout_log(&sandbox, &id);
    let seen = fs::read_to_string(&log).unwrap().lines().count();
    wait_for_text(&log, &format!("held {:08}\n", seen + 10));

    let killed = sandbox.ok(["kill", &id]);
    assert_gone(&[holder]);
    assert_proof(&killed);
    assert_eq!(phases(&killed["report"]), ["TERM"], "{killed:#}");
    assert_eq!(killed["already_finished"], false, "{killed:#}");
    assert_eq!(
        (&killed["state"], &killed["cause"], &killed["exit_code"]),
        (&"exited".into(), &"exit".into(), &3.into()),
        "{killed:#}"
    );
    sandbox.assert_nothing_left(SOON);

    // Every line up to the end, once and in order.
    let lines = fs::read_to_string(&log).unwrap();
    for (number, line) in lines.lines().enumerate() {
        assert_eq!(line, format!("held {number:08}"));
    }
    let status = sandbox.ok(["status", &id]);
    assert_eq!(status["tree_empty"], true, "{status:#}");
    assert_eq!(status["output"], "complete", "{status:#}");
    assert_eq!(status["stragglers"][0]["ended"], true, "{status:#}");
    assert_eq!(status["stdout_bytes"], lines.len(), "{status:#}");
    let again = sandbox.ok(["kill", &id]);
    assert_eq!(again["already_finished"], true, "{again:#}");
}

#[test]
fn what_is_left_is_ended_even_if_nobody_looks_after_it_any_more() {
    let sandbox = sandbox(User::Caller);
    // It clears no environment, so its mark tells whose it is.
    let command = [&program("new-session"), "--drop-output", "--pid-file"];
    let mut args = vec!["run", "--wait", "--stragglers", "leave", "--"];
    args.extend(command);
    args.push("left.pid");
    let answer = sandbox.ok(args);
    let id = text(&answer["job_id"]).to_owned();
    let straggler = pid_of(&sandbox, "left.pid");
    let state = fs::read(sandbox.job_dir(&id).join("state.json")).unwrap();
    let state: Value = serde_json::from_slice(&state).unwrap();
    let recorded = |who| Watched::from_json(&state["record"][who]).unwrap();
    kill_at_once(&["keeper", "supervisor"].map(recorded));
    assert!(straggler.is_alive());
    let killed = sandbox.ok(["kill", &id]);
    assert_gone(&[straggler]);
    assert_eq!(phases(&killed["report"]), ["TERM"], "{killed:#}");
    assert_eq!(killed["state"], "exited", "{killed:#}");
    let status = sandbox.ok(["status", &id]);
    if answer["containment"] == "cgroup" {
        assert_proof(&killed);
        assert_eq!(status["tree_empty"], true, "{status:#}");
    } else {
        // Marks can be wiped off: that nobody was found proves nothing, and is not claimed to.
        assert_eq!(killed["report"]["empty"], Value::Null, "{killed:#}");
        assert_eq!(
            killed["report"]["survivors"],
            serde_json::json!([]),
            "{killed:#}"
        );
    }
    sandbox.assert_nothing_left(SOON);
    assert_no_leaf(&sandbox, &id);
}

#[test]
fn a_job_can_wait_for_what_is_left() {
    let sandbox = sandbox(User::Caller);
    let command = [&program("double-fork"), "--pid-file", "daemon.pid"];
    let id = start(&sandbox, &["--stragglers", "wait"], &command);
    let daemon = pid_of(&sandbox, "daemon.pid");
    // The leader's exit is in the record before the job is over.
    let exited = wait_on_dir(&sandbox.job_dir(&id), SOON, || {
        let status = sandbox.ok(["status", &id]);
        (status["exit_code"] == 0).then_some(status)
    })
    .unwrap();
    assert_eq!(exited["state"], "running", "{exited:#}");
    let waited = sandbox.ok(["wait", &id, "--timeout", "200ms"]);
    assert_eq!(waited["reason"], "deadline", "{waited:#}");
    assert!(daemon.is_alive());
    assert!(daemon.kill());
    let waited = sandbox.ok(["wait", &id]);
    assert_eq!(
        (&waited["reason"], &waited["state"], &waited["exit_code"]),
        (&"finished".into(), &"exited".into(), &0.into()),
        "{waited:#}"
    );
    assert_eq!(waited["tree_empty"], true, "{waited:#}");
    sandbox.assert_nothing_left(SOON);
}

#[test]
fn a_timeout_bounds_the_wait_for_what_is_left() {
    let sandbox = sandbox(User::Caller);
    let options = ["--stragglers", "wait", "--timeout", "500ms"];
    let command = [&program("double-fork"), "--pid-file", "daemon.pid"];
    let id = start(&sandbox, &options, &command);
    let daemon = pid_of(&sandbox, "daemon.pid");
    let waited = sandbox.ok(["wait", &id]);
    assert_gone(&[daemon]);
    assert_eq!(
        (&waited["state"], &waited["exit_code"]),
        (&"exited".into(), &0.into()),
        "{waited:#}"
    );
    assert_eq!(waited["tree_empty"], true, "{waited:#}");
    sandbox.assert_nothing_left(SOON);
}

fn crowd(stay: bool) {
    let count = if cfg!(debug_assertions) { 200 } else { 1000 };
    let sandbox = sandbox(User::Caller);
    let (habit, file) = (program("thousand"), work(&sandbox, "crowd"));
    let number = count.to_string();
    let mut command = vec![habit.as_str(), "--count", &number, "--pid-file", &file];
    if stay {
        command.push("--stay");
    }
    let id = start(&sandbox, &["--stragglers", "wait"], &command);
    wait_for_text(&stdout_log(&sandbox, &id), "ready");
    let pids = fs::read_to_string(&file).unwrap();
    let pids = pids.lines().map(|line| line.parse().unwrap());
    let crowd: Vec<Watched> = pids.filter_map(Watched::from_pid).collect();
    assert_eq!(crowd.len(), count);
    let answer = sandbox.ok(["kill", &id, "--grace", "20s"]);
    assert_gone(&crowd);
    assert_proof(&answer);
    assert_eq!(phases(&answer["report"]), ["TERM"], "{answer:#}");
    let sent = answer["report"]["phases"][0]["sent"].as_u64().unwrap();
    assert!(sent >= count as u64, "{answer:#}");
    sandbox.assert_nothing_left(SOON);
}

#[test]
fn a_crowd_of_daemons_is_ended() {
    crowd(true);
}

#[test]
fn a_crowd_of_daemons_without_a_leader_is_ended() {
    crowd(false);
}

#[test]
fn a_chain_of_forks_is_caught() {
    // Each starts the next in a session of its own, and is gone; at the end one stays.
    let link = "[ $1 -gt 0 ] || exec sleep 100
        [ $1 -ne 9970 ] || echo running
        setsid sh -c \"$0\" \"$0\" $(($1-1)) & exit";
    for grace in ["0s", "100ms"] {
        let sandbox = sandbox(User::Caller);
        let command = ["sh", "-c", link, link, "10000"];
        let id = start(&sandbox, &["--stragglers", "wait"], &command);
        wait_for_text(&stdout_log(&sandbox, &id), "running");
        let answer = sandbox.ok(["kill", &id, "--grace", grace]);
        assert_proof(&answer);
        // The leader was long gone.
        assert_eq!(answer["state"], "exited", "{answer:#}");
        sandbox.assert_nothing_left(SOON);
    }
}

#[test]
fn two_who_kill_at_once_get_the_same_answer() {
    let sandbox = sandbox(User::Caller);
    let command = [&program("ignore-term"), "--pid-file", "leader.pid"];
    let id = start(&sandbox, &[], &command);
    let leader = pid_of(&sandbox, "leader.pid");
    let answers: Vec<Value> = std::thread::scope(|scope| {
        let kill = || scope.spawn(|| sandbox.ok(["kill", &id, "--grace", "1s"]));
        let both = [kill(), kill(), kill()];
        both.into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    assert_gone(&[leader]);
    for answer in &answers {
        assert_proof(answer);
        assert_eq!(
            (&answer["state"], &answer["cause"]),
            (&"killed".into(), &"stop".into()),
            "{answer:#}"
        );
    }
    let journal = fs::read_to_string(sandbox.job_dir(&id).join("events.ndjson")).unwrap();
    for (event, times) in [("\"finished\"", 1), ("\"exited\"", 1), ("\"empty\"", 1)] {
        let count = journal.matches(&format!("\"event\":{event}")).count();
        assert_eq!(count, times, "{event}\n{journal}");
    }
    sandbox.assert_nothing_left(SOON);
}

/// A record that is one of the two ways in which such a race can end, and nothing else.
fn assert_exited_or_killed(answer: &Value, code: i32, cause: &str) {
    match text(&answer["state"]) {
        "exited" => {
            assert_eq!(answer["cause"], "exit", "{answer:#}");
            assert_eq!(answer["exit_code"], code, "{answer:#}");
            assert_eq!(answer["signal"], Value::Null, "{answer:#}");
        }
        "killed" => {
            assert_eq!(answer["cause"], cause, "{answer:#}");
            // TERM found it, or came when it had begun to exit.
            let ended = (&answer["exit_code"], &answer["signal"]);
            let by_signal = (&Value::Null, &"TERM".into());
            let by_itself = (&code.into(), &Value::Null);
            assert!(ended == by_signal || ended == by_itself, "{answer:#}");
        }
        other => panic!("{other}: {answer:#}"),
    }
}

#[test]
fn a_kill_that_races_with_the_exit_ends_as_one_or_the_other() {
    let mut tally = Tally::new("kill against the job's own exit");
    let sandbox = sandbox(User::Caller);
    let end = Instant::now() + race_time();
    let mut round = 0;
    while round == 0 || Instant::now() < end {
        round += 1;
        tally.run();
        // Sometimes before, sometimes after, sometimes at it.
        let line = format!("i={}; while [ $i -gt 0 ]; do i=$((i-1)); done; exit 3", {
            (round % 8) * 2000
        });
        let id = start(&sandbox, &[], &["sh", "-c", &line]);
        let killed = sandbox.ok(["kill", &id]);
        assert_exited_or_killed(&killed, 3, "stop");
        if killed["already_finished"] == false && !killed["report"].is_null() {
            assert_eq!(killed["report"]["empty"], true, "{killed:#}");
        }
        let status = sandbox.ok(["status", &id]);
        assert_exited_or_killed(&status, 3, "stop");
        assert_eq!(status["state"], killed["state"], "{killed:#}\n{status:#}");
        assert_eq!(status["tree_empty"], true, "{status:#}");
    }
    sandbox.assert_nothing_left(SOON);
}

#[test]
fn a_timeout_that_races_with_the_exit_ends_as_one_or_the_other() {
    let mut tally = Tally::new("timeout against the job's own exit");
    let sandbox = sandbox(User::Caller);
    let end = Instant::now() + race_time();
    let mut round = 0;
    while round == 0 || Instant::now() < end {
        round += 1;
        tally.run();
        // A straggler makes it a race between two reasons to end the tree.
        let line = format!("sleep 100 >/dev/null 2>&1 & sleep 0.{:03}; exit 5", {
            55 + (round % 5) * 3
        });
        let args = ["run", "--wait", "--timeout", "60ms", "--shell", &line];
        let answer = sandbox.ok(args);
        assert_exited_or_killed(&answer, 5, "timeout");
        assert_eq!(answer["tree_empty"], true, "{answer:#}");
        assert_eq!(answer["output"], "complete", "{answer:#}");
    }
    sandbox.assert_nothing_left(SOON);
}

#[test]
fn a_single_signal_reaches_exactly_whom_it_is_meant_for() {
    let sandbox = sandbox(User::Caller);
    let command = [&program("new-session"), "--stay", "--pid-file", "child.pid"];
    let id = start(&sandbox, &["--stragglers", "wait"], &command);
    let child = pid_of(&sandbox, "child.pid");
    let status = sandbox.ok(["status", &id]);
    let leader = Watched::from_pid(status["pid"].as_i64().unwrap() as i32).unwrap();
    let args = ["kill", &id, "--signal", "sigusr1", "--to", "leader"];
    let sent = sandbox.ok(args);
    assert_eq!(sent["sent"]["signal"], "USR1", "{sent:#}");
    assert_eq!(sent["sent"]["sent"], 1, "{sent:#}");
    assert!(leader.wait_gone(SOON));
    assert!(child.is_alive());
    assert!(child.signal(Signal::TERM));
    let waited = sandbox.ok(["wait", &id]);
    assert_eq!(
        (&waited["state"], &waited["signal"]),
        (&"killed".into(), &"USR1".into()),
        "{waited:#}"
    );
    assert_eq!(waited["cause"], "signal", "{waited:#}");
    sandbox.assert_nothing_left(SOON);
}
