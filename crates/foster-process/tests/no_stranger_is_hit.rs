//! No signal goes to a remembered number.
#![cfg(all(target_os = "linux", not(foster_portable)))]
#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "this is a test")]

mod common;

use std::fs;
use std::io::{BufRead as _, Write as _};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use common::{As, SECOND, hear, hearing, isolated, start};
use foster_process::{
    Containment, ProcessIdentity, ProcessRef, Scope, Signal, Spawned, Tree, set_subreaper,
};
use foster_testkit::{Tally, race_time};

fn plain() -> Scope {
    Scope::prepare(Containment::Subreaper, "").unwrap()
}

fn gone<T: std::fmt::Debug>(result: std::io::Result<T>) {
    assert_eq!(result.unwrap_err().raw_os_error(), Some(libc::ESRCH));
}

#[test]
fn only_the_same_identity_is_found() {
    let own = ProcessRef::open(std::process::id() as i32)
        .unwrap()
        .identity();
    assert!(own.start_time.is_some());
    assert_eq!(ProcessRef::find(&own).unwrap().identity(), own);
    let other_start = ProcessIdentity {
        start_time: own.start_time.map(|t| t + 1),
        ..own
    };
    let other_unique = ProcessIdentity {
        unique: own.unique.map(|n| n + 1),
        ..own
    };
    let number_alone = ProcessIdentity {
        start_time: None,
        unique: None,
        ..own
    };
    gone(ProcessRef::find(&other_start));
    gone(ProcessRef::find(&number_alone));
    if own.unique.is_some() {
        gone(ProcessRef::find(&other_unique));
    } else {
        eprintln!("NOT RUN: this kernel gives processes no unique number");
    }
    let start_alone = ProcessIdentity {
        unique: None,
        ..own
    };
    assert!(ProcessRef::find(&start_alone).is_ok());
    for pid in [0, -1, i32::MIN] {
        assert!(ProcessRef::open(pid).is_err());
    }
}

/// Starts one process after the other until one has this number.
fn start_as(pid: i32, argv: &[&str]) -> Option<Spawned> {
    const LAST: &str = "/proc/sys/kernel/ns_last_pid";
    let (_, out) = hearing();
    for _ in 0..1000 {
        if let Err(error) = fs::write(LAST, (pid - 1).to_string()) {
            eprintln!("NOT RUN: a number can't be made to come again: {LAST}: {error}");
            return None;
        }
        let started = start(argv, &mut plain(), &out).unwrap();
        if started.leader.pid() == pid {
            return Some(started);
        }
        started.leader.signal(Signal::KILL).unwrap();
        assert!(started.leader.wait_ended(Some(10 * SECOND)).unwrap());
        started.leader.reap().unwrap();
    }
    eprintln!("NOT RUN: the number {pid} did not come again in a thousand tries");
    None
}

#[test]
fn a_number_that_came_again_is_another_process() {
    isolated(
        "a_number_that_came_again_is_another_process",
        As::Caller,
        || {
            set_subreaper().unwrap();
            let (_, out) = hearing();
            let first = start(&["sleep", "300"], &mut plain(), &out).unwrap().leader;
            let remembered = first.identity();
            first.signal(Signal::KILL).unwrap();
            assert!(first.wait_ended(Some(10 * SECOND)).unwrap());
            assert_eq!(first.reap().unwrap().unwrap().signal(), Some(Signal::KILL));
            gone(first.signal(Signal::TERM));
            let Some(stranger) = start_as(remembered.pid, &["sleep", "300"]) else {
                return;
            };
            let stranger = stranger.leader;
            assert_eq!(stranger.pid(), remembered.pid);
            assert_ne!(stranger.identity(), remembered);
            gone(ProcessRef::find(&remembered));
            gone(first.signal(Signal::KILL));
            // It leads a group of the same number too.
            match first.signal_group(Signal::KILL) {
                Err(error) if error.kind() == std::io::ErrorKind::Unsupported => {
                    eprintln!("NOT RUN: this kernel signals no group through a pidfd");
                }
                result => gone(result),
            }
            assert!(!stranger.wait_ended(Some(SECOND / 10)).unwrap());
            assert_eq!(stranger.peek_status().unwrap(), None);
        },
    );
}

