//! Jobs that are defined first and started later, and jobs that are started again.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use foster_testkit::{
    Answer, Sandbox, Tally, Watched, habit, kill_at_once, race_time, wait_for_file, wait_on_dir,
};
use serde_json::{Value, json};

const SOON: Duration = Duration::from_secs(30);

fn sandbox() -> Sandbox {
    Sandbox::new(env!("CARGO_BIN_EXE_foster"))
}

fn id(answer: &Value) -> String {
    answer["job_id"].as_str().unwrap().to_owned()
}

/// Defines a job of a shell's line, and returns its id.
fn create(sandbox: &Sandbox, options: &[&str], line: &str) -> String {
    id(&sandbox.ok([&["create"], options, &["--", "sh", "-c", line]].concat()))
}

fn stdout(answer: &Value) -> &str {
    answer["snapshot"]["stdout"]["tail"].as_str().unwrap()
}

fn state_file(dir: &Path) -> Value {
    serde_json::from_slice(&fs::read(dir.join("state.json")).unwrap()).unwrap()
}

/// What was appended to a file in the sandbox, by line.
fn lines(sandbox: &Sandbox, name: &str) -> Vec<String> {
    let text = fs::read_to_string(sandbox.work().join(name)).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

/// Carries out the same command line several times at once.
fn at_once(sandbox: &Sandbox, count: usize, args: &[&str]) -> Vec<Answer> {
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..count)
            .map(|_| scope.spawn(|| sandbox.json(args)))
            .collect();
        let answers = threads.into_iter().map(|thread| thread.join().unwrap());
        answers.collect()
    })
}

#[test]
fn create_starts_nothing_and_start_starts_it_once() {
    let sandbox = sandbox();
    let id = create(
        &sandbox,
        &["--name", "later"],
        "echo ran >> ran; echo out; exit 3",
    );
    let status = sandbox.ok(["status", &id]);
    assert_eq!(status["state"], "created");
    assert_eq!(status["run"], 1);
    assert_eq!(status["pid"], Value::Null);
    for verb in [vec!["kill", &id], vec!["wait", &id]] {
        assert_eq!(sandbox.err(&verb).0, "invalid_state", "{verb:?}");
    }
    assert_eq!(lines(&sandbox, "ran"), [""; 0]);
    let answer = sandbox.ok(["start", "later", "--wait"]);
    assert_eq!(answer["type"], "start");
    assert_eq!(
        (&answer["state"], &answer["exit_code"]),
        (&json!("exited"), &json!(3))
    );
    assert_eq!(stdout(&answer), "out\n");
    assert_eq!(sandbox.err(["start", &id]).0, "invalid_state");
    assert_eq!(lines(&sandbox, "ran"), ["ran"]);
    sandbox.assert_nothing_left(SOON);
}

#[test]
fn a_definition_takes_in_what_it_needs() {
    let sandbox = sandbox();
    let work = sandbox.work();
    fs::write(work.join("vars"), "A=from file\nB=from file\n").unwrap();
    fs::write(work.join("input"), "line\n").unwrap();
    let options = [
        "--env-file",
        "vars",
        "--env",
        "B=given",
        "--stdin-file",
        "input",
    ];
    let id = create(&sandbox, &options, "cat; echo $A, $B");
    fs::remove_file(work.join("vars")).unwrap();
    fs::remove_file(work.join("input")).unwrap();
    let mut start = sandbox.foster();
    start
        .args(["start", &id, "--wait"])
        .env("B", "of the starter");
    assert_eq!(
        stdout(&sandbox.json_of(start, None).into_ok()),
        "line\nfrom file, given\n"
    );
    // The same input again, to its end.
    let answer = sandbox.ok(["restart", &id, "--wait"]);
    assert_eq!(stdout(&answer), "line\nfrom file, given\n");
}

