//! No signal goes to a number that a file remembers: whatever a job's files say, and whoever has
//! the numbers in them now, nobody is hit who is not proved to belong to the job.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "this is a test")]

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use foster_testkit::{Sandbox, Started, Watched, is_root, kill_at_once, require};
use rustix::process::{Pid, WaitOptions, set_child_subreaper, waitpid};
use serde_json::{Value, json};

const SOON: Duration = Duration::from_secs(30);
const OWN: [&str; 2] = ["keeper", "supervisor"];

fn sandbox() -> Sandbox {
    Sandbox::new(env!("CARGO_BIN_EXE_foster"))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

/// A shell line that waits with every signal blocked: whatever is sent to it stays to be seen.
const BLOCKED: [&str; 4] = ["env", "--block-signal", "sh", "-c"];

/// A process that no job knows of, and that shows every signal it was ever sent.
struct Bystander(Started);

impl Bystander {
    fn command() -> Command {
        let mut command = Command::new("setsid");
        command.args(BLOCKED).arg("echo ready; exec sleep 100");
        command
    }

    fn new() -> Self {
        Self(Started::ready(Self::command()))
    }

    fn watched(&self) -> Watched {
        self.0.watched()
    }

    fn assert_unhurt(&self, when: &str) {
        assert_unhurt(self.watched(), when);
    }
}

/// It lives, was not stopped, and no signal waits for it.
fn assert_unhurt(process: Watched, when: &str) {
    let status = fs::read_to_string(format!("/proc/{}/status", process.pid)).unwrap_or_default();
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap_or("(none)").trim().to_owned()
    };
    let blocked = u64::from_str_radix(&field("SigBlk:"), 16).unwrap_or(0);
    assert_ne!(blocked & (1 << 14), 0, "{when}: TERM would not be seen");
    for waiting in ["SigPnd:", "ShdPnd:"] {
        assert_eq!(field(waiting), "0000000000000000", "{when}: it was hit");
    }
    assert!(process.is_alive(), "{when}: it is dead");
    assert_ne!(process.state(), Some('T'), "{when}: it was stopped");
}

/// A job whose keeper and supervisor are dead, so that its files are all that is known of it. Its
/// command blocks every signal too.
struct Orphan {
    id: String,
    dir: PathBuf,
    leader: Watched,
}

impl Orphan {
    fn new(sandbox: &Sandbox, options: &[&str]) -> Self {
        let mut args = vec!["run", "--no-wait"];
        args.extend(options);
        args.push("--");
        args.extend(BLOCKED);
        args.push("echo ready; exec sleep 100");
        let answer = sandbox.ok(args);
        let id = text(&answer["job_id"]).to_owned();
        let dir = sandbox.job_dir(&id);
        let wanted = dir.join("runs/1/stdout.log");
        let log = foster_testkit::wait_on_dir(wanted.parent().unwrap(), SOON, || {
            fs::read(&wanted).ok().filter(|log| log == b"ready\n")
        });
        assert!(log.is_some(), "the command does not come to be");
        let state = read_json(&dir.join("state.json"));
        let leader = Watched::from_json(&state["record"]["leader"]).unwrap();
        kill_at_once(&OWN.map(|who| Watched::from_json(&state["record"][who]).unwrap()));
        assert!(leader.is_alive());
        Self { id, dir, leader }
    }

    /// Changes each document that Foster keeps of the job: its state, and each event.
    fn edit(&self, change: &dyn Fn(&mut Value)) {
        edit_json(&self.dir.join("state.json"), change);
        let journal = self.dir.join("events.ndjson");
        let lines = fs::read_to_string(&journal).unwrap();
        let mut changed = Vec::new();
        for line in lines.lines() {
            let mut event: Value = serde_json::from_str(line).unwrap();
            change(&mut event);
            writeln!(changed, "{event}").unwrap();
        }
        fs::write(&journal, changed).unwrap();
    }

    /// Calls every verb that looks at jobs, and the two that act on them, twice.
    fn touch(&self, sandbox: &Sandbox) -> Vec<Value> {
        let verbs: [&[&str]; 8] = [
            &["status", &self.id],
            &["list", "--all"],
            &["kill", &self.id, "--grace", "50ms"],
            &["kill", &self.id, "--grace", "0s"],
            &["kill", &self.id, "--signal", "KILL"],
            &["recover"],
            &["wait", &self.id, "--timeout", "1s"],
            &["status", &self.id],
        ];
        let answers = verbs.map(|verb| sandbox.json(verb).value);
        answers.into()
    }
}

