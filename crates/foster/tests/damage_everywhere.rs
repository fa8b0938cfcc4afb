//! Each file of a job's folder and of the root in each way that is not its own: every verb answers with a
//! code and in time, nothing outside is read or written, and every other job is as it was.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at what it did not expect"
)]

use std::fs::{self, File, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::time::Duration;

use foster_testkit::{Answer, Sandbox, Tally, Watched, finish, is_root, wait_on_dir};
use rustix::fs::{CWD, FileType, Mode, makedev, mknodat};
use rustix::process::Signal;
use serde_json::{Value, json};

/// Much more than any answer takes, on a machine that has other things to do.
const BOUND: Duration = Duration::from_secs(20);
const PRIVATE: &[u8] = b"{\"private\": \"correct-horse\"}\n";

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

/// What can stand in a file's place, or in a folder's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Harm {
    Missing,
    Empty,
    Noise,
    Folder,
    /// A symbolic link to a file outside the root.
    LinkOut,
    /// A symbolic link to a folder outside the root.
    LinkOutDir,
    Fifo,
    Socket,
    /// A device, which would give bytes without end.
    Device,
    /// Of its owner's, who may not read it.
    Forbidden,
    /// A gigabyte of holes.
    Huge,
}

const HARMS: [Harm; 11] = [
    Harm::Missing,
    Harm::Empty,
    Harm::Noise,
    Harm::Folder,
    Harm::LinkOut,
    Harm::LinkOutDir,
    Harm::Fifo,
    Harm::Socket,
    Harm::Device,
    Harm::Forbidden,
    Harm::Huge,
];

/// What may lie in a job's folder; some of it does not there.
const FILES: [&str; 14] = [
    "meta.json",
    "secrets.json",
    "events.ndjson",
    "state.json",
    "stdin.bin",
    "lock",
    "sock",
    "runs",
    "runs/1",
    "runs/1/stdout.log",
    "runs/1/timeline",
    "runs/1/completion_event.json",
    "runs/1/output_events.ndjson",
    "runs/1/notifier",
];

impl Harm {
    /// Puts it in the place of what is there.
    fn carry_out(self, path: &Path, outside: &Path) {
        if self == Self::Forbidden && path.exists() {
            return fs::set_permissions(path, Permissions::from_mode(0o000)).unwrap();
        }
        // Who looks after a job that runs may make the file anew between the two.
        let made = (0..100).find_map(|_| {
            remove(path);
            match self.make(path, outside) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => None,
                made => Some(made),
            }
        });
        let made = made.unwrap_or_else(|| panic!("{} comes back each time", path.display()));
        made.unwrap_or_else(|error| panic!("{self:?} in the place of {}: {error}", path.display()));
    }

    /// Makes it where nothing is.
    fn make(self, path: &Path, outside: &Path) -> io::Result<()> {
        let new = || File::create_new(path);
        match self {
            Self::Missing | Self::Forbidden => Ok(()),
            Self::Empty => new().map(drop),
            Self::Noise => {
                let noise: Vec<u8> = (0..3000u32).map(|at| (at * 167 + 13) as u8).collect();
                new()?.write_all(&noise)
            }
            Self::Folder => fs::create_dir(path),
            Self::LinkOut => symlink(outside.join("file"), path),
            Self::LinkOutDir => symlink(outside, path),
            Self::Fifo => Ok(mknodat(
                CWD,
                path,
                FileType::Fifo,
                Mode::RUSR | Mode::WUSR,
                0,
            )?),
            Self::Socket => match UnixListener::bind(path) {
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                    Err(io::ErrorKind::AlreadyExists.into())
                }
                bound => bound.map(drop),
            },
            Self::Device => {
                let zero = makedev(1, 5);
                let mode = Mode::RUSR | Mode::WUSR;
                // Only root can, and not in every container.
                mknodat(CWD, path, FileType::CharacterDevice, mode, zero)
                    .or_else(|_| symlink("/dev/zero", path))
            }
            Self::Huge => new()?.set_len(1 << 30),
        }
    }
}

