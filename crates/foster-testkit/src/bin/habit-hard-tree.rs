//! Grows a tree that is hard to end, of the kind that is asked for.
//!
//! `--kind K --dir D [--leave]`
//!
//! | kind | what grows below the leader `main` |
//! |---|---|
//! | `alone` | nothing |
//! | `daemon` | `daemon`, as daemon(3) makes one; `orphan`, whose parent has ended; both in `/` |
//! | `nested` | `reaper-1` to `reaper-3`, each a subreaper within the one before, each with an `orphan-N` |
//! | `stopped` | `plain`, `session`, `stubborn`, all stopped, the last two in sessions of their own |
//! | `stubborn` | `member` takes no notice of TERM, INT and HUP, nor does `main`; nor `watchdog`, who starts `kept` anew whenever it ends |
//! | `bomb` | processes that start others as fast as they can; some of them leave theirs behind |
//! | `crowd` | sixty orphans in sessions of their own |
//! | `namespace` | a PID namespace of its own: `init`, `session`, `orphan` |
//! | `threads` | `executed` by a second thread; `forked` by a thread that has ended; `held` by one that rests |
//! | `hidden` | orphans in sessions of their own: `bare` has no environment, `secret` lets nobody look at it |
//!
//! Each writes its pid, as it is outside of its namespace, to `D/NAME.pid`. Those of the bomb append a byte to
//! `D/births` for each whom they are about to start, so that no more are born however few come to do anything,
//! and if the system refuses them one more there is `D/refused`. `main` says `ready` once all are there, of
//! the bomb a part, and sleeps; with `--leave` it exits with 0.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a habit that can't act stops there and then"
)]

use std::fs::OpenOptions;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;

use foster_testkit::parts::{
    Args, LIMIT, RollCall, again, answer_roll_call, ignore_polite_signals, let_loose, pid_in_proc,
    ready, rest_to_the_limit, run_middle, write_all, write_pid_file,
};
use foster_testkit::{is_root, wait_on_dir};
use rustix::process::{DumpableBehavior, Signal, getpid, kill_process};

/// How many are born into the bomb. Who counts itself in as the last is counted comes on top: at most as many
/// again.
const BOMB: u64 = 160;
const CROWD: usize = 60;
/// How deep subreapers are nested.
const DEPTH: usize = 3;
/// How often the watchdog starts another.
const LIVES: usize = 200;

/// Where a tree tells who is in it.
struct Tree(PathBuf);

fn main() {
    let mut args = Args::of_this_process();
    let role = args.text("--as");
    let tree = Tree(args.path("--dir").expect("--dir D"));
    match role.as_ref().and_then(|role| role.to_str()) {
        None => tree.lead(args),
        Some("middle") => tree.stand_between(args),
        Some("reaper") => tree.reap_orphans(args),
        Some("watchdog") => tree.watch(),
        Some("bomb") => tree.explode(),
        Some("init") => tree.fill_namespace(),
        Some("executing") => tree.execute_from_a_thread(),
        Some("forking") => tree.fork_from_threads(),
        Some(_) => tree.belong(args),
    }
}

/// What each role does.
impl Tree {
    fn lead(&self, mut args: Args) {
        let kind = args.text("--kind").expect("--kind K");
        let leave = args.flag("--leave");
        args.end();
        let roll = RollCall::new();
        let members = self.grow(kind.to_str().expect("the name of a kind"), &roll);
        roll.wait_for(members);
        ready(Some(&self.0.join("main.pid")));
        if !leave {
            rest_to_the_limit();
        }
    }

    /// Starts the members, and returns how many answer the roll call.
    fn grow(&self, kind: &str, roll: &RollCall) -> usize {
        let start = |mut command: Command| {
            let_loose(command.stdin(roll.stdin()));
        };
        let leave_behind = |mut middle: Command| run_middle(middle.stdin(roll.stdin()));
        match kind {
            "alone" => return 0,
            "daemon" => {
                start(self.member("daemon", &["--session", "--in-root"]));
                leave_behind(self.middle("orphan", &["--in-root"]));
                return 2;
            }
            "nested" => {
                start(self.reaper(1));
                return 2 * DEPTH;
            }
            "stopped" => {
                start(self.member("plain", &["--stop"]));
                start(self.member("session", &["--session", "--stop"]));
                start(self.member("stubborn", &["--session", "--stop", "--stubborn"]));
            }
            "stubborn" => {
                ignore_polite_signals();
                start(self.member("member", &["--stubborn"]));
                start(self.role("watchdog"));
                // And who is watched.
            }
            "bomb" => {
                let_loose(&mut self.role("bomb"));
                let begun = || (self.births() > BOMB / 4 || self.is_refused()).then_some(());
                wait_on_dir(&self.0, LIMIT, begun).expect("the bomb begins");
                return 0;
            }
            "crowd" => {
                for number in 0..CROWD {
                    leave_behind(self.middle(&format!("orphan-{number}"), &["--session"]));
                }
                return CROWD;
            }
            "namespace" => start(self.namespace()),
            "threads" => {
                start(self.role("executing"));
                start(self.role("forking"));
            }
            "hidden" => {
                leave_behind(self.middle("bare", &["--session", "--clear-env"]));
                leave_behind(self.middle("secret", &["--session", "--secret"]));
                return 2;
            }
            other => panic!("{other} is no kind of tree"),
        }
        3
    }