#[test]
fn a_definition_that_can_t_be_read_makes_no_job() {
    let sandbox = sandbox();
    for (args, code) in [
        (["--env-file", "none"], "bad_env_file"),
        (["--stdin-file", "none"], "bad_stdin"),
        (["--redact", "NONE"], "bad_env"),
        (["--group", "a b"], "invalid_argument"),
    ] {
        let args = [["create"].as_slice(), &args, &["--", "true"]].concat();
        assert_eq!(sandbox.err(&args).0, code, "{args:?}");
    }
    assert_eq!(sandbox.job_ids(), [""; 0]);
}

#[test]
fn a_command_that_can_t_be_started_fails_when_it_is() {
    let sandbox = sandbox();
    let id = id(&sandbox.ok(["create", "--", "/no/such/program"]));
    assert_eq!(sandbox.err(["start", &id]).0, "command_not_found");
    assert_eq!(sandbox.ok(["status", &id])["state"], "failed");
    // What was missing may be there the next time.
    assert_eq!(sandbox.err(["restart", &id]).0, "command_not_found");
    let status = sandbox.ok(["status", &id]);
    assert_eq!(
        (&status["state"], &status["run"]),
        (&json!("failed"), &json!(2))
    );
}

#[test]
fn what_is_masked_is_kept_apart_and_reaches_the_command() {
    let sandbox = sandbox();
    let secret = "hunter2-hunter2";
    let setting = format!("K={secret}");
    let line = format!("test \"$K\" = {secret} && echo same");
    let id = create(&sandbox, &["--env", &setting, "--mask", "K"], &line);
    let dir = sandbox.job_dir(&id);
    let holds = |name: &str| fs::read_to_string(dir.join(name)).unwrap().contains(secret);
    let mode = fs::metadata(dir.join("secrets.json"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(holds("secrets.json"));
    for run in 1..3 {
        let verb = if run == 1 { "start" } else { "restart" };
        let answer = sandbox.ok([verb, &id, "--wait"]);
        assert_eq!(stdout(&answer), "same\n");
        assert_eq!(answer["env_vars"], json!({"K": "***"}));
        assert!(!answer.to_string().contains(secret));
        for name in ["meta.json", "state.json", "events.ndjson"] {
            assert!(!holds(name), "{name}");
        }
    }
    // Nothing that needs keeping apart makes no such file.
    let plain = create(&sandbox, &["--env", "A=1"], "true");
    assert!(!sandbox.job_dir(&plain).join("secrets.json").exists());
}

#[test]
fn of_many_who_start_a_job_one_does() {
    let mut tally = Tally::new("six starts at once");
    let sandbox = sandbox();
    let end = Instant::now() + race_time();
    while Instant::now() < end {
        tally.run();
        let id = create(&sandbox, &[], "echo $FOSTER_JOB >> ran");
        let answers = at_once(&sandbox, 6, &["start", &id, "--wait"]);
        let mut started = 0;
        for answer in answers {
            if answer.value["ok"] == true {
                started += 1;
            } else {
                assert_eq!(answer.into_err().0, "invalid_state");
            }
        }
        assert_eq!(started, 1);
        let ran = lines(&sandbox, "ran");
        assert_eq!(ran.iter().filter(|line| line.starts_with(&id)).count(), 1);
    }
}

#[test]
fn a_restarted_job_keeps_its_earlier_runs() {
    let sandbox = sandbox();
    let line = "echo $FOSTER_JOB; echo again >> ran; exit $(wc -l < ran)";
    let args = ["run", "--wait", "--tag", "t", "--", "sh", "-c", line];
    let first = sandbox.ok(args);
    let id = id(&first);
    let second = sandbox.ok(["restart", &id, "--wait"]);
    assert_eq!(second["type"], "restart");
    for (run, answer) in [(1, &first), (2, &second)] {
        assert_eq!(answer["job_id"], json!(id));
        assert_eq!(
            (&answer["run"], &answer["exit_code"]),
            (&json!(run), &json!(run))
        );
        assert_eq!(answer["tags"], json!(["t"]));
        let path = answer["stdout_log_path"].as_str().unwrap();
        assert!(path.ends_with(&format!("runs/{run}/stdout.log")), "{path}");
        assert_eq!(fs::read_to_string(path).unwrap(), stdout(answer));
    }
    let marks = [stdout(&first), stdout(&second)];
    assert!(marks.iter().all(|mark| mark.starts_with(&id)) && marks[0] != marks[1]);
    let created = |answer: &Value| answer["created_at"].clone();
    assert_eq!(created(&first), created(&second));
    // The fold of the journal is what the state says.
    fs::remove_file(sandbox.job_dir(&id).join("state.json")).unwrap();
    let status = sandbox.ok(["status", &id]);
    assert_eq!(
        (&status["run"], &status["exit_code"]),
        (&json!(2), &json!(2))
    );
}

#[test]
fn a_restart_ends_the_running_tree_first() {
    let sandbox = sandbox();
    let line = format!(
        ": > first; exec {} --dir {}",
        habit("six-roles").display(),
        sandbox.work().display()
    );
    let line = format!("if test -e first; then exec sleep 600; fi; {line}");
    let id = id(&sandbox.ok(["run", "--no-wait", "--shell", &line]));
    let pid_files = ["main", "plain", "stubborn", "setsid", "daemon", "envi"];
    for role in pid_files {
        assert!(
            wait_for_file(&sandbox.work().join(format!("{role}.pid")), SOON),
            "{role}"
        );
    }
    let before = sandbox.left_over();
    assert!(before.len() >= 6, "{before:?}");
    let keepers = ["keeper", "supervisor"]
        .map(|who| Watched::from_json(&state_file(&sandbox.job_dir(&id))["record"][who]));
    let answer = sandbox.ok(["restart", &id, "--no-wait", "--grace", "100ms"]);
    assert_eq!(
        (&answer["run"], &answer["state"]),
        (&json!(2), &json!("running"))
    );
    for process in before {
        assert!(!process.is_alive(), "{process:?} of the first run lives");
    }
    assert!(keepers.iter().flatten().all(|process| !process.is_alive()));
    sandbox.ok(["kill", &id, "--grace", "0s"]);
    sandbox.assert_nothing_left(SOON);
}

#[test]
fn a_restart_inherits_from_the_restarter_unless_the_environment_was_kept() {
    let sandbox = sandbox();
    for (options, source, expected) in [
        (vec![], "caller", "later given"),
        (vec!["--keep-env"], "kept", "first given"),
        (vec!["--no-inherit-env"], "nothing", "none given"),
    ] {
        let with = |value: &str, args: &[&str]| {
            let mut foster = sandbox.foster();
            foster.args(args).env("INHERITED", value);
            sandbox.json_of(foster, None).into_ok()
        };
        let line = "echo ${INHERITED-none} $GIVEN";
        let run = [
            &["run", "--wait", "--env", "GIVEN=given"],
            options.as_slice(),
            &["--", "/bin/sh", "-c", line],
        ];
        let first = with("first", &run.concat());
        let again = with("later", &["restart", &id(&first), "--wait"]);
        assert_eq!(again["inherited_env"], source);
        assert_eq!(stdout(&again), format!("{expected}\n"));
    }
}

#[test]
fn of_two_who_restart_a_job_each_run_is_one_s_own() {
    let mut tally = Tally::new("three restarts at once");
    let sandbox = sandbox();
    let end = Instant::now() + race_time();
    let id = create(&sandbox, &[], "echo $FOSTER_JOB >> ran; exec sleep 600");
    sandbox.ok(["start", &id, "--no-wait"]);
    let mut runs = 1;
    while Instant::now() < end {
        tally.run();
        for answer in at_once(&sandbox, 3, &["restart", &id, "--no-wait", "--grace", "0s"]) {
            if answer.value["ok"] == true {
                runs += 1;
            } else {
                assert_eq!(answer.into_err().0, "invalid_state");
            }
        }
        let status = sandbox.ok(["status", &id]);
        assert_eq!(
            (&status["state"], &status["run"]),
            (&json!("running"), &json!(runs))
        );
    }
    sandbox.ok(["kill", &id, "--grace", "0s"]);
    // One that was killed before its shell had written is no second execution.
    let mut ran = lines(&sandbox, "ran");
    assert!(ran.len() <= runs);
    ran.sort_unstable();
    ran.dedup();
    assert_eq!(
        ran.len(),
        lines(&sandbox, "ran").len(),
        "a run was executed twice"
    );
    sandbox.assert_nothing_left(SOON);
}

#[test]
fn a_job_that_lost_its_supervisor_can_be_restarted() {
    let sandbox = sandbox();
    let line = "trap '' PIPE; : > ready; exec sleep 600";
    let id = id(&sandbox.ok(["run", "--no-wait", "--", "sh", "-c", line]));
    assert!(wait_for_file(&sandbox.work().join("ready"), SOON));
    let state = state_file(&sandbox.job_dir(&id));
    let [keeper, supervisor, leader] = ["keeper", "supervisor", "leader"]
        .map(|who| Watched::from_json(&state["record"][who]).unwrap());
    kill_at_once(&[keeper, supervisor]);
    let answer = sandbox.ok(["restart", &id, "--no-wait"]);
    assert_eq!(
        (&answer["run"], &answer["state"]),
        (&json!(2), &json!("running"))
    );
    assert!(!leader.is_alive(), "the first run's leader lives");
    sandbox.ok(["kill", &id, "--grace", "0s"]);
    sandbox.assert_nothing_left(SOON);
}

#[test]
fn no_acknowledged_tag_is_lost() {
    let sandbox = sandbox();
    let running = id(&sandbox.ok(["run", "--no-wait", "--", "sleep", "600"]));
    let over = id(&sandbox.ok(["run", "--wait", "--", "true"]));
    for job in [&running, &over] {
        std::thread::scope(|scope| {
            for n in 0..12 {
                let (sandbox, job) = (&sandbox, job.as_str());
                scope.spawn(move || sandbox.ok(["tag", job, "--add", &format!("t{n}")]));
            }
        });
        let answer = sandbox.ok(["tag", job]);
        let mut tags: Vec<&str> = answer["tags"]
            .as_array()
            .unwrap()
            .iter()
            .map(|tag| tag.as_str().unwrap())
            .collect();
        tags.sort_unstable();
        let mut wanted: Vec<String> = (0..12).map(|n| format!("t{n}")).collect();
        wanted.sort_unstable();
        assert_eq!(tags, wanted);
        assert_eq!(sandbox.ok(["status", job])["tags"], answer["tags"]);
        let listed = sandbox.ok(["list", "--tag", "t7"]);
        assert!(
            listed["jobs"]
                .as_array()
                .unwrap()
                .iter()
                .any(|row| row["job_id"] == json!(job))
        );
    }
    let answer = sandbox.ok(["tag", &over, "--set", "a.b", "--set", "c"]);
    assert_eq!(answer["tags"], json!(["a.b", "c"]));
    let answer = sandbox.ok(["tag", &over, "--remove", "c", "--add", "d"]);
    assert_eq!(answer["tags"], json!(["a.b", "d"]));
    assert_eq!(sandbox.ok(["tag", &over, "--clear"])["tags"], json!([]));
    for bad in ["", ".", "a..b", "a b", "a.*", "../x"] {
        assert_eq!(
            sandbox.err(["tag", &over, "--add", bad]).0,
            "invalid_argument",
            "{bad:?}"
        );
    }
    sandbox.ok(["kill", &running, "--grace", "0s"]);
    sandbox.assert_nothing_left(SOON);
}

#[test]
fn a_log_of_several_runs_says_where_each_begins() {
    let sandbox = sandbox();
    let answer = sandbox.ok(["run", "--wait", "--log", "all.log", "--", "echo", "hello"]);
    let id = id(&answer);
    sandbox.ok(["restart", &id, "--wait"]);
    let log = fs::read_to_string(sandbox.work().join("all.log")).unwrap();
    let begins = format!("job {id} begins");
    let kinds: Vec<bool> = log.lines().map(|line| line.contains(&begins)).collect();
    assert_eq!(kinds, [false, true, false], "{log}");
    let dir = sandbox.job_dir(&id);
    let found = wait_on_dir(&dir, SOON, || {
        dir.join("runs/2/stdout.log").exists().then_some(())
    });
    assert!(found.is_some());
}