fn remove(path: &Path) {
    match path.symlink_metadata() {
        // A notifier that has just told of the end may write once more.
        Ok(found) if found.is_dir() => {
            let removed = (0..100).any(|_| fs::remove_dir_all(path).is_ok());
            assert!(removed, "{} can't be removed", path.display());
        }
        Ok(_) => match fs::remove_file(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            removed => removed.unwrap(),
        },
        Err(_) => {}
    }
}

/// A root with a job that is well, one that runs, and the one that is damaged.
struct Case {
    sandbox: Sandbox,
    outside: PathBuf,
    good: String,
    busy: String,
    busy_leader: Watched,
}

impl Case {
    fn new() -> Self {
        // Root may read what is forbidden.
        let sandbox = if is_root() {
            Sandbox::new(env!("CARGO_BIN_EXE_foster"))
        } else {
            Sandbox::for_ordinary_user(env!("CARGO_BIN_EXE_foster"))
        };
        let outside = sandbox.work().join("outside");
        fs::create_dir(&outside).unwrap();
        fs::write(outside.join("file"), PRIVATE).unwrap();
        let good = sandbox.ok(["run", "--wait", "--shell", "echo good; exit 1"]);
        let busy = sandbox.ok(["run", "--no-wait", "--", "sleep", "600"]);
        let pid = busy["pid"].as_i64().unwrap() as i32;
        Self {
            good: text(&good["job_id"]).to_owned(),
            busy: text(&busy["job_id"]).to_owned(),
            busy_leader: Watched::from_pid(pid).unwrap(),
            sandbox,
            outside,
        }
    }

    /// Makes a job with all files that one can have, and waits until nobody writes them any more.
    fn job(&self, over: bool) -> String {
        let line = if over {
            "cat; exit 9"
        } else {
            "cat; sleep 600"
        };
        let told = "told";
        let run = [
            "run",
            if over { "--wait" } else { "--no-wait" },
            "--stdin",
            "given",
            "--env",
            "KEY=v4lue-of-it",
            "--mask",
            "KEY",
            "--notify-file",
            told,
            "--on-output",
            "given",
            "--",
            "sh",
            "-c",
            line,
        ];
        let id = text(&self.sandbox.ok(run)["job_id"]).to_owned();
        if over {
            self.settle(&id);
        }
        id
    }

    fn settle(&self, id: &str) {
        let state = fs::read(self.sandbox.job_dir(id).join("state.json")).unwrap();
        let state: Value = serde_json::from_slice(&state).unwrap();
        for who in ["keeper", "supervisor"] {
            let process = Watched::from_json(&state["record"][who]);
            assert!(process.is_none_or(|process| process.wait_gone(BOUND)));
        }
        // It is told of by a process of its own, which writes last that it was.
        let run = self.sandbox.job_dir(id).join("runs/1");
        let told = wait_on_dir(&run, BOUND, || {
            let file = fs::read(run.join("completion_event.json")).ok()?;
            let event: Value = serde_json::from_slice(&file).ok()?;
            (event["delivered"] == true).then_some(())
        });
        assert!(told.is_some(), "{id} was not told of");
    }

    fn ask(&self, args: &[&str]) -> Answer {
        let mut command = self.sandbox.foster();
        command.args(args);
        self.sandbox.json_of(command, None)
    }

    /// Asks, and holds the answer against what is promised of every answer.
    fn try_verb(&self, tally: &mut Tally, what: &str, args: &[&str]) -> Value {
        let answer = self.ask(args);
        let shown = &answer.value;
        tally.lost_unless(answer.elapsed < BOUND, || {
            format!("{what}: {:?}", answer.elapsed)
        });
        let code = shown["error"]["code"].as_str();
        let clear = shown["ok"] == true || code.is_some_and(|code| code != "internal_error");
        tally.lost_unless(clear && answer.code().is_some(), || {
            format!("{what}: {shown:#}")
        });
        if shown.to_string().contains("correct-horse") {
            tally.stranger_hit(format!("{what} reads outside: {shown:#}"));
        }
        answer.value
    }

