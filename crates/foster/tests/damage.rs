//! A folder that was damaged costs that job, at most: its answer has a code, every other job answers
//! as ever, and nothing outside the root is touched. (A call that hangs fails by its deadline.)
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at what it did not expect"
)]

use std::fs;
use std::os::unix::fs::{FileTypeExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use foster_testkit::{Answer, Sandbox, Watched};
use rustix::process::Signal;
use serde_json::Value;

fn sandbox() -> Sandbox {
    Sandbox::new(env!("CARGO_BIN_EXE_foster"))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

/// What can become of a file.
#[derive(Debug, Clone, Copy)]
enum Harm {
    Missing,
    Empty,
    /// So many thousandths of it are left.
    Cut(usize),
    /// Bytes that are neither text nor JSON.
    Noise,
    /// JSON of another kind.
    OtherJson,
    Folder,
    /// A symbolic link to a file outside the root, which holds what the file held.
    LinkOut,
    /// A symbolic link that leads nowhere.
    LinkNowhere,
    Fifo,
}

const HARMS: [Harm; 14] = [
    Harm::Missing,
    Harm::Empty,
    Harm::Cut(1),
    Harm::Cut(250),
    Harm::Cut(500),
    Harm::Cut(750),
    Harm::Cut(995),
    Harm::Noise,
    Harm::OtherJson,
    Harm::Folder,
    Harm::LinkOut,
    Harm::LinkNowhere,
    Harm::Fifo,
    Harm::Cut(999),
];

fn harm(path: &Path, harm: Harm, outside: &Path) {
    let content = fs::read(path).unwrap();
    fs::remove_file(path).unwrap();
    let cut = |thousandths: usize| (content.len() * thousandths / 1000).max(1);
    match harm {
        Harm::Missing => {}
        Harm::Empty => fs::write(path, b"").unwrap(),
        Harm::Cut(thousandths) => fs::write(path, &content[..cut(thousandths)]).unwrap(),
        Harm::Noise => {
            let noise = (0..content.len()).map(|at| (at * 167 + 13) as u8);
            fs::write(path, noise.collect::<Vec<_>>()).unwrap();
        }
        Harm::OtherJson => fs::write(path, b"{\"job_id\": [1, 2]}\n").unwrap(),
        Harm::Folder => fs::create_dir(path).unwrap(),
        Harm::LinkOut => {
            fs::write(outside, content).unwrap();
            symlink(outside, path).unwrap();
        }
        Harm::LinkNowhere => symlink("/nonexistent/foster", path).unwrap(),
        Harm::Fifo => assert!(Command::new("mkfifo").arg(path).status().unwrap().success()),
    }
}

/// A root with a job that is over, one that runs, and one that will be damaged (`over` before).
struct Case {
    sandbox: Sandbox,
    good: String,
    busy: String,
    bad: String,
}

impl Case {
    fn new() -> Self {
        let sandbox = sandbox();
        let run = |args: &[&str]| text(&sandbox.ok([&["run"], args].concat())["job_id"]).to_owned();
        let good = run(&["--wait", "--name", "good", "--shell", "echo good; exit 1"]);
        let busy = run(&["--no-wait", "--name", "busy", "--", "sleep", "600"]);
        let bad = run(&["--wait", "--name", "bad", "--shell", "echo bad; exit 9"]);
        sandbox_settled(&sandbox, &bad);
        Self {
            sandbox,
            good,
            busy,
            bad,
        }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.sandbox.job_dir(&self.bad).join(name)
    }

    /// The verbs that show the damaged job; each answers in one document.
    fn ask(&self) -> Vec<(String, Answer)> {
        let verbs = ["status", "tail", "logs", "wait"];
        let one = |verb: &str| (verb.to_owned(), self.sandbox.json([verb, &self.bad]));
        verbs.into_iter().map(one).collect()
    }

    /// Every other job is as it was.
    fn assert_others_are_well(&self, what: &str) {
        let sandbox = &self.sandbox;
        let list = sandbox.ok(["list"]);
        let rows = list["jobs"].as_array().unwrap();
        let state = |id: &str| {
            let row = rows.iter().find(|row| row["job_id"] == *id);
            row.map(|row| text(&row["state"]).to_owned())
        };
        assert_eq!(
            state(&self.good).as_deref(),
            Some("exited"),
            "{what}: {list:#}"
        );
        assert_eq!(
            state(&self.busy).as_deref(),
            Some("running"),
            "{what}: {list:#}"
        );
        let good = sandbox.ok(["status", "good"]);
        assert_eq!(good["exit_code"], 1, "{what}");
        assert_eq!(
            sandbox.ok(["tail", &self.good])["stdout"]["tail"],
            "good\n",
            "{what}"
        );
        assert_eq!(
            sandbox.ok(["status", &self.busy])["state"],
            "running",
            "{what}"
        );
        assert_eq!(
            sandbox.ok(["ps"])["jobs"].as_array().unwrap().len(),
            1,
            "{what}"
        );
    }
}

impl Drop for Case {
    /// What looks after the sandbox reads files as they come, and would wait at a FIFO for ever.
    fn drop(&mut self) {
        for id in self.sandbox.job_ids() {
            let entries = fs::read_dir(self.sandbox.job_dir(&id)).unwrap().flatten();
            for entry in entries.filter(|entry| entry.file_type().unwrap().is_fifo()) {
                fs::remove_file(entry.path()).unwrap();
            }
        }
    }
}

/// Waits until the processes of a finished job are gone, so that nobody writes its files.
fn sandbox_settled(sandbox: &Sandbox, id: &str) {
    let state = fs::read(sandbox.job_dir(id).join("state.json")).unwrap();
    let state: Value = serde_json::from_slice(&state).unwrap();
    for who in ["keeper", "supervisor"] {
        let process = Watched::from_json(&state["record"][who]);
        assert!(process.is_none_or(|process| process.wait_gone(foster_testkit::DEADLINE)));
    }
}

/// Damages `name` in each way and looks at the answers: the code of the error, or the job's true
/// exit code where the rest still tells it.
fn try_all(name: &str, may_answer: impl Fn(Harm) -> bool) {
    let case = Case::new();
    let original = fs::read(case.file(name)).unwrap();
    for way in HARMS {
        let path = case.file(name);
        let outside = case.sandbox.work().join("outside");
        harm(&path, way, &outside);
        let outside_before = fs::read(&outside).ok();
        for (verb, answer) in case.ask() {
            let what = format!("{name} {way:?}: {verb}");
            let shown = &answer.value;
            assert_eq!(shown["type"], *verb, "{what}: {shown:#}");
            if shown["ok"] == true {
                if matches!(&*verb, "status" | "wait") {
                    assert!(may_answer(way), "{what}: {shown:#}");
                    assert_eq!(shown["exit_code"], 9, "{what}: {shown:#}");
                    assert_eq!(shown["state"], "exited", "{what}: {shown:#}");
                }
            } else {
                assert_eq!(shown["error"]["code"], "damaged_job", "{what}: {shown:#}");
                assert_eq!(answer.code(), Some(6), "{what}");
                let message = text(&shown["error"]["message"]);
                assert!(
                    message.contains(".json") || message.contains("events"),
                    "{what}: {message}"
                );
            }
        }
        case.assert_others_are_well(&format!("{name} {way:?}"));
        // Nothing of it may be ended by mistake, and the call comes back.
        let kill = case.sandbox.json(["kill", &case.bad]);
        assert_eq!(kill.value["type"], "kill");
        assert_eq!(
            fs::read(&outside).ok(),
            outside_before,
            "{way:?}: something outside was written"
        );
        // The index does not know better than the folders.
        let _ = fs::remove_file(case.sandbox.root().join("index"));
        case.assert_others_are_well(&format!("{name} {way:?}, without index"));
        if name != "events.ndjson" {
            case.sandbox.ok(["recover"]);
        }
        // Made whole again, it answers again.
        if path.is_dir() {
            fs::remove_dir_all(&path).unwrap();
        } else {
            let _ = fs::remove_file(&path);
        }
        fs::write(&path, &original).unwrap();
        let _ = fs::remove_file(&outside);
        assert_eq!(
            case.sandbox.ok(["status", &case.bad])["exit_code"],
            9,
            "{name} {way:?}, mended"
        );
    }
}

#[test]
fn a_damaged_state_file_is_replaced_by_the_journal() {
    // It is a cache: whatever becomes of it, the answer is the true one.
    try_all("state.json", |_| true);
    let case = Case::new();
    for way in HARMS {
        let path = case.file("state.json");
        let outside = case.sandbox.work().join("outside");
        harm(&path, way, &outside);
        let status = case.sandbox.ok(["status", &case.bad]);
        assert_eq!(status["exit_code"], 9, "{way:?}: {status:#}");
        if path.is_dir() {
            fs::remove_dir(&path).unwrap();
        }
        let _ = fs::remove_file(&path);
        fs::write(&path, b"{}").unwrap();
    }
}

#[test]
fn a_damaged_definition_is_told() {
    // A final newline, or nothing, may be all that is cut.
    try_all("meta.json", |way| matches!(way, Harm::Cut(999)));
}

#[test]
fn a_damaged_journal_is_told_or_not_needed() {
    // The state file still tells the end.
    try_all("events.ndjson", |_| true);
}

#[test]
fn a_recovery_does_not_forget_what_the_state_file_knew() {
    for way in [Harm::Cut(250), Harm::Cut(500), Harm::Cut(750)] {
        let case = Case::new();
        harm(&case.file("events.ndjson"), way, Path::new("/nonexistent"));
        assert_eq!(
            case.sandbox.ok(["status", &case.bad])["exit_code"],
            9,
            "{way:?}"
        );
        case.sandbox.json(["recover", &case.bad]);
        let status = case.sandbox.ok(["status", &case.bad]);
        assert_eq!(status["exit_code"], 9, "{way:?}: {status:#}");
        assert_eq!(status["state"], "exited", "{way:?}: {status:#}");
    }
}

#[test]
fn a_running_job_with_a_damaged_definition_can_be_ended() {
    let case = Case::new();
    let path = case.sandbox.job_dir(&case.busy).join("meta.json");
    harm(&path, Harm::Missing, Path::new("/nonexistent"));
    let killed = case.sandbox.ok(["kill", &case.busy]);
    assert_eq!(killed["state"], "killed", "{killed:#}");
}

#[test]
fn without_state_file_and_with_half_a_journal_nothing_false_is_told() {
    let case = Case::new();
    let journal = fs::read(case.file("events.ndjson")).unwrap();
    let step = (journal.len() / 40).max(1);
    for length in (0..journal.len()).step_by(step) {
        fs::write(case.file("events.ndjson"), &journal[..length]).unwrap();
        let _ = fs::remove_file(case.file("state.json"));
        let answer = case.sandbox.json(["status", &case.bad]);
        let shown = &answer.value;
        if shown["ok"] == true {
            let (state, code) = (text(&shown["state"]), &shown["exit_code"]);
            let known = matches!(state, "exited" | "lost" | "created");
            assert!(
                known && (*code == 9 || code.is_null()),
                "{length}: {shown:#}"
            );
            assert!(state != "exited" || *code == 9, "{length}: {shown:#}");
        } else {
            assert_eq!(shown["error"]["code"], "damaged_job", "{length}: {shown:#}");
        }
    }
    case.assert_others_are_well("cut journals");
}

#[test]
fn damaged_logs_do_not_hide_the_job() {
    let case = Case::new();
    for way in [Harm::Missing, Harm::Folder, Harm::LinkOut, Harm::Fifo] {
        let path = case.file("runs/1/stdout.log");
        harm(&path, way, &case.sandbox.work().join("outside"));
        for (verb, answer) in case.ask() {
            let shown = &answer.value;
            let told = shown["ok"] == true || shown["error"]["code"] == "damaged_job";
            assert!(told, "{way:?}: {verb}: {shown:#}");
            assert!(
                !shown.to_string().contains("bad\\n"),
                "{way:?}: {verb} read outside: {shown:#}"
            );
        }
        case.assert_others_are_well(&format!("{way:?}"));
        if path.is_dir() {
            fs::remove_dir(&path).unwrap();
        }
        let _ = fs::remove_file(&path);
        fs::write(&path, b"other\n").unwrap();
    }
    for way in [
        Harm::Missing,
        Harm::Cut(500),
        Harm::Noise,
        Harm::Fifo,
        Harm::Folder,
    ] {
        let path = case.file("runs/1/timeline");
        harm(&path, way, &case.sandbox.work().join("outside"));
        for (verb, answer) in case.ask() {
            let shown = &answer.value;
            let told = shown["ok"] == true || shown["error"]["code"] == "damaged_job";
            assert!(told, "timeline {way:?}: {verb}: {shown:#}");
        }
        if path.is_dir() {
            fs::remove_dir(&path).unwrap();
        }
        let _ = fs::remove_file(&path);
        fs::write(&path, vec![0; 64]).unwrap();
    }
}

#[test]
fn a_folder_that_is_none_is_told() {
    for way in [Harm::Missing, Harm::Empty, Harm::LinkOut, Harm::Fifo] {
        let case = Case::new();
        let dir = case.sandbox.job_dir(&case.bad);
        let outside = case.sandbox.work().join("outside");
        match way {
            Harm::LinkOut => {
                fs::rename(&dir, &outside).unwrap();
                symlink(&outside, &dir).unwrap();
            }
            _ => fs::remove_dir_all(&dir).unwrap(),
        }
        match way {
            Harm::Empty => fs::write(&dir, b"").unwrap(),
            Harm::Fifo => assert!(Command::new("mkfifo").arg(&dir).status().unwrap().success()),
            _ => {}
        }
        let expected = if matches!(way, Harm::Missing) {
            "job_not_found"
        } else {
            "damaged_job"
        };
        for verb in ["status", "tail", "logs", "wait", "kill", "recover"] {
            let (code, answer) = case.sandbox.err([verb, &case.bad]);
            assert_eq!(code, expected, "{way:?} {verb}: {answer:#}");
        }
        case.assert_others_are_well(&format!("folder {way:?}"));
    }
}

#[test]
fn a_missing_lock_or_socket_of_a_running_job_ends_nothing() {
    let case = Case::new();
    let dir = case.sandbox.job_dir(&case.busy);
    fs::remove_file(dir.join("sock")).unwrap();
    let status = case.sandbox.ok(["status", &case.busy]);
    assert_eq!(status["state"], "running", "{status:#}");
    let wait = case.sandbox.ok(["wait", &case.busy, "--timeout", "200ms"]);
    assert_eq!(wait["reason"], "deadline", "{wait:#}");
    let leader = Watched::from_pid(status["pid"].as_i64().unwrap() as i32).unwrap();
    assert!(leader.is_alive());
    // It can't be told to end; that is said, and not pretended.
    let kill = case.sandbox.json(["kill", &case.busy]);
    let ended = kill.value["ok"] == true && !leader.is_alive();
    let said = kill.value["ok"] == false && leader.is_alive();
    assert!(ended || said, "{:#}", kill.value);
    assert!(leader.signal(Signal::KILL) || !leader.is_alive());
}

#[test]
fn the_state_of_a_running_job_can_be_damaged_too() {
    for name in ["state.json", "events.ndjson", "meta.json"] {
        for way in [Harm::Missing, Harm::Noise, Harm::Fifo, Harm::Folder] {
            let case = Case::new();
            let path = case.sandbox.job_dir(&case.busy).join(name);
            harm(&path, way, &case.sandbox.work().join("outside"));
            let what = format!("{name} {way:?}");
            let status = case.sandbox.json(["status", &case.busy]).value;
            let told = status["state"] == "running" || status["error"]["code"] == "damaged_job";
            assert!(told, "{what}: {status:#}");
            assert_eq!(
                case.sandbox.ok(["status", &case.good])["exit_code"],
                1,
                "{what}"
            );
            case.sandbox.ok(["list"]);
        }
    }
}
