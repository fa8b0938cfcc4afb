//! Deleting, by hand and by rules: what was asked for goes and all of it, what lives stays, and
//! nothing outside is touched.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at what it did not expect"
)]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use foster_model::{JobId, Time};
use foster_testkit::{Sandbox, Tally, Watched, kill_at_once, race_time, wait_for_file};
use serde_json::{Value, json};

const SOON: Duration = Duration::from_secs(30);
const DAY: Duration = Duration::from_hours(24);

fn sandbox() -> Sandbox {
    Sandbox::new(env!("CARGO_BIN_EXE_foster"))
}

fn id(answer: &Value) -> String {
    answer["job_id"].as_str().expect("a job id").to_owned()
}

/// A finished job.
fn done(sandbox: &Sandbox, options: &[&str]) -> String {
    let call = [
        &["run", "--wait", "--no-auto-gc"],
        options,
        &["--", "echo", "hello"],
    ]
    .concat();
    id(&sandbox.ok(call))
}

/// A running job.
fn busy(sandbox: &Sandbox, options: &[&str]) -> String {
    let call = [
        &["run", "--no-wait", "--no-auto-gc"],
        options,
        &["--", "sleep", "600"],
    ]
    .concat();
    id(&sandbox.ok(call))
}

/// Kind and mode, length, time of change, and what is in it.
type Seen = (u32, u64, i64, Option<Vec<u8>>);

/// Everything below a folder.
fn tree(path: &Path) -> BTreeMap<PathBuf, Seen> {
    let mut found = BTreeMap::new();
    let mut folders = vec![path.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let meta = path.symlink_metadata().unwrap();
            let content = meta.is_file().then(|| fs::read(&path).unwrap());
            if meta.is_dir() {
                folders.push(path.clone());
            }
            found.insert(path, (meta.mode(), meta.len(), meta.mtime_nsec(), content));
        }
    }
    found
}

/// The jobs that `list` shows, the newest first.
fn listed(sandbox: &Sandbox) -> Vec<String> {
    let answer = sandbox.ok(["list", "--all", "--limit", "100000"]);
    answer["jobs"].as_array().unwrap().iter().map(id).collect()
}

/// Makes sure that of these jobs nothing is left, neither in the listing nor in the folders.
fn assert_gone(sandbox: &Sandbox, ids: &[String]) {
    let left = tree(&sandbox.root().join("jobs"));
    let shown = listed(sandbox);
    for id in ids {
        assert!(!shown.contains(id), "{id} is listed");
        let path = left
            .keys()
            .find(|path| path.to_string_lossy().contains(id.as_str()));
        assert!(path.is_none(), "left: {path:?}");
    }
}

/// Copies of a finished job that were over that long ago, with ids of that time.
fn plant(sandbox: &Sandbox, ages: &[Duration]) -> Vec<String> {
    static NUMBER: AtomicU64 = AtomicU64::new(1);
    let template = done(sandbox, &[]);
    sandbox.assert_quiet(&[&template]);
    let from = sandbox.job_dir(&template);
    let planted = ages.iter().map(|age| {
        let at: Time = (SystemTime::now() - *age).into();
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let id = JobId::from_parts(at.unix_ms() as u64, u128::from(number) << 24);
        let to = sandbox
            .root()
            .join("jobs")
            .join(id.day())
            .join(id.to_string());
        let folders = [to.join("runs"), to.join("runs/1")];
        let day = to.parent().unwrap().to_owned();
        for folder in [day, to.clone()].into_iter().chain(folders) {
            // Two of one day share it.
            if !folder.is_dir() {
                fs::create_dir(folder).unwrap();
            }
        }
        for name in [
            "lock",
            "runs/1/stdout.log",
            "runs/1/stderr.log",
            "runs/1/timeline",
        ] {
            fs::copy(from.join(name), to.join(name)).unwrap();
        }
        let mut meta: Value =
            serde_json::from_slice(&fs::read(from.join("meta.json")).unwrap()).unwrap();
        (meta["job_id"], meta["created_at"]) = (json!(id.to_string()), json!(at));
        // Nothing of this boot is older than the boot.
        meta["host"]["boot"] = json!("00000000-0000-4000-8000-000000000000");
        fs::write(to.join("meta.json"), meta.to_string()).unwrap();
        let journal = fs::read_to_string(from.join("events.ndjson")).unwrap();
        let lines = journal.lines().map(|line| {
            let mut event: Value = serde_json::from_str(line).unwrap();
            event["at"] = json!(at);
            format!("{event}\n")
        });
        fs::write(to.join("events.ndjson"), lines.collect::<String>()).unwrap();
        id.to_string()
    });
    let planted = planted.collect();
    sandbox.ok(["delete", &template]);
    fs::remove_file(sandbox.root().join("index")).unwrap();
    planted
}