    /// Everything else is as it was.
    fn check_others(&self, tally: &mut Tally, what: &str) {
        if fs::read(self.outside.join("file")).ok().as_deref() != Some(PRIVATE)
            || fs::read_dir(&self.outside).unwrap().count() != 1
        {
            tally.stranger_hit(format!("{what}: what lies outside was changed"));
        }
        if !self.busy_leader.is_alive() {
            tally.stranger_hit(format!("{what}: a job that runs was ended"));
        }
        let list = self.sandbox.ok(["list"]);
        let rows = list["jobs"].as_array().unwrap();
        let state = |id: &str| {
            let row = rows.iter().find(|row| row["job_id"] == *id);
            row.map(|row| row["state"].clone())
        };
        let others = [state(&self.good), state(&self.busy)];
        let well = others == [Some(json!("exited")), Some(json!("running"))];
        tally.lost_unless(well, || format!("{what}: {others:?}"));
    }
}

impl Drop for Case {
    /// What looks after the sandbox reads some files as they come.
    fn drop(&mut self) {
        for id in self.sandbox.job_ids() {
            let dir = self.sandbox.job_dir(&id);
            for name in FILES {
                let path = dir.join(name);
                let plain = path.symlink_metadata().is_ok_and(|found| {
                    found.len() < 1 << 29 && (found.is_file() || found.is_dir())
                });
                if !plain {
                    remove(&path);
                }
            }
        }
    }
}

#[test]
fn a_job_that_is_over_answers_whatever_became_of_a_file() {
    let case = Case::new();
    let mut tally = Tally::new("each file of a finished job damaged in each way, each verb");
    let showing = ["status", "tail", "logs", "wait", "events"];
    let doing: [&[&str]; 6] = [
        &["kill"],
        &["recover"],
        &["tag", "--add", "x"],
        &["restart", "--wait", "--timeout", "10s"],
        &["gc", "--max-jobs", "9"],
        &["delete"],
    ];
    let mut turn = 0;
    for (name, harm) in FILES
        .into_iter()
        .flat_map(|name| HARMS.map(|harm| (name, harm)))
    {
        tally.run();
        let id = case.job(true);
        harm.carry_out(&case.sandbox.job_dir(&id).join(name), &case.outside);
        // Each verb meets each file and each harm, though not each pair of them.
        turn += 1;
        let verb = showing[turn % showing.len()];
        let what = format!("{name} {harm:?}: {verb}");
        if verb == "events" {
            let mut events = case.sandbox.foster();
            events.args(["events", &id]);
            let said = finish(events, None, BOUND);
            tally.lost_unless(!said.stdout.is_empty(), || format!("{what} says nothing"));
        } else {
            let answer = case.try_verb(&mut tally, &what, &[verb, &id]);
            let told = answer["exit_code"].is_null() || answer["exit_code"] == 9;
            tally.lost_unless(told, || format!("{what}: {answer:#}"));
        }
        let verb = doing[turn % doing.len()];
        let named: &[&str] = if verb[0] == "gc" { &[] } else { &[&id] };
        let what = format!("{name} {harm:?}: {verb:?}");
        case.try_verb(&mut tally, &what, &[&verb[..1], named, &verb[1..]].concat());
        case.check_others(&mut tally, &what);
        let deleted = case.try_verb(
            &mut tally,
            &format!("{what}, deleted"),
            &["delete", "--kill", &id],
        );
        let gone = deleted["ok"] == true || deleted["error"]["code"] == "job_not_found";
        if !gone {
            // Refused with a reason; what is left must not trouble the next.
            if case.sandbox.job_ids().contains(&id) {
                fs::remove_dir_all(case.sandbox.job_dir(&id)).unwrap();
            }
        }
    }
}

