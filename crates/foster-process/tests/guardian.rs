//! An owner's trees end with it, however it ends. Without the harness, since this program is also the
//! owner and its guardian.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "this is a test"
)]

mod common;

use std::ffi::OsString;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::os::fd::AsFd as _;
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use common::{SECOND, environment, null, strangers, words};
use foster_process::guardian::{self, Guardian, GuardianError, GuardianPlan};
use foster_process::{
    Containment, GracefulTimeouts, ProcessRef, Scope, Signal, SpawnPlan, SpawnSlot, set_subreaper,
    spawn,
};

const COOKIE: (&str, &str) = ("TREE", "0123456789abcdef-0123456789abcdef");

/// Main, a plain child, one that ignores TERM and has no environment, one in a session of its own, a
/// daemon that ignores TERM.
const FIVE_ROLES: &str = "
    sh -c 'echo pid $$; exec sleep 300' &
    env -i /bin/sh -c 'trap \"\" TERM INT; echo pid $$; exec sleep 300' &
    setsid sh -c 'echo pid $$; exec sleep 300' &
    (setsid sh -c 'trap \"\" TERM INT; sh -c \"echo pid \\$\\$; exec sleep 300\" &' &)
    echo pid $$
    wait";
const ROLES: usize = 5;

/// A daemon without an environment: only a control group holds it.
const SIXTH_ROLE: &str =
    "(env -i /usr/bin/setsid /bin/sh -c '/bin/sh -c \"echo pid \\$\\$; exec sleep 300\" &' &)";

fn main() {
    guardian::serve_if_asked();
    let arguments: Vec<String> = std::env::args().collect();
    if arguments.get(1).is_some_and(|first| first == "owner") {
        own(&arguments[2]);
    } else if common::is_case("guardian") {
        cases();
        println!("1 passed");
    } else if arguments.iter().any(|argument| argument == "--list") {
        println!("guardian: test");
    } else if cfg!(all(target_os = "linux", not(foster_portable))) {
        common::isolated("guardian", common::As::Caller, || {});
        println!("test guardian ... ok");
    }
}

fn cases() {
    a_killed_owner_takes_its_trees_along();
    a_killed_owner_takes_a_fronts_tree_along();
    a_control_group_holds_whoever_bears_no_mark();
    an_owner_that_exits_takes_its_trees_along();
    a_tree_whose_start_was_never_told_of_is_found();
    what_the_owner_executes_does_not_keep_it_alive();
    what_was_unregistered_lives_on();
    a_dismissed_guardian_ends_nothing();
    a_program_that_is_no_guardian_is_ended();
    marks_that_others_bear_are_refused();
    a_guardian_that_is_gone_is_an_error();
}

fn start_guardian(argv: &[OsString]) -> Result<Guardian, GuardianError> {
    let env = environment();
    Guardian::start(&GuardianPlan {
        argv,
        env: &env,
        timeouts: &GracefulTimeouts::both(SECOND / 5),
        answer_within: 10 * SECOND,
    })
}

fn own_guardian() -> Guardian {
    let own = std::env::current_exe().unwrap().into_os_string();
    start_guardian(&[own, guardian::ARGUMENT.into()]).unwrap()
}

/// Starts the tree of five, or of six in a control group, with this process's output.
fn start_tree(scope: &mut Scope) -> ProcessRef {
    let sixth = scope.cgroup_path().map_or("", |_| SIXTH_ROLE);
    let script = format!("{sixth}\n{FIVE_ROLES}");
    let (argv, mut env) = (words(&["sh", "-c", &script]), environment());
    env.push((COOKIE.0.into(), COOKIE.1.into()));
    let (null, out) = (
        null(),
        std::io::stdout().as_fd().try_clone_to_owned().unwrap(),
    );
    let plan = SpawnPlan::new(&argv, &env, [null.as_fd(), out.as_fd(), null.as_fd()]);
    let started = spawn(&plan, scope, &SpawnSlot::default());
    started.unwrap().leader
}

/// Returns a control group, or nothing and says so.
fn in_cgroup() -> Scope {
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_nanos();
    let scope = Scope::prepare(Containment::Cgroup, &format!("guarded-{now}"));
    let path = scope.as_ref().ok().and_then(Scope::cgroup_path);
    if let Some(path) = path {
        println!("cgroup {}", path.display());
    }
    scope.unwrap_or_else(|_| Scope::own())
}