fn days(days: impl IntoIterator<Item = u32>) -> Vec<Duration> {
    days.into_iter().map(|days| DAY * days).collect()
}

fn deleted(answer: &Value) -> Vec<String> {
    answer["deleted"]
        .as_array()
        .unwrap()
        .iter()
        .map(id)
        .collect()
}

#[test]
fn what_is_no_name_of_a_job_deletes_nothing() {
    let sandbox = sandbox();
    let (busy, done) = (busy(&sandbox, &[]), done(&sandbox, &[]));
    let victim = sandbox.work().join("victim");
    fs::create_dir(&victim).unwrap();
    fs::write(victim.join("precious"), "kept").unwrap();
    sandbox.assert_quiet(&[&done]);
    let before = (tree(sandbox.root()), tree(sandbox.work()));
    let absolute = victim.to_str().unwrap();
    let jobs = sandbox.root().join("jobs");
    for name in [
        "",
        ".",
        "..",
        "../x",
        "../victim",
        "../work/victim",
        absolute,
        jobs.to_str().unwrap(),
        "/etc",
        "../../etc",
        "a/../b",
        "./",
        "~",
        "jobs/..",
        "@0",
        ".gone-x",
    ] {
        for call in [
            vec!["delete", name],
            vec!["rm", name],
            vec!["delete", "--dry-run", name],
            vec!["delete", "--kill", name],
            vec!["delete", &done, name],
        ] {
            let answer = sandbox.json(&call);
            assert_eq!(answer.code(), Some(2), "{call:?}");
            assert_eq!(answer.into_err().0, "invalid_job_id", "{call:?}");
        }
    }
    assert_eq!(sandbox.err(["delete", &done[..5]]).0, "job_id_too_short");
    assert_eq!(sandbox.err(["delete", "nope"]).0, "job_not_found");
    assert_eq!(sandbox.err(["delete"]).0, "invalid_argument");
    assert!(before == (tree(sandbox.root()), tree(sandbox.work())));
    assert_eq!(sandbox.ok(["status", &busy])["state"], "running");
}