    fn belong(&self, mut args: Args) {
        let name = args.text("--name").expect("--name N");
        let [session, in_root, stubborn, secret, quiet, stop] = [
            "--session",
            "--in-root",
            "--stubborn",
            "--secret",
            "--quiet",
            "--stop",
        ]
        .map(|flag| args.flag(flag));
        args.end();
        if session {
            new_session();
        }
        if in_root {
            std::env::set_current_dir("/").expect("the root can be entered");
        }
        if stubborn {
            ignore_polite_signals();
        }
        if secret {
            let hidden = DumpableBehavior::NotDumpable;
            rustix::process::set_dumpable_behavior(hidden).expect("it may hide itself");
        }
        self.tell(name.to_str().expect("a name"));
        if !quiet {
            answer_roll_call();
        }
        if stop {
            kill_process(getpid(), Signal::STOP).expect("it can signal itself");
        }
        rest_to_the_limit();
    }

    fn stand_between(&self, mut args: Args) {
        let name = args.text("--name").expect("--name N");
        let clear_env = args.flag("--clear-env");
        let flags = args.rest();
        new_session();
        let mut orphan = self.member(name.to_str().expect("a name"), &[]);
        if clear_env {
            orphan.env_clear();
        }
        let_loose(orphan.args(flags));
    }

    fn reap_orphans(&self, mut args: Args) {
        let level: usize = args.number("--level").expect("--level N");
        args.end();
        rustix::process::set_child_subreaper(Some(getpid())).expect("it may be a subreaper");
        run_middle(&mut self.middle(&format!("orphan-{level}"), &[]));
        if level < DEPTH {
            let_loose(&mut self.reaper(level + 1));
        }
        self.tell(&format!("reaper-{level}"));
        answer_roll_call();
        rest_to_the_limit();
    }

    fn watch(&self) {
        ignore_polite_signals();
        self.tell("watchdog");
        let mut kept = self.member("kept", &[]).spawn();
        answer_roll_call();
        for _ in 0..LIVES {
            let ended = kept.and_then(|mut kept| kept.wait());
            ended.expect("a child can be started and waited for");
            kept = self.member("kept", &["--quiet"]).spawn();
        }
        rest_to_the_limit();
    }

    fn explode(&self) {
        let births = self.0.join("births");
        let births = OpenOptions::new().create(true).append(true).open(births);
        let births = births.expect("births can be told");
        let leaves = pid_in_proc() % 2 == 1;
        if leaves {
            // Who leads its group already does without.
            let _ = rustix::process::setsid();
        }
        while self.births() < BOMB {
            // Before, and not by who is born: whom a kill meets first would not be counted.
            write_all(&births, b".").expect("a birth can be told");
            if self.role("bomb").spawn().is_err() {
                std::fs::write(self.0.join("refused"), "").expect("it can be told");
                break;
            }
            if leaves && self.births().is_multiple_of(3) {
                return;
            }
        }
        rest_to_the_limit();
    }

    fn fill_namespace(&self) {
        ignore_polite_signals();
        let_loose(&mut self.member("session", &["--session"]));
        run_middle(&mut self.middle("orphan", &[]));
        self.tell("init");
        answer_roll_call();
        rest_to_the_limit();
    }

    fn execute_from_a_thread(&self) {
        let mut executed = self.member("executed", &[]);
        let thread = thread::spawn(move || executed.exec());
        panic!("it can't be executed: {:?}", thread.join());
    }

    fn fork_from_threads(&self) {
        let mut forked = self.member("forked", &[]);
        let thread = thread::spawn(move || let_loose(&mut forked));
        thread.join().expect("it could be forked");
        let mut held = self.member("held", &[]);
        thread::spawn(move || {
            let_loose(&mut held);
            rest_to_the_limit();
        });
        rest_to_the_limit();
    }
}

/// How each role is started, and what it tells.
impl Tree {
    fn role(&self, role: &str) -> Command {
        self.silent(again(role))
    }

    fn silent(&self, mut command: Command) -> Command {
        command.arg("--dir").arg(&self.0);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    fn member(&self, name: &str, flags: &[&str]) -> Command {
        let mut command = self.role("member");
        command.args(["--name", name]).args(flags);
        command
    }

    /// Whoever starts a member and ends.
    fn middle(&self, name: &str, flags: &[&str]) -> Command {
        let mut command = self.role("middle");
        command.args(["--name", name]).args(flags);
        command
    }

    fn reaper(&self, level: usize) -> Command {
        let mut command = self.role("reaper");
        command.args(["--level", &level.to_string()]);
        command
    }

    fn namespace(&self) -> Command {
        let init = again("init");
        let mut unshare = Command::new("unshare");
        unshare.args(["--pid", "--fork"]);
        if !is_root() {
            unshare.args(["--user", "--map-current-user"]);
        }
        unshare.arg(init.get_program()).args(init.get_args());
        self.silent(unshare)
    }

    fn tell(&self, name: &str) {
        write_pid_file(&self.0.join(name).with_extension("pid"));
    }

    fn births(&self) -> u64 {
        let births = std::fs::metadata(self.0.join("births"));
        births.map_or(0, |births| births.len())
    }

    fn is_refused(&self) -> bool {
        self.0.join("refused").exists()
    }
}

fn new_session() {
    rustix::process::setsid().expect("it leads no group yet");
}
