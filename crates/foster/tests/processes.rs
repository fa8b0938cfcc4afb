//! `processes`: who is told of as a job's own, with real trees.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use std::path::Path;
use std::process::{Child, Command, Stdio};

use foster_testkit::{
    DEADLINE, Sandbox, finish, habit, read_pid_file, wait_for_file, wait_for_pid_file,
};
use serde_json::Value;

const FOSTER: &str = env!("CARGO_BIN_EXE_foster");
const SECRET: &str = "hunter2-and-more";

/// `auto` is a control group where one can be had.
const LEVELS: [&str; 2] = ["auto", "subreaper"];

/// A leader, its child and its grandchild.
const THREE: &str = "sh -c 'sleep 601 & echo $! > third; echo $$ > second; > ready; wait; :'; :";

fn sandbox() -> Sandbox {
    Sandbox::new(Path::new(FOSTER))
}

fn start(sandbox: &Sandbox, options: &[&str], argv: &[&str]) -> String {
    let args = [&["run", "--no-wait"], options, &["--"], argv].concat();
    text(&sandbox.ok(args)["job_id"]).to_owned()
}

fn ready(sandbox: &Sandbox) {
    assert!(wait_for_file(&sandbox.work().join("ready"), DEADLINE));
}

fn end(sandbox: &Sandbox, id: &str) {
    sandbox.ok(["kill", "--grace", "0s", id]);
    sandbox.assert_nothing_left(DEADLINE);
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn listed(answer: &Value) -> &[Value] {
    answer["processes"].as_array().unwrap()
}

fn pids(answer: &Value) -> Vec<i64> {
    let pids = listed(answer).iter().map(|process| process["pid"].as_i64());
    pids.collect::<Option<_>>().unwrap()
}

#[test]
fn a_tree_of_three_is_told_from_the_top() {
    for level in LEVELS {
        let sandbox = sandbox();
        let id = start(&sandbox, &["--containment", level], &["sh", "-c", THREE]);
        ready(&sandbox);
        let answer = sandbox.ok(["processes", &id]);
        let status = sandbox.ok(["status", &id]);
        for field in ["job_id", "run", "state", "containment"] {
            assert_eq!(answer[field], status[field], "{answer:#}");
        }
        let pid = |name: &str| i64::from(read_pid_file(&sandbox.work().join(name)));
        let leader = status["pid"].as_i64().unwrap();
        assert_eq!(pids(&answer), [leader, pid("second"), pid("third")]);
        let processes = listed(&answer);
        let parents: Vec<_> = processes.iter().map(|one| one["parent"].as_i64()).collect();
        assert_eq!(parents[1..], [Some(leader), Some(pid("second"))]);
        let is_leader: Vec<_> = processes.iter().map(|one| &one["leader"]).collect();
        assert_eq!(is_leader, [true, false, false]);
        assert_eq!(text(&processes[0]["command"]), format!("sh -c {THREE}"));
        assert_eq!(processes[2]["command"], "sleep 601");
        for process in processes {
            assert!(
                process["memory_bytes"].as_u64().unwrap() > 4096,
                "{process}"
            );
            assert!(process["cpu_ms"].as_u64().unwrap() < 60_000, "{process}");
            assert_eq!(process["threads"], 1, "{process}");
            assert_eq!(text(&process["state"]).len(), 1, "{process}");
        }
        // To a hundredth of a second, and a moment to look at the clock.
        let started = processes.iter().map(|one| text(&one["started_at"]));
        assert!(started.is_sorted(), "{answer:#}");
        let total = &answer["total"];
        assert_eq!(total["processes"], 3);
        assert!(total["memory_bytes"].as_u64().unwrap() > 4096, "{total}");
        assert!(total["cpu_ms"].is_u64(), "{total}");
        end(&sandbox, &id);
    }
}

/// Ended with the test.
struct Stranger(Child);

impl Stranger {
    fn new(sandbox: &Sandbox) -> Self {
        let mut command = Command::new("sleep");
        command.arg("601").current_dir(sandbox.work());
        Self(command.stdin(Stdio::null()).spawn().unwrap())
    }
}

impl Drop for Stranger {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

#[test]
fn a_daemon_is_in_it_and_a_stranger_of_the_same_name_is_not() {
    for level in LEVELS {
        let sandbox = sandbox();
        let stranger = Stranger::new(&sandbox);
        let pid_file = sandbox.work().join("daemon");
        let program = habit("double-fork");
        let words = [
            program.to_str().unwrap(),
            "--pid-file",
            pid_file.to_str().unwrap(),
            "--clear-env",
            "--stay",
        ];
        let other = start(&sandbox, &["--containment", level], &["sleep", "601"]);
        let id = start(&sandbox, &["--containment", level], &words);
        let daemon = i64::from(wait_for_pid_file(&pid_file, DEADLINE).pid);
        let answer = sandbox.ok(["processes", &id]);
        let leader = sandbox.ok(["status", &id])["pid"].as_i64().unwrap();
        let found = pids(&answer);
        assert!(
            found.contains(&daemon) && found.contains(&leader),
            "{answer:#}"
        );
        let others = pids(&sandbox.ok(["processes", &other]));
        assert_eq!(others.len(), 1);
        assert!(!found.contains(&others[0]), "{answer:#}");
        assert!(!found.contains(&i64::from(stranger.0.id())), "{answer:#}");
        sandbox.ok(["kill", "--grace", "0s", &other]);
        end(&sandbox, &id);
    }
}

#[test]
fn whoever_looks_after_the_job_is_not_in_it_also_after_a_death() {
    for level in LEVELS {
        let sandbox = sandbox();
        let id = start(&sandbox, &["--containment", level], &["sleep", "601"]);
        let leader = pids(&sandbox.ok(["processes", &id]));
        assert_eq!(leader.len(), 1);
        let record = || {
            let state = std::fs::read(sandbox.job_dir(&id).join("state.json")).unwrap();
            serde_json::from_slice::<Value>(&state).unwrap()["record"].clone()
        };
        let before = record();
        let supervisor = foster_testkit::Watched::from_json(&before["supervisor"]).unwrap();
        assert!(supervisor.kill());
        let two_again = foster_testkit::wait_on_dir(&sandbox.job_dir(&id), DEADLINE, || {
            let now = record();
            let changed = now["supervisor"] != before["supervisor"];
            (changed && now["supervision"] == "full").then_some(())
        });
        assert!(two_again.is_some(), "{:#}", record());
        assert_eq!(pids(&sandbox.ok(["processes", &id])), leader);
        end(&sandbox, &id);
    }
}

#[test]
fn of_a_job_that_is_over_what_it_left_is_told() {
    let sandbox = sandbox();
    let over = text(&sandbox.ok(["run", "--wait", "--", "true"])["job_id"]).to_owned();
    let answer = sandbox.ok(["processes", &over]);
    assert_eq!(
        (&answer["state"], &answer["total"]["processes"]),
        (&"exited".into(), &0.into())
    );
    assert!(listed(&answer).is_empty());
    let defined = sandbox.ok(["create", "--", "true"]);
    assert!(listed(&sandbox.ok(["processes", text(&defined["job_id"])])).is_empty());

    let script = "sleep 601 & echo $! > left";
    let words = [
        "run",
        "--wait",
        "--stragglers",
        "leave",
        "--",
        "sh",
        "-c",
        script,
    ];
    let left = sandbox.ok(words);
    let answer = sandbox.ok(["processes", text(&left["job_id"])]);
    let pid = i64::from(read_pid_file(&sandbox.work().join("left")));
    assert_eq!(
        (&answer["state"], pids(&answer)),
        (&"exited".into(), vec![pid])
    );
    assert_eq!(listed(&answer)[0]["leader"], false);
    sandbox.ok(["kill", text(&left["job_id"])]);
    assert_eq!(sandbox.err(["processes", "nobody"]).0, "job_not_found");
    sandbox.assert_nothing_left(DEADLINE);
}

#[test]
fn a_hidden_value_shows_in_no_command() {
    let kept = r#"sh -c '> ready; sleep 601; :' word "$TOKEN"; :"#;
    // Nobody has it in his environment any more, and who asks has never had it.
    let gone = r#"exec env -i /bin/sh -c '> ready; /bin/sleep 601; :' word "$TOKEN""#;
    for (script, shown) in [(kept, "word ***"), (gone, "sh")] {
        let sandbox = sandbox();
        let mut command = sandbox.foster();
        command.env("TOKEN", SECRET);
        command.args([
            "run",
            "--no-wait",
            "--mask",
            "TOKEN",
            "--",
            "sh",
            "-c",
            script,
        ]);
        let id = text(&sandbox.json_of(command, None).into_ok()["job_id"]).to_owned();
        ready(&sandbox);
        let answer = sandbox.ok(["processes", &id]);
        assert!(!answer.to_string().contains(SECRET), "{answer:#}");
        let commands = listed(&answer)
            .iter()
            .map(|process| text(&process["command"]));
        let commands: Vec<_> = commands.collect();
        assert!(
            commands.iter().any(|command| command.ends_with(shown)),
            "{commands:?}"
        );
        end(&sandbox, &id);
    }
}

#[test]
fn a_terminal_gets_a_tree() {
    let sandbox = sandbox();
    let id = start(&sandbox, &[], &["sh", "-c", THREE]);
    ready(&sandbox);
    let mut command = sandbox.foster();
    command.args(["processes", &id, "--output", "text"]);
    let done = finish(command, None, DEADLINE);
    let told = String::from_utf8(done.stdout).unwrap();
    let lines: Vec<_> = told.lines().collect();
    let [header, leader, child, grandchild, total] = lines[..] else {
        panic!("{told}");
    };
    let columns: Vec<_> = header.split_whitespace().collect();
    assert_eq!(columns, ["PID", "STATE", "AGE", "CPU", "MEMORY", "COMMAND"]);
    let at = header.find("COMMAND").unwrap();
    assert_eq!(&leader[at..], format!("sh -c {THREE}"));
    assert!(child[at..].starts_with("  sh -c sleep 601"), "{told}");
    assert_eq!(&grandchild[at..], "    sleep 601");
    assert!(
        total.starts_with(&format!("3 processes of {id} (running), ")),
        "{told}"
    );
    end(&sandbox, &id);
    let mut command = sandbox.foster();
    command.args(["processes", &id, "--output", "text"]);
    let done = finish(command, None, DEADLINE);
    let told = String::from_utf8(done.stdout).unwrap();
    assert_eq!(
        told,
        format!("{id} is killed, and no process of it lives\n")
    );
}