#[test]
fn a_named_job_goes_in_every_state_but_running() {
    let sandbox = sandbox();
    let exited = done(&sandbox, &["--name", "again"]);
    sandbox.ok(["restart", "again", "--wait", "--no-auto-gc"]);
    assert!(sandbox.job_dir(&exited).join("runs/2/stdout.log").is_file());
    let created = id(&sandbox.ok(["create", "--mask", "K", "--env", "K=secret", "--", "true"]));
    sandbox.err(["run", "--no-auto-gc", "no-such-program"]);
    let failed = id(&sandbox.ok(["status", "@1"]));
    for (job, state) in [
        (&exited, "exited"),
        (&created, "created"),
        (&failed, "failed"),
    ] {
        let answer = sandbox.ok(["delete", job]);
        assert_eq!(answer["jobs"][0]["state"], state);
        assert_eq!(answer["jobs"][0]["action"], "deleted");
        assert_eq!(
            (&answer["deleted"], &answer["dry_run"]),
            (&json!(1), &json!(false))
        );
        assert!(
            answer["freed_bytes"].as_u64().unwrap() >= 4096,
            "{answer:#}"
        );
        assert_gone(&sandbox, std::slice::from_ref(job));
        for verb in [
            "status", "delete", "start", "restart", "kill", "wait", "logs",
        ] {
            assert_eq!(sandbox.err([verb, job]).0, "job_not_found", "{verb}");
        }
    }
    let busy = busy(&sandbox, &["--name", "busy"]);
    for call in [
        ["delete", "busy"].as_slice(),
        &["delete", "--dry-run", "busy"],
    ] {
        let (code, answer) = sandbox.err(call);
        assert_eq!(code, "invalid_state");
        assert!(
            answer["error"]["hint"]
                .as_str()
                .unwrap()
                .contains("foster kill")
        );
        assert_eq!(answer["error"]["job_id"], busy);
    }
    let told = sandbox.ok(["delete", "--kill", "--dry-run", "busy"]);
    assert_eq!(told["jobs"][0]["action"], "would_delete");
    assert_eq!(sandbox.ok(["status", "busy"])["state"], "running");
    let killed = sandbox.ok(["rm", "--kill", "busy"]);
    assert_eq!(
        (&killed["type"], &killed["jobs"][0]["state"]),
        (&json!("delete"), &json!("killed"))
    );
    assert_gone(&sandbox, &[busy]);
    sandbox.assert_nothing_left(SOON);
}