fn read_json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn edit_json(path: &Path, change: &dyn Fn(&mut Value)) {
    let mut value = read_json(path);
    change(&mut value);
    // In its own place, so that owner and mode stay.
    fs::write(path, value.to_string()).unwrap();
}

/// Puts another identity in the place of each that stands in a document.
fn replace(document: &mut Value, keys: &[&str], identity: &dyn Fn(&Value) -> Value) {
    let Some(fields) = document.as_object_mut() else {
        return;
    };
    for (key, value) in fields.iter_mut() {
        if keys.contains(&key.as_str()) && value.get("pid").is_some() {
            *value = identity(value);
        } else if key == "pid" && !value.is_null() {
            *value = identity(&json!({ "pid": value }))["pid"].take();
        } else {
            replace(value, keys, identity);
        }
    }
}

const ALL: [&str; 4] = ["leader", "keeper", "supervisor", "by"];

type Forger = Box<dyn Fn(&Value) -> Value>;

/// Every way to write an identity that has this number and is not the right one.
fn wrong_identities(pid: i32) -> Vec<Forger> {
    let own = Watched::from_pid(pid).map_or(0, |process| process.start_time);
    vec![
        // The number came again.
        Box::new(move |old: &Value| {
            let mut new = old.clone();
            new["pid"] = pid.into();
            new
        }),
        // Of another time, and nothing else known.
        Box::new(move |_| json!({ "pid": pid, "start_time": own + 1, "unique": null })),
        // Nothing known but the number.
        Box::new(move |_| json!({ "pid": pid, "start_time": null, "unique": null })),
    ]
}

/// The job's own command is ended all the same, by the mark it bears, and nobody else was tried.
fn assert_only_the_job_was_ended(orphan: &Orphan, answers: &[Value]) {
    assert!(!orphan.leader.is_alive(), "{answers:#?}");
    for answer in answers {
        let report = &answer["report"];
        if report.is_object() {
            assert_eq!(report["survivors"], json!([]), "{answer:#}");
            for phase in report["phases"].as_array().unwrap() {
                assert_eq!(phase["errors"], json!([]), "{answer:#}");
                assert_eq!(phase["sent"], 1, "{answer:#}");
            }
        }
    }
    let last = answers.last().unwrap();
    assert_eq!(
        (&last["state"], &last["cause"]),
        (&"lost".into(), &"supervisor_lost".into()),
        "{last:#}"
    );
}

#[test]
fn a_number_in_the_files_that_is_a_bystanders_now() {
    let sandbox = sandbox();
    let bystander = Bystander::new();
    for identity in wrong_identities(bystander.watched().pid) {
        let orphan = Orphan::new(&sandbox, &[]);
        orphan.edit(&|document| replace(document, &ALL, &identity));
        let answers = orphan.touch(&sandbox);
        bystander.assert_unhurt(&format!("{answers:#?}"));
        assert_only_the_job_was_ended(&orphan, &answers);
    }
}

#[test]
fn a_number_in_the_files_of_a_job_that_is_over() {
    let sandbox = sandbox();
    let bystander = Bystander::new();
    let answer = sandbox.ok(["run", "--wait", "--", "true"]);
    sandbox.assert_nothing_left(SOON);
    let id = text(&answer["job_id"]).to_owned();
    let dir = sandbox.job_dir(&id);
    let leader = bystander.watched();
    let over = Orphan { id, dir, leader };
    for identity in wrong_identities(leader.pid) {
        over.edit(&|document| replace(document, &ALL, &identity));
        let answers = over.touch(&sandbox);
        bystander.assert_unhurt(&format!("{answers:#?}"));
        assert_eq!(answers[2]["already_finished"], true, "{answers:#?}");
        assert_eq!(answers[7]["state"], "exited", "{answers:#?}");
    }
}

#[test]
fn foster_itself_is_never_signalled_by_what_the_files_say_of_it() {
    // Even if everything fits: keeper and supervisor are asked over a socket or not at all.
    let sandbox = sandbox();
    let bystander = Bystander::new();
    let orphan = Orphan::new(&sandbox, &[]);
    let Watched { pid, start_time } = bystander.watched();
    let right = |_: &Value| json!({ "pid": pid, "start_time": start_time, "unique": null });
    orphan.edit(&|document| replace(document, &OWN, &right));
    let answers = orphan.touch(&sandbox);
    bystander.assert_unhurt(&format!("{answers:#?}"));
    assert_only_the_job_was_ended(&orphan, &answers);
}