/// What the owner does.
fn own(scenario: &str) {
    // Orphans come back to the owner, as in earnest; the guardian finds them all the same.
    set_subreaper().unwrap();
    let guardian = own_guardian();
    println!("guardian {}", guardian.process().pid());
    let cookie = format!("{}={}", COOKIE.0, COOKIE.1);
    let mut scope = match scenario {
        "cgroup" => in_cgroup(),
        _ => Scope::own(),
    };
    let tree = guardian.register(&cookie, scope.cgroup_path()).unwrap();
    if scenario == "front" {
        let command = foster_process::Command::new("sh").args(["-c", FIVE_ROLES]);
        let command = command
            .env(COOKIE.0, COOKIE.1)
            .containment(Containment::Group);
        let process = foster_process::blocking::Process::start(command).unwrap();
        guardian.complete(&tree, process.identity()).unwrap();
        println!("ready");
        let _ = process.wait();
        return;
    }
    let leader = start_tree(&mut scope);
    if scenario != "unfinished" {
        guardian.complete(&tree, leader.identity()).unwrap();
    }
    if scenario == "executes" {
        let child = Command::new("sleep")
            .arg("300")
            .stdout(Stdio::null())
            .spawn();
        println!("child {}", child.unwrap().id());
    }
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        guardian.process().signal(signal).unwrap();
    }
    let guardian = match scenario {
        "unregisters" => {
            guardian.unregister(tree).unwrap();
            Some(guardian)
        }
        "dismisses" => {
            guardian.dismiss().unwrap();
            None
        }
        _ => Some(guardian),
    };
    println!("ready");
    let mut rest = Vec::new();
    std::io::stdin().read_to_end(&mut rest).unwrap();
    drop(guardian);
}

/// An owner, and the processes that it told of.
struct Owner {
    process: Child,
    guardian: ProcessRef,
    tree: Vec<ProcessRef>,
    child: Option<ProcessRef>,
    cgroup: Option<PathBuf>,
}

fn start_owner(scenario: &str) -> Owner {
    let mut process = Command::new(std::env::current_exe().unwrap())
        .args(["owner", scenario])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out: BufReader<ChildStdout> = BufReader::new(process.stdout.take().unwrap());
    let (mut guardian, mut child, mut tree, mut ready) = (None, None, Vec::new(), false);
    let mut cgroup: Option<PathBuf> = None;
    while !ready || tree.len() < ROLES + usize::from(cgroup.is_some()) {
        let mut line = String::new();
        assert_ne!(
            out.read_line(&mut line).unwrap(),
            0,
            "{scenario}: the owner failed"
        );
        let hold = |pid: &str| ProcessRef::open(pid.parse().unwrap()).ok();
        match line.trim().split_once(' ') {
            Some(("guardian", pid)) => guardian = hold(pid),
            Some(("child", pid)) => child = hold(pid),
            Some(("cgroup", path)) => cgroup = Some(path.into()),
            Some(("pid", pid)) => tree.extend(hold(pid)),
            _ => ready = true,
        }
    }
    Owner {
        process,
        guardian: guardian.unwrap(),
        tree,
        child,
        cgroup,
    }
}

fn gone(process: &ProcessRef) -> bool {
    process.wait_ended(Some(10 * SECOND)).unwrap()
}

fn lives(process: &ProcessRef) -> bool {
    !process.wait_ended(Some(Duration::ZERO)).unwrap()
}

impl Owner {
    fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    fn exit(&mut self) {
        drop(self.process.stdin.take());
        assert!(self.process.wait().unwrap().success());
    }

    fn all_is_gone(&self, how: &str) {
        let began = Instant::now();
        for process in self.tree.iter().chain([&self.guardian]) {
            assert!(gone(process), "{how}: {} lives", process.pid());
        }
        println!("{how}: all gone after {:?}", began.elapsed());
        assert_eq!(strangers(), Vec::<String>::new(), "{how}");
    }

    /// Ends what lived on; main ends by itself once its children have.
    fn end_tree(&self) {
        assert!(self.tree.iter().all(lives));
        for process in &self.tree {
            process.signal(Signal::KILL).ok();
        }
        assert!(self.tree.iter().all(gone));
        assert_eq!(strangers(), Vec::<String>::new());
    }
}

fn a_killed_owner_takes_its_trees_along() {
    let mut owner = start_owner("is killed");
    assert!(owner.tree.iter().all(lives) && lives(&owner.guardian));
    let rollup = fs::read_to_string(format!("/proc/{}/smaps_rollup", owner.guardian.pid()));
    for line in rollup.unwrap_or_default().lines() {
        if line.starts_with("Private") || line.starts_with("Pss:") {
            println!("guardian: {line}");
        }
    }
    let title = fs::read(format!("/proc/{}/cmdline", owner.guardian.pid())).unwrap();
    let title = String::from_utf8_lossy(&title).into_owned();
    assert!(
        title.starts_with(&format!("guardian of {}", owner.process.id())),
        "{title}"
    );
    owner.kill();
    owner.all_is_gone("killed");
}

