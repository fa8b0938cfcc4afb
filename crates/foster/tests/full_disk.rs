//! A disk that is full to the last page or inode, at every step: what is asked for is refused clearly and
//! nothing is half made, or it is done and the end of the job is recorded truly.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at what it did not expect"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use foster_testkit::{
    Answer, DEADLINE, Left, Sandbox, SmallDisk, Tally, Watched, finish, in_own_mounts,
};
use serde_json::{Value, json};

const SOON: Duration = Duration::from_secs(30);
const SIZE: u64 = 1 << 20;

fn sandbox() -> Sandbox {
    Sandbox::new(env!("CARGO_BIN_EXE_foster"))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

/// How a job stands, as far as it matters here.
fn standing(answer: &Value) -> Value {
    json!([answer["state"], answer["exit_code"]])
}

/// What lies in the folders of the days that is no job.
fn waste(sandbox: &Sandbox) -> Vec<PathBuf> {
    let entries = |path: &Path| fs::read_dir(path).into_iter().flatten().flatten();
    let days = entries(&sandbox.root().join("jobs"));
    let all = days.flat_map(|day| entries(&day.path()).map(|entry| entry.path()));
    let hidden = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().starts_with('.');
    all.filter(hidden).collect()
}

/// The keeper and the supervisor of a job.
fn guardians(sandbox: &Sandbox, id: &str) -> [Watched; 2] {
    let journal = fs::read_to_string(sandbox.job_dir(id).join("events.ndjson")).unwrap();
    let mut events = journal
        .lines()
        .map(serde_json::from_str::<Value>)
        .map(Result::unwrap);
    let launched = events.find(|event| event["event"] == "launched").unwrap();
    ["keeper", "supervisor"].map(|who| Watched::from_json(&launched[who]).unwrap())
}

/// Waits until the processes of a job that is over are gone, so that nobody writes any more.
fn settle(sandbox: &Sandbox) {
    sandbox.assert_nothing_left(SOON);
}

#[test]
fn a_run_is_refused_or_its_end_is_recorded() {
    if !in_own_mounts("a_run_is_refused_or_its_end_is_recorded") {
        return;
    }
    let sandbox = sandbox();
    let mut tally = Tally::new("run on a full disk, page by page and inode by inode");
    let pages = (0..12).map(Left::Pages);
    for left in pages.chain((0..18).map(Left::Inodes)) {
        tally.run();
        let disk = SmallDisk::new(&sandbox, SIZE);
        disk.fill(left);
        let ran = sandbox.json(["run", "--wait", "--", "sh", "-c", "echo out; exit 7"]);
        let list = sandbox.ok(["list"]);
        let listed = list["jobs"].as_array().unwrap();
        if ran.value["ok"] == true {
            settle(&sandbox);
            let status = sandbox.ok(["status", text(&ran.value["job_id"])]);
            let rows = [&ran.value, &status, &listed[0]].map(standing);
            let expected = json!(["exited", 7]);
            tally.lost_unless(rows.iter().all(|row| *row == expected), || {
                format!("{left:?}: {rows:?}")
            });
        } else {
            let (code, _) = ran.into_err();
            tally.lost_unless(["io_error", "launch_failed"].contains(&&*code), || {
                format!("{left:?}: {code}")
            });
            let failed = listed.iter().all(|row| row["state"] == "failed");
            tally.lost_unless(failed, || format!("{left:?}: {list:#}"));
        }
        for path in waste(&sandbox) {
            tally.escaped(format!("{left:?}: {}", path.display()));
        }
        disk.empty();
        let again = sandbox.ok(["run", "--wait", "--", "sh", "-c", "exit 3"]);
        tally.lost_unless(again["exit_code"] == 3, || format!("{left:?}: {again:#}"));
        settle(&sandbox);
    }
}

/// A root with a job that is over, one that is only defined, and one that waits for two lines.
struct Jobs;

impl Jobs {
    const NAMES: [&str; 3] = ["done", "made", "busy"];

    fn new(sandbox: &Sandbox) -> Self {
        let end = "echo out; exit 7";
        sandbox.ok(["run", "--wait", "--name", "done", "--", "sh", "-c", end]);
        settle(sandbox);
        sandbox.ok(["create", "--name", "made", "--", "sh", "-c", end]);
        let wait = "read one; read two; exit 7";
        let open = ["run", "--no-wait", "--stdin", "open", "--name", "busy"];
        sandbox.ok([&open[..], &["--", "sh", "-c", wait]].concat());
        Self
    }

    /// How each of them stands; `None` if there is none of that name.
    fn standings(sandbox: &Sandbox) -> Vec<Option<Value>> {
        let ask = |name: &&str| {
            let answer = sandbox.json(["status", name]).value;
            (answer["ok"] == true).then(|| standing(&answer))
        };
        Self::NAMES.iter().map(ask).collect()
    }
}

/// Asks for one thing on a disk with one page, then one inode, more at a time, until it is done.
fn sweep(tally: &mut Tally, args: &[&str], after: &[Option<Value>]) {
    let sandbox = sandbox();
    let lefts: [fn(u64) -> Left; 2] = [Left::Pages, Left::Inodes];
    for left in lefts {
        let disk = SmallDisk::new(&sandbox, SIZE);
        let _jobs = Jobs::new(&sandbox);
        let before = Jobs::standings(&sandbox);
        let done = (0..40).find(|amount| {
            tally.run();
            let what = format!("{args:?} with {:?}", left(*amount));
            disk.fill(left(*amount));
            let answer = sandbox.json(args);
            let done = answer.value["ok"] == true;
            let expected = if done { after } else { &before };
            check(tally, &sandbox, &what, &answer, expected);
            disk.empty();
            check(tally, &sandbox, &what, &answer, expected);
            done
        });
        tally.lost_unless(done.is_some(), || format!("{args:?} never succeeds"));
        // Whatever was done to it, the job that waits ends as it would have.
        if Jobs::standings(&sandbox)[2] == Some(json!(["running", null])) {
            sandbox.ok(["send", "busy", "--eof"]);
            let end = sandbox.ok(["wait", "busy"]);
            tally.lost_unless(end["exit_code"] == 7, || format!("{args:?}: {end:#}"));
        }
        settle(&sandbox);
    }
}

fn check(
    tally: &mut Tally,
    sandbox: &Sandbox,
    what: &str,
    answer: &Answer,
    expected: &[Option<Value>],
) {
    let found = Jobs::standings(sandbox);
    tally.lost_unless(found == expected, || {
        format!("{what}: {found:?}, after {:#}", answer.value)
    });
    let code = &answer.value["error"]["code"];
    tally.lost_unless(code.is_null() || code == "io_error", || {
        format!("{what}: {:#}", answer.value)
    });
    let rows = sandbox.ok(["list"])["jobs"].as_array().unwrap().len();
    let jobs = expected.iter().flatten().count() + usize::from(rows > 3);
    tally.lost_unless(rows == jobs, || format!("{what}: {rows} rows"));
    for path in waste(sandbox) {
        tally.escaped(format!("{what}: {}", path.display()));
    }
}

#[test]
fn each_verb_is_refused_or_does_all_of_its_work() {
    if !in_own_mounts("each_verb_is_refused_or_does_all_of_its_work") {
        return;
    }
    let over = || Some(json!(["exited", 7]));
    let made = || Some(json!(["created", null]));
    let busy = || Some(json!(["running", null]));
    let unchanged = [over(), made(), busy()];
    let mut tally = Tally::new("each verb on a full disk, page by page and inode by inode");
    let mut sweep = |args: &[&str], after: &[Option<Value>]| sweep(&mut tally, args, after);
    sweep(&["create", "--", "true"], &unchanged);
    sweep(&["start", "made", "--wait"], &[over(), over(), busy()]);
    sweep(&["restart", "done", "--wait"], &unchanged);
    let killed = Some(json!(["killed", null]));
    sweep(&["kill", "busy"], &[over(), made(), killed]);
    sweep(&["tag", "done", "--add", "x"], &unchanged);
    sweep(&["tag", "busy", "--add", "x"], &unchanged);
    sweep(
        &["notify", "set", "busy", "--notify-file", "told"],
        &unchanged,
    );
    sweep(&["send", "busy", "one"], &unchanged);
    sweep(&["delete", "done"], &[None, made(), busy()]);
    sweep(&["gc", "--max-jobs", "0"], &[None, made(), busy()]);
    sweep(&["recover"], &unchanged);
}

/// Starts a job that ends with code 7 once the file `go` has a line, and fills the disk then.
fn started(sandbox: &Sandbox, disk: &SmallDisk<'_>, options: &[&str], line: &str) -> String {
    let go = sandbox.work().join("go");
    let _ = fs::remove_file(&go);
    assert!(Command::new("mkfifo").arg(&go).status().unwrap().success());
    let line = format!("trap '' USR1; {line} read x <go; {line} exit 7");
    let run = [&["run", "--no-wait"], options, &["--", "sh", "-c", &line]].concat();
    let id = text(&sandbox.ok(run)["job_id"]).to_owned();
    disk.fill(Left::Pages(0));
    id
}

fn let_go(sandbox: &Sandbox) {
    fs::write(sandbox.work().join("go"), "go\n").unwrap();
}

/// Lets the job go on, and looks at its end: in the answer of who waits, afterwards, and when there is
/// room again.
fn check_the_end(tally: &mut Tally, what: &str, sandbox: &Sandbox, disk: &SmallDisk<'_>, id: &str) {
    let mut wait = sandbox.foster();
    wait.args(["wait", id]);
    let waiter = std::thread::spawn(move || finish(wait, None, DEADLINE));
    let_go(sandbox);
    let waited: Value = serde_json::from_slice(&waiter.join().unwrap().stdout).unwrap();
    let mut found = vec![standing(&waited)];
    found.push(standing(&sandbox.json(["status", id]).value));
    settle(sandbox);
    found.push(standing(&sandbox.json(["status", id]).value));
    disk.empty();
    sandbox.ok(["recover"]);
    found.push(standing(&sandbox.json(["status", id]).value));
    let expected = json!(["exited", 7]);
    tally.lost_unless(found.iter().all(|one| *one == expected), || {
        format!("{what}: {found:?}")
    });
}

#[test]
fn the_end_of_a_job_is_recorded_though_its_journal_has_filled_what_was_set_aside() {
    if !in_own_mounts(
        "the_end_of_a_job_is_recorded_though_its_journal_has_filled_what_was_set_aside",
    ) {
        return;
    }
    let sandbox = sandbox();
    let mut tally = Tally::new("the disk full while a job runs: much happens to it, then its end");
    for (signals, killed) in [(0, false), (0, true), (110, true)] {
        tally.run();
        let disk = SmallDisk::new(&sandbox, SIZE);
        let id = started(&sandbox, &disk, &[], "");
        let [_, supervisor] = guardians(&sandbox, &id);
        for _ in 0..signals {
            sandbox.ok(["kill", &id, "--signal", "USR1"]);
        }
        if killed {
            assert!(supervisor.kill() && supervisor.wait_gone(SOON));
        }
        let what = format!("{signals} signals, supervisor killed: {killed}");
        check_the_end(&mut tally, &what, &sandbox, &disk, &id);
    }
}

#[test]
fn whoever_writes_beside_the_logs_stops_nothing() {
    if !in_own_mounts("whoever_writes_beside_the_logs_stops_nothing") {
        return;
    }
    let sandbox = sandbox();
    let mut tally = Tally::new("the disk full of --log, a sink's file, redacted output");
    let root = sandbox.root().to_str().unwrap().to_owned();
    let log = format!("{root}/all.log");
    let told = format!("{root}/told");
    let secret = "PASSWORD=correct-horse-battery-staple";
    let redact = ["--env", secret, "--redact", "PASSWORD"];
    let ways: [&[&str]; 3] = [&["--log", &log], &["--notify-file", &told], &redact];
    for options in ways {
        tally.run();
        let disk = SmallDisk::new(&sandbox, SIZE);
        let line = "seq -f \"$PASSWORD %g\" 1 40000;";
        let id = started(&sandbox, &disk, options, line);
        check_the_end(&mut tally, &format!("{options:?}"), &sandbox, &disk, &id);
        let folder = sandbox.job_dir(&id).join("runs/1");
        for file in fs::read_dir(folder).unwrap().flatten() {
            let bytes = fs::read(file.path()).unwrap();
            let shown = String::from_utf8_lossy(&bytes).contains("battery");
            tally.lost_unless(!shown, || {
                format!("{options:?}: {:?} tells it", file.path())
            });
        }
        let tail = sandbox.ok(["tail", &id]);
        let stdout = &tail["stdout"];
        let gaps = stdout["omitted"].as_array().unwrap().iter();
        let gaps = gaps.map(|gap| gap[1].as_u64().unwrap() - gap[0].as_u64().unwrap());
        tally.lost_unless(stdout["omitted_bytes"] == gaps.sum::<u64>(), || {
            format!("{options:?}: {stdout:#}")
        });
    }
}

#[test]
fn a_limit_of_file_sizes_ends_nobody() {
    let sandbox = sandbox();
    let mut tally = Tally::new("a limit of file sizes (SIGXFSZ) on launcher and supervisor");
    let foster = sandbox.foster();
    for limit in [0, 1, 8, 16, 32, 33, 40, 64, 128] {
        tally.run();
        let mut run = Command::new("sh");
        let limited = format!("ulimit -f {limit}; exec \"$0\" \"$@\"");
        run.args(["-c", &limited]).arg(foster.get_program());
        let job = "head -c 200000 /dev/zero | tr '\\0' x; exit 7";
        run.args(["run", "--wait", "--", "sh", "-c", job]);
        for (name, value) in foster.get_envs() {
            value.map(|value| run.env(name, value));
        }
        run.current_dir(sandbox.work());
        let answer = sandbox.json_of(run, None);
        if answer.value["ok"] != true {
            let refused = answer.value["error"]["code"] == "io_error" && limit <= 32;
            tally.lost_unless(refused, || format!("{limit}: {:#}", answer.value));
            continue;
        }
        let stdout = &answer.value["snapshot"]["stdout"];
        let kept: u64 = kept_bytes(Path::new(text(&answer.value["stdout_log_path"])));
        let true_end = answer.value["exit_code"] == 7
            && stdout["observed_bytes"] == 200_000
            && stdout["omitted_bytes"] == 200_000 - kept;
        tally.lost_unless(true_end, || format!("{limit}: {:#}", answer.value));
    }
    for path in waste(&sandbox) {
        tally.escaped(path.display());
    }
}

/// How many bytes of a stream are in its files.
fn kept_bytes(head: &Path) -> u64 {
    let name = head.file_name().unwrap().to_str().unwrap();
    let files = fs::read_dir(head.parent().unwrap()).unwrap().flatten();
    let of_it = files.filter(|file| file.file_name().to_str().unwrap().starts_with(name));
    of_it.map(|file| file.metadata().unwrap().len()).sum()
}

#[test]
fn a_job_on_a_disk_that_may_only_be_read_is_told_of_and_can_be_ended() {
    if !in_own_mounts("a_job_on_a_disk_that_may_only_be_read_is_told_of_and_can_be_ended") {
        return;
    }
    let sandbox = sandbox();
    let mut tally = Tally::new("the disk may only be read from the middle of a job on");
    for with_index in [true, false] {
        tally.run();
        let disk = SmallDisk::new(&sandbox, SIZE);
        let _jobs = Jobs::new(&sandbox);
        if !with_index {
            fs::remove_file(sandbox.root().join("index")).unwrap();
        }
        let before = Jobs::standings(&sandbox);
        disk.forbid_writing();
        let mut unchanged = |what: &str| {
            let found = Jobs::standings(&sandbox);
            tally.lost_unless(found == before, || format!("{what}: {found:?}"));
            let list = sandbox.ok(["list"]);
            let rows = list["jobs"].as_array().unwrap().len();
            tally.lost_unless(rows == 3, || format!("{what}: {list:#}"));
        };
        unchanged("at first");
        for verb in [&["tail", "done"][..], &["logs", "busy"], &["wait", "done"]] {
            sandbox.ok(verb);
        }
        for verb in [
            &["run", "--", "true"][..],
            &["create", "--", "true"],
            &["start", "made"],
            &["restart", "done"],
            &["delete", "done"],
            &["tag", "done", "--add", "x"],
        ] {
            let (code, answer) = sandbox.err(verb);
            assert_eq!(code, "io_error", "{verb:?}: {answer:#}");
            unchanged(verb[0]);
        }
        let killed = sandbox.ok(["kill", "busy"]);
        assert_eq!(killed["state"], "killed", "{killed:#}");
        settle(&sandbox);
    }
}

#[test]
fn a_root_that_is_removed_ends_with_its_jobs() {
    let sandbox = sandbox();
    let mut tally = Tally::new("the root removed while its job runs");
    for what in ["jobs", "job", "everything"] {
        tally.run();
        let line = "trap 'exit 7' TERM; echo ready; while :; do sleep 600 & wait; done";
        let id = sandbox.ok(["run", "--no-wait", "--", "sh", "-c", line]);
        let id = text(&id["job_id"]).to_owned();
        let status = sandbox.ok(["wait", &id, "--for", "ready"]);
        let ours = guardians(&sandbox, &id);
        let leader = Watched::from_pid(status["pid"].as_i64().unwrap() as i32).unwrap();
        let mut wait = sandbox.foster();
        wait.args(["wait", &id]);
        let path = match what {
            "jobs" => sandbox.root().join("jobs"),
            "job" => sandbox.job_dir(&id),
            _ => sandbox.root().to_owned(),
        };
        fs::remove_dir_all(&path).unwrap();
        let waiter = std::thread::spawn(move || finish(wait, None, DEADLINE));
        assert!(leader.is_alive());
        // It can be ended by whoever can name its supervisor, and nobody hangs.
        assert!(ours[1].signal(rustix::process::Signal::TERM));
        for process in [leader, ours[0], ours[1]] {
            tally.escaped_unless(process.wait_gone(SOON), || {
                format!("{what}: {} ({})", process.pid, process.name())
            });
        }
        assert!(!waiter.join().unwrap().stdout.is_empty());
        if !sandbox.root().exists() {
            fs::create_dir(sandbox.root()).unwrap();
        }
    }
}