#[test]
fn our_own_number_in_the_files() {
    let sandbox = sandbox();
    for identity in wrong_identities(std::process::id() as i32) {
        let orphan = Orphan::new(&sandbox, &[]);
        orphan.edit(&|document| replace(document, &ALL, &identity));
        // Whoever is hit by a signal here is this test.
        let answers = orphan.touch(&sandbox);
        assert_only_the_job_was_ended(&orphan, &answers);
    }
}

/// As an ordinary user: if it went wrong, it should not take the machine with it. What could not be
/// signalled then would be told as an error or a survivor.
#[test]
fn numbers_in_the_files_that_mean_everybody() {
    for pid in [1, 0, -1] {
        for identity in wrong_identities(pid) {
            let sandbox = Sandbox::for_ordinary_user(env!("CARGO_BIN_EXE_foster"));
            let orphan = Orphan::new(&sandbox, &["--containment", "subreaper"]);
            orphan.edit(&|document| replace(document, &ALL, &identity));
            let answers = orphan.touch(&sandbox);
            assert_only_the_job_was_ended(&orphan, &answers);
        }
    }
}

/// Starts bystanders until one has this number.
fn bystander_as(pid: i32) -> Option<Bystander> {
    const LAST: &str = "/proc/sys/kernel/ns_last_pid";
    for _ in 0..500 {
        fs::write(LAST, (pid - 1).to_string()).ok()?;
        let bystander = Bystander::new();
        if bystander.watched().pid == pid {
            return Some(bystander);
        }
    }
    None
}

#[test]
fn a_number_that_came_again() {
    if !require(
        "root, to make numbers of processes come again",
        is_root() && fs::metadata("/proc/sys/kernel/ns_last_pid").is_ok(),
    ) {
        return;
    }
    // So that what Foster leaves behind is ours to reap: a zombie keeps its number.
    set_child_subreaper(Some(rustix::process::getpid())).unwrap();
    for who in ["leader", "keeper", "supervisor"] {
        let sandbox = sandbox();
        let orphan = Orphan::new(&sandbox, &[]);
        let state = read_json(&orphan.dir.join("state.json"));
        let old = Watched::from_json(&state["record"][who]).unwrap();
        if who == "leader" {
            assert!(old.kill() && old.wait_gone(SOON));
        }
        waitpid(Pid::from_raw(old.pid), WaitOptions::empty()).unwrap();
        // One that starts in the same tick of the clock can't be told by its start.
        let again = loop {
            match bystander_as(old.pid) {
                Some(again) if again.watched() == old => drop(again),
                again => break again,
            }
        };
        if !require("a number to come again", again.is_some()) {
            return;
        }
        let again = again.unwrap();
        let answers = orphan.touch(&sandbox);
        again.assert_unhurt(&format!("{who}: {answers:#?}"));
        assert!(!orphan.leader.is_alive(), "{answers:#?}");
        assert_eq!(answers[7]["state"], "lost", "{answers:#?}");
    }
}

#[test]
fn after_a_reboot_nobody_is_the_jobs() {
    let sandbox = sandbox();
    let orphan = Orphan::new(&sandbox, &[]);
    edit_json(&orphan.dir.join("meta.json"), &|meta| {
        assert!(meta["host"]["boot"].is_string(), "{meta:#}");
        meta["host"]["boot"] = "00000000-0000-4000-8000-000000000000".into();
        // A namespace means nothing after a reboot.
        meta["host"]["pid_namespace"] = 1.into();
    });
    let answers = orphan.touch(&sandbox);
    assert_unhurt(orphan.leader, &format!("{answers:#?}"));
    for status in [&answers[0], &answers[7]] {
        assert_eq!(
            (&status["state"], &status["cause"], &status["foreign"]),
            (&"lost".into(), &"reboot".into(), &false.into()),
            "{status:#}"
        );
    }
    for kill in &answers[2..5] {
        assert_eq!(kill["already_finished"], true, "{kill:#}");
    }
}

/// Every file of a job, with its bytes.
fn files(dir: &Path) -> BTreeMap<PathBuf, Option<Vec<u8>>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        }
        let bytes = path.is_file().then(|| fs::read(&path).unwrap());
        found.insert(path, bytes);
    }
    found
}

