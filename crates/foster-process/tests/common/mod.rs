//! Real processes, and a place where none of them can outlive its test.
#![allow(dead_code, reason = "each test file uses a part of it")]
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "this is a test")]
#![expect(
    clippy::print_stderr,
    reason = "what could not be tested has to be seen"
)]

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use foster_process::{
    Escalation, Phase, Scope, Signal, SpawnError, SpawnPlan, SpawnSlot, Spawned, spawn,
};

pub const SECOND: Duration = Duration::from_secs(1);

/// Main, a plain child, one that ignores TERM, one in a session of its own, a daemon, and a daemon
/// without an environment.
pub const SIX_ROLES: &str = "
    sh -c 'echo up; exec sleep 300' &
    sh -c 'trap \"\" TERM; echo up; exec sleep 300' &
    setsid sh -c 'echo up; exec sleep 300' &
    (setsid sh -c 'sh -c \"echo up; exec sleep 300\" &' &)
    (env -i /usr/bin/setsid /bin/sh -c '/bin/sh -c \"echo up; exec sleep 300\" &' &)
    echo up
    wait; sleep 300";

const CASE: &str = "FOSTER_PROCESS_TEST_CASE";

/// Whose rights a case has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum As {
    /// Those of whoever runs the tests.
    Caller,
    /// The same, with TERM blocked in all threads: a test has more than its own.
    DeafToTerm,
    /// Those of nobody in particular, in a control group that was given to him. Needs root.
    Ordinary,
}

/// Says why a case could not be tested here.
pub fn not_run(why: &dyn std::fmt::Display) {
    eprintln!("NOT RUN: {why}");
}

/// Returns whether this process was started for that case.
pub fn is_case(name: &str) -> bool {
    std::env::var_os(CASE).is_some_and(|chosen| chosen == *name)
}

/// Runs a case in a process of its own, the second of a PID namespace: it may become a subreaper,
/// whatever it leaves behind is ended with the namespace, and `strangers` counts it.
///
/// `name` is the test's own path. Where there are no PID namespaces the case is not run, and says so.
pub fn isolated(name: &str, rights: As, case: impl FnOnce()) {
    if is_case(name) {
        return case();
    }
    let root = rustix::process::geteuid().is_root();
    let mut namespace = vec![
        "--pid",
        "--mount",
        "--mount-proc",
        "--fork",
        "--kill-child=KILL",
    ];
    if !root {
        namespace.extend(["--user", "--map-current-user"]);
    }
    let probe = Command::new("unshare")
        .args(&namespace)
        .arg("true")
        .output();
    if !probe.is_ok_and(|probe| probe.status.success()) {
        eprintln!("NOT RUN: {name}: no PID namespace can be made here");
        return;
    }
    if rights == As::Ordinary && !root {
        eprintln!("NOT RUN: {name}: only root can become another user");
        return;
    }
    let exe = std::env::current_exe().unwrap();
    let mut command = Command::new("setpriv");
    // The namespace ends with this thread, or after a minute.
    command
        .args(["--pdeathsig", "KILL", "unshare"])
        .args(&namespace);
    command.args(["timeout", "-s", "KILL", "60"]);
    let given = (rights == As::Ordinary).then(|| Given::new(name)).flatten();
    if rights == As::Ordinary {
        let enter = given.as_ref().map_or("true".to_owned(), |given| {
            format!("echo 0 > {}/cgroup.procs", given.0.display())
        });
        command.args(["sh", "-c", &format!("{enter}; exec \"$@\""), "sh"]);
        command.args([
            "setpriv",
            "--reuid",
            "65534",
            "--regid",
            "65534",
            "--clear-groups",
        ]);
    }
    if rights == As::DeafToTerm {
        command.args(["env", "--block-signal=TERM"]);
    }
    command
        .arg(exe)
        .args([name, "--exact", "--nocapture", "--test-threads=1"]);
    let output = command.env(CASE, name).output().unwrap();
    drop(given);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    for line in err.lines().filter(|line| line.starts_with("NOT RUN")) {
        eprintln!("{line}");
    }
    assert!(
        output.status.success() && out.contains("1 passed"),
        "{name}: {out}\n{err}"
    );
}

/// A control group that an ordinary user may divide.
struct Given(std::path::PathBuf);

impl Given {
    fn new(name: &str) -> Option<Self> {
        let mounts = fs::read_to_string("/proc/self/mountinfo").ok()?;
        let mount = mounts.lines().find_map(|line| {
            let (left, right) = line.split_once(" - ")?;
            right
                .starts_with("cgroup2 ")
                .then(|| left.split(' ').nth(4).map(str::to_owned))?
        })?;
        let name = format!("foster-test-{}-{name}", std::process::id());
        let given = Self(Path::new(&mount).join(name));
        fs::create_dir(&given.0).ok()?;
        for file in [
            "",
            "cgroup.procs",
            "cgroup.threads",
            "cgroup.subtree_control",
        ] {
            std::os::unix::fs::chown(given.0.join(file), Some(65534), Some(65534)).ok()?;
        }
        Some(given)
    }
}

impl Drop for Given {
    fn drop(&mut self) {
        // The namespace is gone, so nobody is in it.
        for leaf in fs::read_dir(&self.0).into_iter().flatten().flatten() {
            drop(fs::remove_dir(leaf.path()));
        }
        drop(fs::remove_dir(&self.0));
    }
}

/// Returns the processes of this namespace that live, but for its first and this one.
pub fn strangers() -> Vec<String> {
    let own = std::process::id();
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let Ok(pid) = entry.file_name().into_string().unwrap().parse::<u32>() else {
            continue;
        };
        let stat = fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        let state = stat.rsplit_once(") ").map_or("", |(_, rest)| rest);
        if pid != 1 && pid != own && !state.is_empty() && !state.starts_with(['Z', 'X']) {
            found.push(stat);
        }
    }
    found
}

pub fn words(text: &[&str]) -> Vec<OsString> {
    text.iter().map(OsString::from).collect()
}

pub fn environment() -> Vec<(OsString, OsString)> {
    vec![("PATH".into(), "/usr/local/bin:/usr/bin:/bin".into())]
}

pub fn null() -> File {
    File::options()
        .read(true)
        .write(true)
        .open("/dev/null")
        .unwrap()
}

/// Starts `argv` as an ordinary job, with `out` as its standard output.
pub fn start(argv: &[&str], scope: &mut Scope, out: &OwnedFd) -> Result<Spawned, SpawnError> {
    let null = null();
    let (argv, env) = (words(argv), environment());
    let plan = SpawnPlan::new(&argv, &env, [null.as_fd(), out.as_fd(), out.as_fd()]);
    spawn(&plan, scope, &SpawnSlot::default())
}

/// A blocking pipe for what a test wants to hear.
pub fn hearing() -> (BufReader<std::io::PipeReader>, OwnedFd) {
    let (reader, writer) = std::io::pipe().unwrap();
    (BufReader::new(reader), writer.into())
}

/// Reads that many lines.
pub fn hear(reader: &mut impl std::io::BufRead, lines: usize) -> Vec<String> {
    let heard: Vec<String> = reader.lines().take(lines).map(Result::unwrap).collect();
    assert_eq!(heard.len(), lines, "{heard:?}");
    heard
}

pub fn term_then_kill(grace: Duration) -> Escalation {
    Escalation::new(
        vec![Phase {
            signal: Signal::TERM,
            grace,
        }],
        20 * SECOND,
    )
    .expect("valid")
}