#[test]
fn several_are_found_before_the_first_goes() {
    let sandbox = sandbox();
    let jobs: Vec<_> = (0..4).map(|_| done(&sandbox, &[])).collect();
    let answer = sandbox.ok(["delete", "@1", "@2", &jobs[3], "@1"]);
    let gone: Vec<_> = answer["jobs"].as_array().unwrap().iter().map(id).collect();
    assert_eq!(gone, [jobs[3].clone(), jobs[2].clone()]);
    let (code, answer) = sandbox.err(["delete", "missing", &jobs[1]]);
    assert_eq!(code, "some_failed");
    assert_eq!(
        (&answer["deleted"], &answer["failed"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(answer["jobs"][0]["error"]["code"], "job_not_found");
    assert_eq!(listed(&sandbox), jobs[..1]);
}

#[test]
fn all_means_what_is_over_and_of_this_directory() {
    let sandbox = sandbox();
    let other = sandbox.work().parent().unwrap().join("other");
    fs::create_dir(&other).unwrap();
    let elsewhere = done(&sandbox, &["--cwd", other.to_str().unwrap()]);
    let plain = done(&sandbox, &[]);
    let tagged = done(&sandbox, &["--tag", "ci.lint", "--group", "g"]);
    let grouped = done(&sandbox, &["--group", "g"]);
    let running = busy(&sandbox, &["--group", "g"]);
    let created = id(&sandbox.ok(["create", "--", "true"]));
    sandbox.assert_quiet(&[&plain, &tagged, &grouped, &elsewhere]);
    let before = tree(sandbox.root());
    let told = sandbox.ok(["delete", "--all", "--dry-run"]);
    assert!(before == tree(sandbox.root()), "only looked at");
    let actions = |answer: &Value| -> BTreeMap<String, String> {
        let jobs = answer["jobs"].as_array().unwrap().iter();
        jobs.map(|job| (id(job), job["action"].as_str().unwrap().to_owned()))
            .collect()
    };
    let row = |id: &String, action: &str| (id.clone(), action.to_owned());
    let expected = [
        row(&plain, "would_delete"),
        row(&tagged, "would_delete"),
        row(&grouped, "would_delete"),
        row(&running, "skipped"),
        row(&created, "skipped"),
    ];
    assert_eq!(actions(&told), expected.into());
    assert_eq!(told["scope"].as_str(), sandbox.work().to_str());
    let by_tag = sandbox.ok(["delete", "--tag", "ci.lint"]);
    assert_eq!(actions(&by_tag), [row(&tagged, "deleted")].into());
    let by_state = sandbox.ok(["delete", "--all", "--state", "failed,lost"]);
    assert_eq!(by_state["jobs"], json!([]));
    let group = sandbox.ok(["delete", "--group", "g"]);
    assert_eq!(
        actions(&group),
        [row(&grouped, "deleted"), row(&running, "skipped")].into()
    );
    let ended = sandbox.ok(["delete", "--group", "g", "--kill"]);
    assert_eq!(actions(&ended), [row(&running, "deleted")].into());
    let defined = sandbox.ok(["delete", "--all", "--state", "created"]);
    assert_eq!(actions(&defined), [row(&created, "deleted")].into());
    sandbox.ok(["delete", "--all"]);
    assert_eq!(listed(&sandbox), std::slice::from_ref(&elsewhere));
    let all = sandbox.ok(["delete", "--all", "--everywhere"]);
    assert_eq!(actions(&all), [row(&elsewhere, "deleted")].into());
    assert_eq!(all["scope"], Value::Null);
    assert_eq!(
        sandbox.err(["delete", "--all", "--state", "running"]).0,
        "invalid_argument"
    );
    assert_eq!(
        tree(&sandbox.root().join("jobs")).len(),
        0,
        "the day's folder went too"
    );
}

/// Waits until the processes of jobs that are over have let go of them.
trait Quiet {
    fn assert_quiet(&self, ids: &[&String]);
}

impl Quiet for Sandbox {
    fn assert_quiet(&self, ids: &[&String]) {
        for id in ids {
            for guardian in guardians(self, id) {
                assert!(guardian.wait_gone(SOON));
            }
        }
    }
}

/// Keeper and supervisor of a job, as far as they live.
fn guardians(sandbox: &Sandbox, id: &str) -> Vec<Watched> {
    let state = fs::read(sandbox.job_dir(id).join("state.json")).unwrap();
    let state: Value = serde_json::from_slice(&state).unwrap();
    let pid = |name: &str| state["record"][name]["pid"].as_i64();
    let pids = ["supervisor", "keeper"].into_iter().filter_map(pid);
    pids.filter_map(|pid| Watched::from_pid(pid as i32))
        .collect()
}

#[test]
fn what_a_job_left_behind_keeps_it_from_being_deleted() {
    let sandbox = sandbox();
    let left = [
        "run",
        "--wait",
        "--stragglers",
        "leave",
        "--shell",
        "sleep 600 >/dev/null 2>&1 &",
    ];
    let straggling = id(&sandbox.ok(left));
    assert_eq!(sandbox.ok(["status", &straggling])["state"], "exited");
    let (code, answer) = sandbox.err(["delete", &straggling]);
    assert_eq!(code, "invalid_state", "{answer:#}");
    assert_eq!(sandbox.ok(["delete", "--all"])["skipped"], 1);
    assert_eq!(
        sandbox.ok(["gc", "--max-jobs", "0"])["skipped"][0]["job_id"],
        straggling
    );
    sandbox.ok(["delete", "--kill", &straggling]);
    // Nobody is left who looks after this one, and its command lives on.
    let orphan = busy(&sandbox, &[]);
    let both = guardians(&sandbox, &orphan);
    kill_at_once(&both);
    assert!(both.iter().all(|guardian| guardian.wait_gone(SOON)));
    for call in [
        ["delete", "--dry-run", &orphan],
        ["delete", &orphan, &orphan],
    ] {
        let answer = sandbox.json(call);
        let text = answer.value.to_string();
        assert!(text.contains("of its processes lives"), "{text}");
    }
    assert_eq!(sandbox.job_ids(), std::slice::from_ref(&orphan));
    sandbox.ok(["delete", "--kill", &orphan]);
    assert_eq!(sandbox.job_ids(), Vec::<String>::new());
    sandbox.assert_nothing_left(SOON);
}

#[test]
fn a_damaged_folder_goes_by_its_id_alone() {
    let sandbox = sandbox();
    let outside = sandbox.work().join("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("precious"), "kept").unwrap();
    let jobs: Vec<_> = (0..6).map(|_| done(&sandbox, &[])).collect();
    sandbox.assert_nothing_left(SOON);
    for (harm, job) in jobs.iter().enumerate() {
        let dir = sandbox.job_dir(job);
        match harm {
            0 => fs::write(dir.join("meta.json"), "{").unwrap(),
            1 => {
                fs::remove_file(dir.join("state.json")).unwrap();
                fs::write(dir.join("events.ndjson"), "#\n#\n").unwrap();
            }
            2 => fs::remove_file(dir.join("lock")).unwrap(),
            3 => {
                fs::remove_file(dir.join("lock")).unwrap();
                symlink(outside.join("precious"), dir.join("lock")).unwrap();
            }
            4 => {
                fs::remove_dir_all(dir.join("runs")).unwrap();
                symlink(&outside, dir.join("runs")).unwrap();
            }
            _ => {
                fs::remove_dir_all(&dir).unwrap();
                symlink(&outside, &dir).unwrap();
            }
        }
    }
    let garbled = &jobs[1];
    fs::remove_file(sandbox.root().join("index")).unwrap();
    let swept = sandbox.ok(["gc", "--max-jobs", "0", "--dry-run"]);
    assert!(
        swept["skipped"]
            .as_array()
            .unwrap()
            .iter()
            .any(|job| id(job) == *garbled)
    );
    let all = sandbox.ok(["delete", "--all", "--everywhere", "--dry-run"]);
    assert!(
        all["jobs"]
            .as_array()
            .unwrap()
            .iter()
            .any(|job| id(job) == *garbled)
    );
    for job in &jobs {
        let told = sandbox.ok(["delete", "--dry-run", job]);
        assert_eq!(told["deleted"], 1);
        sandbox.ok(["delete", job]);
        assert_gone(&sandbox, std::slice::from_ref(job));
    }
    assert_eq!(fs::read(outside.join("precious")).unwrap(), b"kept");
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 1);
}

#[test]
fn a_job_of_another_machine_goes_only_by_its_whole_id_and_if_it_is_over() {
    let sandbox = sandbox();
    let over = done(&sandbox, &["--name", "far"]);
    let defined = id(&sandbox.ok(["create", "--name", "there", "--", "true"]));
    sandbox.assert_nothing_left(SOON);
    for job in [&over, &defined] {
        let path = sandbox.job_dir(job).join("meta.json");
        let mut meta: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        meta["host"]["machine"] = json!("another");
        fs::write(&path, meta.to_string()).unwrap();
    }
    for call in [
        ["delete", "far"],
        ["delete", "@2"],
        ["delete", &defined],
        ["delete", "there"],
    ] {
        assert_eq!(sandbox.err(call).0, "foreign_job", "{call:?}");
    }
    assert_eq!(sandbox.ok(["delete", "--all"])["skipped"], 2);
    assert_eq!(
        deleted(&sandbox.ok(["gc", "--max-jobs", "0"])),
        Vec::<String>::new()
    );
    sandbox.ok(["delete", &over]);
    assert_eq!(sandbox.job_ids(), [defined]);
}

#[test]
fn each_rule_works_alone_and_on_every_job() {
    let sandbox = sandbox();
    // Ages in days: 120 jobs, the oldest first.
    let old = plant(&sandbox, &days((1..=120).rev()));
    let running = busy(&sandbox, &[]);
    let created = id(&sandbox.ok(["create", "--", "true"]));
    let dry = |args: &[&str]| {
        let before = tree(sandbox.root());
        let answer = sandbox.ok([&["gc", "--dry-run"], args].concat());
        assert!(before == tree(sandbox.root()), "{args:?}: only looked at");
        assert_eq!(answer["scanned"], 122);
        assert_eq!(
            answer["rules_from"],
            if args.is_empty() {
                "default"
            } else {
                "options"
            }
        );
        deleted(&answer)
    };
    listed(&sandbox);
    assert_eq!(
        dry(&[]),
        old[..91],
        "what was over 30 days ago and a moment"
    );
    assert_eq!(dry(&["--older-than", "100d"]), old[..21]);
    assert_eq!(dry(&["--max-jobs", "110"]), old[..10]);
    assert_eq!(
        dry(&["--max-jobs", "1000"]),
        old[..0],
        "the age is no rule here"
    );
    assert_eq!(dry(&["--max-jobs", "0"]), old[..]);
    assert_eq!(
        dry(&["--older-than", "119d12h", "--max-jobs", "200"]),
        old[..1]
    );
    let all = sandbox.ok(["gc", "--dry-run", "--max-bytes", "0B"]);
    assert_eq!(deleted(&all), old);
    let bytes = all["freed_bytes"].as_u64().unwrap() / 120;
    let half = format!("{}B", bytes * 60);
    assert_eq!(dry(&["--max-bytes", &half]), old[..60]);
    assert_eq!(dry(&["--max-bytes", &half, "--max-jobs", "50"]), old[..70]);
    assert_eq!(
        dry(&["--max-jobs", "50", "--older-than", "40d", "--limit", "7"]),
        old[..7]
    );
    let told = sandbox.ok(["gc", "--dry-run", "--max-jobs", "115"]);
    let done = sandbox.ok(["gc", "--max-jobs", "115"]);
    assert_eq!(
        told["deleted"], done["deleted"],
        "the dry run told the truth"
    );
    assert_eq!(told["freed_bytes"], done["freed_bytes"]);
    assert_eq!((&done["kept"], &done["failed"]), (&json!(117), &json!([])));
    assert_gone(&sandbox, &old[..5]);
    let some = sandbox.ok(["gc", "--max-jobs", "50", "--limit", "10"]);
    assert_eq!(
        (deleted(&some).len(), &some["beyond_limit"]),
        (10, &json!(55))
    );
    let aged = sandbox.ok(["gc"]);
    assert_eq!(deleted(&aged), old[15..91]);
    assert_eq!(
        aged["rules"]["older_than_ms"],
        json!(30 * 24 * 3_600_000_u64)
    );
    assert_eq!(sandbox.ok(["gc", "--max-jobs", "0"])["kept"], 2);
    assert_gone(&sandbox, &old);
    let mut left = sandbox.job_ids();
    left.sort();
    let mut kept = vec![running, created];
    kept.sort();
    assert_eq!(left, kept);
}

#[test]
fn fresh_jobs_go_too_when_there_are_too_many() {
    let sandbox = sandbox();
    let jobs: Vec<_> = (0..8).map(|_| done(&sandbox, &[])).collect();
    sandbox.assert_nothing_left(SOON);
    assert_eq!(deleted(&sandbox.ok(["gc", "--max-jobs", "3"])), jobs[..5]);
    // A lock file that somebody left behind, of any age, stands in nobody's way.
    fs::write(sandbox.root().join("gc.lock"), "4711").unwrap();
    fs::write(sandbox.root().join(".gc.lock"), "").unwrap();
    assert_eq!(deleted(&sandbox.ok(["gc", "--max-jobs", "1"])), jobs[5..7]);
}

#[test]
fn old_jobs_go_by_themselves_after_a_job() {
    let sandbox = sandbox();
    let old = plant(&sandbox, &days([50, 40, 20]));
    let run = |options: &[&str]| {
        let call = [&["run", "--wait"], options, &["--", "true"]].concat();
        let job = id(&sandbox.ok(call));
        sandbox.assert_nothing_left(SOON);
        job
    };
    let first = run(&["--no-auto-gc"]);
    assert_eq!(listed(&sandbox).len(), 4);
    let second = run(&[]);
    assert_gone(&sandbox, &old[..2]);
    assert_eq!(
        listed(&sandbox),
        [second.clone(), first.clone(), old[2].clone()]
    );
    // It was done a moment ago; what comes now waits for the next minute.
    let more = plant(&sandbox, &days([45]));
    run(&[]);
    assert!(listed(&sandbox).contains(&more[0]));
    // The time is only a hint, also one that can't be right.
    let lock = fs::File::options()
        .write(true)
        .open(sandbox.root().join("gc.lock"))
        .unwrap();
    lock.set_modified(SystemTime::now() + DAY).unwrap();
    drop(lock);
    run(&[]);
    assert_gone(&sandbox, &more);
    for (verb, name) in [("start", "one"), ("restart", "one")] {
        if verb == "start" {
            sandbox.ok(["create", "--name", name, "--", "true"]);
        }
        let more = plant(&sandbox, &days([45]));
        fs::remove_file(sandbox.root().join("gc.lock")).unwrap();
        sandbox.ok([verb, name, "--wait", "--no-auto-gc"]);
        sandbox.assert_nothing_left(SOON);
        assert!(listed(&sandbox).contains(&more[0]), "{verb}");
        let verb = "restart";
        sandbox.ok([verb, name, "--wait"]);
        sandbox.assert_nothing_left(SOON);
        assert_gone(&sandbox, &more);
    }
    // A root that can't be cleaned up costs no launch.
    fs::remove_file(sandbox.root().join("gc.lock")).unwrap();
    fs::create_dir(sandbox.root().join("gc.lock")).unwrap();
    run(&[]);
}

#[test]
fn removals_that_were_cut_short_are_found_and_ended() {
    let sandbox = sandbox();
    let jobs: Vec<_> = (0..2).map(|_| done(&sandbox, &[])).collect();
    sandbox.assert_nothing_left(SOON);
    let cut_short = |job: &String| {
        let dir = sandbox.job_dir(job);
        let gone = dir.with_file_name(format!(".gone-{job}"));
        fs::rename(&dir, &gone).unwrap();
        fs::remove_file(gone.join("meta.json")).unwrap();
    };
    cut_short(&jobs[0]);
    let disk = sandbox.ok(["doctor"])["root"]["disk"].take();
    assert_eq!(
        (&disk["gone"], &disk["complete"]),
        (&json!(1), &json!(true))
    );
    assert_eq!(disk["biggest"][0]["job_id"], jobs[1]);
    assert_eq!(disk["bytes"], disk["biggest"][0]["bytes"]);
    assert_eq!(sandbox.err(["status", &jobs[0]]).0, "job_not_found");
    assert_eq!(sandbox.ok(["gc"])["swept"], 1);
    assert_gone(&sandbox, &jobs[..1]);
    cut_short(&jobs[1]);
    assert_eq!(sandbox.ok(["recover"])["swept"], 1);
    assert_gone(&sandbox, &jobs);
}

/// A call that runs by itself.
fn begin(sandbox: &Sandbox, args: &[&str]) -> Child {
    let mut command = sandbox.foster();
    command
        .args(args)
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    command.spawn().unwrap()
}

fn answer(child: Child) -> Value {
    let out = child.wait_with_output().unwrap();
    serde_json::from_slice(&out.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&out.stdout)))
}

fn for_a_while(scenario: &str, mut attempt: impl FnMut()) {
    let mut tally = Tally::new(scenario);
    let end = Instant::now() + race_time();
    while Instant::now() < end {
        tally.run();
        attempt();
    }
}

#[test]
fn of_two_who_delete_one_has_done_it() {
    let sandbox = sandbox();
    for_a_while("two who delete at once", || {
        let job = done(&sandbox, &[]);
        let both = [0, 1].map(|_| begin(&sandbox, &["delete", &job]));
        let both = both.map(answer);
        let done = both.iter().filter(|answer| answer["ok"] == true).count();
        assert_eq!(done, 1, "{both:#?}");
        let other = both.iter().find(|answer| answer["ok"] == false).unwrap();
        assert_eq!(other["error"]["code"], "job_not_found", "{other:#}");
        assert_gone(&sandbox, &[job]);
    });
}

#[test]
fn a_job_is_deleted_or_started_and_never_both() {
    let sandbox = sandbox();
    let attempt = |job: &str, verb: &str, options: &[&str]| {
        let deleting = begin(&sandbox, &["delete", job]);
        let other = begin(&sandbox, &[&[verb, job], options].concat());
        let (deleting, other) = (answer(deleting), answer(other));
        let gone = deleting["ok"] == true;
        let shown = || format!("{deleting:#}\n{other:#}");
        assert_eq!(
            !gone,
            sandbox.job_ids().contains(&job.to_owned()),
            "{}",
            shown()
        );
        if gone {
            let code = other["error"]["code"].as_str();
            let ended = other["ok"] == true && verb == "kill";
            assert!(
                ended || matches!(code, Some("job_not_found" | "invalid_state")),
                "{}",
                shown()
            );
        } else {
            assert_eq!(deleting["error"]["code"], "invalid_state", "{}", shown());
            sandbox.ok(["delete", "--kill", job]);
        }
        assert_gone(&sandbox, &[job.to_owned()]);
    };
    for_a_while("delete against start, restart and kill", || {
        let created = id(&sandbox.ok(["create", "--", "sleep", "600"]));
        attempt(&created, "start", &["--no-wait"]);
        let ended = busy(&sandbox, &[]);
        sandbox.ok(["kill", &ended, "--grace", "0s"]);
        attempt(&ended, "restart", &["--no-wait"]);
        attempt(&busy(&sandbox, &[]), "kill", &["--grace", "0s"]);
    });
    sandbox.assert_nothing_left(SOON);
}

#[test]
fn a_listing_is_whole_while_others_delete() {
    let sandbox = sandbox();
    let kept = busy(&sandbox, &[]);
    for_a_while("list against two who clean up", || {
        let old = plant(&sandbox, &days(40..140));
        listed(&sandbox);
        let deleting = [0, 1].map(|_| begin(&sandbox, &["gc"]));
        let shown = sandbox.ok(["list", "--all", "--limit", "1000"]);
        for job in shown["jobs"].as_array().unwrap() {
            assert_eq!(job["damage"], Value::Null, "{job:#}");
        }
        let gone: Vec<_> = deleting.map(answer).iter().flat_map(deleted).collect();
        let mut once = gone.clone();
        once.sort();
        once.dedup();
        assert_eq!(
            (gone.len(), once.len()),
            (100, 100),
            "each was deleted by one"
        );
        assert_gone(&sandbox, &old);
        assert_eq!(listed(&sandbox), std::slice::from_ref(&kept));
    });
}

#[test]
fn who_waits_is_told_the_end_of_a_job_that_is_ended_and_deleted() {
    let sandbox = sandbox();
    let ready = sandbox.work().join("ready");
    let line = format!("touch {}; sleep 600", ready.display());
    let job = id(&sandbox.ok(["run", "--no-wait", "--shell", &line]));
    assert!(wait_for_file(&ready, SOON));
    let waiting = begin(&sandbox, &["wait", &job]);
    sandbox.ok(["delete", "--kill", &job]);
    let waited = answer(waiting);
    let code = waited["error"]["code"].as_str();
    assert!(
        waited["state"] == "killed" || code == Some("job_not_found"),
        "{waited:#}"
    );
    sandbox.assert_nothing_left(SOON);
}