#[test]
fn a_job_of_another_place_is_shown_and_never_judged() {
    let places = [
        ("machine", json!("another machine")),
        ("pid_namespace", json!(1)),
    ];
    for (key, value) in places {
        let sandbox = sandbox();
        let orphan = Orphan::new(&sandbox, &[]);
        edit_json(&orphan.dir.join("meta.json"), &|meta| {
            assert!(!meta["host"][key].is_null(), "{meta:#}");
            meta["host"][key] = value.clone();
        });
        let before = files(&orphan.dir);
        let answers = orphan.touch(&sandbox);
        assert_unhurt(orphan.leader, &format!("{answers:#?}"));
        for status in [&answers[0], &answers[7]] {
            assert_eq!(status["ok"], true, "{status:#}");
            assert_eq!(
                (&status["foreign"], &status["state"]),
                (&true.into(), &"running".into()),
                "{status:#}"
            );
        }
        assert_eq!(answers[1]["jobs"][0]["foreign"], true, "{:#}", answers[1]);
        assert_eq!(
            answers[1]["jobs"][0]["state"], "running",
            "{:#}",
            answers[1]
        );
        for refused in [&answers[2], &answers[3], &answers[4], &answers[6]] {
            assert_eq!(refused["ok"], false, "{refused:#}");
            assert_eq!(refused["error"]["code"], "foreign_job", "{refused:#}");
        }
        sandbox.json(["recover", &orphan.id]);
        sandbox.ok(["tail", &orphan.id]);
        sandbox.ok(["logs", &orphan.id]);
        assert_eq!(files(&orphan.dir), before);
        assert_unhurt(orphan.leader, "recover");
        assert!(orphan.leader.kill());
    }
}

#[test]
fn a_finished_job_of_another_place_is_not_said_to_be_empty() {
    let sandbox = sandbox();
    let answer = sandbox.ok(["run", "--wait", "--", "true"]);
    sandbox.assert_nothing_left(SOON);
    let id = text(&answer["job_id"]).to_owned();
    let dir = sandbox.job_dir(&id);
    edit_json(&dir.join("meta.json"), &|meta| {
        meta["host"]["machine"] = "another machine".into();
    });
    let before = files(&dir);
    let status = sandbox.ok(["status", &id]);
    assert_eq!(
        (&status["foreign"], &status["state"]),
        (&true.into(), &"exited".into())
    );
    let (code, _) = sandbox.err(["kill", &id]);
    assert_eq!(code, "foreign_job");
    assert_eq!(files(&dir), before);
}

/// A control group beside the one that jobs get, removed at the end.
struct Group(PathBuf);

impl Group {
    fn new(sandbox: &Sandbox) -> Option<Self> {
        let args = [
            "run",
            "--no-wait",
            "--containment",
            "cgroup",
            "--",
            "sleep",
            "100",
        ];
        let answer = sandbox.json(args).value;
        answer["job_id"].as_str()?;
        let state = read_json(&sandbox.job_dir(text(&answer["job_id"])).join("state.json"));
        sandbox.ok(["kill", text(&answer["job_id"]), "--grace", "0s"]);
        let leaf = PathBuf::from(state["record"]["cgroup"].as_str()?);
        let name = format!("stranger-{}", std::process::id());
        let group = Self(leaf.with_file_name(name));
        fs::create_dir(&group.0).ok()?;
        Some(group)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.0);
    }
}

#[test]
fn a_control_group_in_the_files_that_is_a_strangers() {
    let sandbox = sandbox();
    let group = Group::new(&sandbox);
    if !require("a control group to write", group.is_some()) {
        return;
    }
    let group = group.unwrap();
    let bystander = Bystander::new();
    let pid = bystander.watched().pid.to_string();
    fs::write(group.0.join("cgroup.procs"), &pid).unwrap();
    let orphan = Orphan::new(&sandbox, &["--containment", "subreaper"]);
    let path = group.0.to_str().unwrap();
    orphan.edit(&|document| set_cgroup(document, path));
    let answers = orphan.touch(&sandbox);
    bystander.assert_unhurt(&format!("{answers:#?}"));
    assert!(group.0.is_dir());
    assert_only_the_job_was_ended(&orphan, &answers);
    drop(bystander);
}

#[test]
fn a_directory_in_the_files_that_is_no_control_group() {
    let sandbox = sandbox();
    let precious = sandbox.work().join("precious");
    fs::create_dir(&precious).unwrap();
    fs::create_dir(precious.join("empty")).unwrap();
    let orphan = Orphan::new(&sandbox, &["--containment", "subreaper"]);
    let path = precious.to_str().unwrap();
    orphan.edit(&|document| set_cgroup(document, path));
    let answers = orphan.touch(&sandbox);
    assert!(precious.join("empty").is_dir(), "{answers:#?}");
}

fn set_cgroup(document: &mut Value, path: &str) {
    for place in ["/record/cgroup", "/cgroup"] {
        if let Some(cgroup) = document.pointer_mut(place) {
            *cgroup = path.into();
        }
    }
}