#[test]
fn a_group_outlives_its_leader_and_is_still_its_own() {
    isolated(
        "a_group_outlives_its_leader_and_is_still_its_own",
        As::Caller,
        || {
            set_subreaper().unwrap();
            let (mut heard, out) = hearing();
            let script = "sh -c 'echo $$; exec sleep 300' & exit 0";
            let leader = start(&["sh", "-c", script], &mut plain(), &out)
                .unwrap()
                .leader;
            let member: i32 = hear(&mut heard, 1)[0].parse().unwrap();
            let member = ProcessRef::open(member).unwrap();
            assert!(leader.wait_ended(Some(10 * SECOND)).unwrap());
            leader.reap().unwrap();
            match leader.signal_group(Signal::KILL) {
                Err(error) if error.kind() == std::io::ErrorKind::Unsupported => return,
                result => result.unwrap(),
            }
            assert!(member.wait_ended(Some(10 * SECOND)).unwrap());
            // Empty now: nobody is hit, and it is said.
            member.reap().unwrap();
            gone(leader.signal_group(Signal::KILL));
        },
    );
}

const LOOKER: &str = "FOSTER_PROCESS_TEST_LOOKER";
const LOOKED: &str = "the tree was looked at";

/// Ended with all that it is for, also if the test fails.
struct Helper(Child);

impl Helper {
    fn start(command: &mut Command) -> Self {
        Self(command.stdin(Stdio::null()).spawn().unwrap())
    }
}

impl Drop for Helper {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

/// Numbers of a tree's members pass to strangers, and to their children, while the tree is looked at: each
/// process that is born in the namespace gets the lowest number that is free.
#[test]
fn a_number_that_passes_to_a_stranger_between_look_and_signal() {
    let name = "a_number_that_passes_to_a_stranger_between_look_and_signal";
    if std::env::var_os(LOOKER).is_some() {
        return signal_again_and_again();
    }
    isolated(name, As::Caller, || {
        const LAST: &str = "/proc/sys/kernel/ns_last_pid";
        if let Err(error) = fs::write(LAST, "100") {
            common::not_run(&format!("numbers can't be made to come again: {error}"));
            return;
        }
        let mut tally =
            Tally::new("a member's number passes to a stranger as the tree is signalled");
        let (heard, out) = hearing();
        // Whoever is hit ends of it, and whoever waits for him tells.
        let stranger = "while :; do
                sh -c 'sleep 0.002 & wait $!; [ $? -lt 128 ] || echo a child; exit 0'
                [ $? -lt 128 ] || echo a parent
            done";
        let mut strangers: Vec<Helper> = (0..4)
            .map(|_| {
                let out = rustix::io::dup(&out).unwrap();
                Helper::start(Command::new("sh").args(["-c", stranger]).stdout(out))
            })
            .collect();
        let again = format!("while :; do echo 100 > {LAST}; done");
        strangers.push(Helper::start(Command::new("sh").args(["-c", &again])));
        // It is overtaken by the others wherever it stands.
        let mut looker = Command::new("nice");
        looker
            .args(["-n", "19"])
            .arg(std::env::current_exe().unwrap());
        looker.args([name, "--exact", "--nocapture", "--test-threads=1"]);
        let looked = looker.env(LOOKER, "1").stderr(Stdio::inherit()).output();
        drop(strangers);
        drop(out);
        for line in heard.lines() {
            tally.stranger_hit(line.unwrap());
        }
        let looked = looked.unwrap();
        assert!(looked.status.success(), "{looked:?}");
        let said = String::from_utf8(looked.stdout).unwrap();
        let looks = said.lines().filter(|line| *line == LOOKED).count();
        (0..looks).for_each(|_| tally.run());
    });
}

fn signal_again_and_again() {
    set_subreaper().unwrap();
    let mut scope = plain();
    let (mut heard, out) = hearing();
    let script = "trap : USR1; echo up; while :; do
            for i in $(seq 24); do sh -c 'true; true' & done; wait
        done";
    let leader = start(&["sh", "-c", script], &mut scope, &out)
        .unwrap()
        .leader;
    hear(&mut heard, 1);
    let tree = Tree::of_descendants(scope);
    let end = Instant::now() + race_time();
    let mut said = std::io::stdout();
    while Instant::now() < end {
        tree.signal("USR1".parse().unwrap(), None).unwrap();
        tree.reap(Some(leader.pid())).unwrap();
        writeln!(said, "\n{LOOKED}").unwrap();
    }
    tree.kill().unwrap();
    assert!(leader.wait_ended(Some(10 * SECOND)).unwrap());
}