/// The tree of a `blocking::Process`, which is given the mark as any variable.
fn a_killed_owner_takes_a_fronts_tree_along() {
    let mut owner = start_owner("front");
    assert!(owner.tree.iter().all(lives));
    owner.kill();
    owner.all_is_gone("killed, with a front");
}

fn a_control_group_holds_whoever_bears_no_mark() {
    let mut owner = start_owner("cgroup");
    owner.kill();
    owner.all_is_gone("killed, in a control group");
    let Some(path) = owner.cgroup else {
        eprintln!("NOT RUN: no control group is to be had");
        return;
    };
    assert!(!path.exists());
}

fn an_owner_that_exits_takes_its_trees_along() {
    let mut owner = start_owner("exits");
    owner.exit();
    owner.all_is_gone("exited");
}

fn a_tree_whose_start_was_never_told_of_is_found() {
    let mut owner = start_owner("unfinished");
    // The one without an environment can be found by the leader's session alone.
    owner.kill();
    let found = owner
        .tree
        .iter()
        .filter(|process| gone_soon(process))
        .count();
    assert!(found >= ROLES - 1, "{found}");
    assert!(gone(&owner.guardian));
    for process in &owner.tree {
        process.signal(Signal::KILL).ok();
        assert!(gone(process));
    }
}

fn gone_soon(process: &ProcessRef) -> bool {
    process.wait_ended(Some(3 * SECOND)).unwrap()
}

fn what_the_owner_executes_does_not_keep_it_alive() {
    let mut owner = start_owner("executes");
    owner.kill();
    let child = owner.child.take().unwrap();
    for process in &owner.tree {
        assert!(gone(process));
    }
    assert!(gone(&owner.guardian) && lives(&child));
    child.signal(Signal::KILL).unwrap();
    assert!(gone(&child));
    owner.all_is_gone("killed, with a child");
}

fn what_was_unregistered_lives_on() {
    let mut owner = start_owner("unregisters");
    owner.kill();
    assert!(gone(&owner.guardian));
    owner.end_tree();
}

fn a_dismissed_guardian_ends_nothing() {
    let mut owner = start_owner("dismisses");
    assert!(gone(&owner.guardian));
    owner.exit();
    owner.end_tree();
}

fn a_program_that_is_no_guardian_is_ended() {
    let scripts = [
        // Says nothing.
        "sleep 300 & exec sleep 300",
        // Ends.
        "exit 0",
        // Says something else.
        "echo foster-guardian v7 >&0; sleep 300",
    ];
    for script in scripts {
        let (argv, env) = (words(&["sh", "-c", script]), environment());
        let began = Instant::now();
        let refused = Guardian::start(&GuardianPlan {
            argv: &argv,
            env: &env,
            timeouts: &GracefulTimeouts::both(SECOND),
            answer_within: SECOND / 4,
        });
        assert!(
            matches!(refused, Err(GuardianError::NotAGuardian(_))),
            "{refused:?}"
        );
        assert!(began.elapsed() < 3 * SECOND);
        assert_eq!(strangers(), Vec::<String>::new());
    }
    let missing = start_guardian(&words(&["no-such-program"]));
    assert!(matches!(missing, Err(GuardianError::Spawn(_))));
}

fn marks_that_others_bear_are_refused() {
    let guardian = own_guardian();
    let path = "PATH=/usr/local/bin:/usr/bin:/bin";
    for cookie in ["", "A=", "=0123456789abcdef", "A=0123456789abcde", path] {
        let refused = guardian.register(cookie, None);
        assert!(
            matches!(refused, Err(GuardianError::Refused(_))),
            "{cookie:?}"
        );
    }
    let tree = guardian.register("TREE=0123456789abcdef", None).unwrap();
    guardian.unregister(tree).unwrap();
    guardian.dismiss().unwrap();
}

fn a_guardian_that_is_gone_is_an_error() {
    let guardian = own_guardian();
    guardian.process().signal(Signal::KILL).unwrap();
    assert!(gone(guardian.process()));
    for _ in 0..2 {
        let lost = guardian.register("TREE=0123456789abcdef", None);
        assert!(matches!(lost, Err(GuardianError::Lost(_))), "{lost:?}");
    }
    guardian.process().reap().unwrap();
}