#[test]
fn a_job_that_runs_can_be_asked_and_ended_whatever_became_of_a_file() {
    let case = Case::new();
    let mut tally = Tally::new("each file of a running job damaged, then asked and ended");
    let harms = [Harm::Missing, Harm::LinkOut, Harm::Fifo, Harm::Folder];
    let pairs = FILES.into_iter().zip(harms.into_iter().cycle());
    // The socket is how a running job is reached; without it, that is said (tests/damage.rs).
    for (name, harm) in pairs.filter(|(name, _)| *name != "sock") {
        tally.run();
        let id = case.job(false);
        let status = case.sandbox.ok(["status", &id]);
        let leader = Watched::from_pid(status["pid"].as_i64().unwrap() as i32).unwrap();
        harm.carry_out(&case.sandbox.job_dir(&id).join(name), &case.outside);
        let what = format!("{name} {harm:?}, running");
        case.try_verb(&mut tally, &what, &["status", &id]);
        case.try_verb(&mut tally, &what, &["tail", &id]);
        case.try_verb(&mut tally, &what, &["wait", &id, "--timeout", "50ms"]);
        case.check_others(&mut tally, &what);
        tally.lost_unless(leader.is_alive(), || format!("{what}: it was ended"));
        let killed = case.try_verb(&mut tally, &what, &["kill", &id, "--grace", "1s"]);
        let ended = killed["ok"] == true;
        tally.lost_unless(
            ended == leader.wait_gone(if ended { BOUND } else { Duration::ZERO }),
            || format!("{what}: {killed:#}"),
        );
        let _ = leader.signal(Signal::KILL);
    }
}

#[test]
fn the_files_of_the_root_are_made_anew_or_told() {
    let case = Case::new();
    let mut tally = Tally::new("each file of the root damaged in each way");
    for (name, harm) in ["index", "index.lock", "gc.lock"]
        .into_iter()
        .flat_map(|name| HARMS.map(|harm| (name, harm)))
    {
        tally.run();
        let path = case.sandbox.root().join(name);
        harm.carry_out(&path, &case.outside);
        let what = format!("{name} {harm:?}");
        let status = case.try_verb(&mut tally, &what, &["status", &case.good]);
        tally.lost_unless(status["exit_code"] == 1, || format!("{what}: {status:#}"));
        let list = case.try_verb(&mut tally, &what, &["list"]);
        let rows = list["jobs"].as_array().map_or(0, Vec::len);
        tally.lost_unless(rows == 2 || list["ok"] == false, || {
            format!("{what}: {list:#}")
        });
        case.try_verb(&mut tally, &what, &["gc", "--max-jobs", "9"]);
        let ran = case.try_verb(
            &mut tally,
            &what,
            &["run", "--wait", "--", "sh", "-c", "exit 5"],
        );
        tally.lost_unless(ran["exit_code"] == 5, || format!("{what}: {ran:#}"));
        remove(&path);
        case.sandbox.ok(["delete", text(&ran["job_id"])]);
        case.check_others(&mut tally, &what);
    }
}

#[test]
fn a_configuration_that_is_none_is_told() {
    let case = Case::new();
    let mut tally = Tally::new("the configuration file damaged in each way");
    let folder = case.sandbox.config_home().join("foster");
    fs::create_dir(case.sandbox.config_home()).unwrap();
    fs::create_dir(&folder).unwrap();
    let path = folder.join("config.toml");
    for harm in HARMS {
        tally.run();
        harm.carry_out(&path, &case.outside);
        let what = format!("configuration {harm:?}");
        let answer = case.try_verb(&mut tally, &what, &["list"]);
        let clear = answer["ok"] == true || answer["error"]["code"] == "config_error";
        tally.lost_unless(clear, || format!("{what}: {answer:#}"));
    }
}
