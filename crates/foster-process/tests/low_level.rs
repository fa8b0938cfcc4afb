//! The single steps: what they refuse, what they return, and whom they reach.
#![cfg(all(target_os = "linux", not(foster_portable)))]
#![expect(clippy::unwrap_used, reason = "this is a test")]
#![expect(unsafe_code, reason = "the hooks are meant for pre_exec")]

mod common;

use std::io::{BufRead as _, BufReader};
use std::os::fd::OwnedFd;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use common::{As, SECOND, hear, hearing, isolated, start, strangers};
use foster_process::low_level::*;
use foster_process::{ProcessRef, Scope, Signal, set_subreaper};

fn group(script: &str, out: &OwnedFd) -> ProcessRef {
    let argv = ["sh", "-c", script];
    start(&argv, &mut Scope::own(), out).unwrap().leader
}

/// Starts a shell with a hook, and reads its first line.
fn hooked(
    script: &str,
    hook: impl FnMut() -> std::io::Result<()> + Send + Sync + 'static,
) -> (Child, String, BufReader<ChildStdout>) {
    let mut command = Command::new("sh");
    command.args(["-c", script]).stdout(Stdio::piped());
    // SAFETY: the hooks here only call the system.
    unsafe { command.pre_exec(hook) };
    let mut child = command.spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    out.read_line(&mut line).unwrap();
    (child, line.trim().to_owned(), out)
}

fn end(mut child: Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

/// Pid, group and session of a shell, as the kernel has them.
const WHO: &str = "read -r p c s pp g ss x < /proc/$$/stat; echo $$ $g $ss; exec sleep 300";

#[test]
fn hooks_make_a_group_and_a_session() {
    let name = "hooks_make_a_group_and_a_session";
    isolated(name, As::Caller, || {
        let (child, line, _) = hooked(WHO, set_process_group);
        let pid = child.id().to_string();
        let who: Vec<&str> = line.split(' ').collect();
        assert_eq!(who[..2], [&pid, &pid]);
        assert_ne!(who[2], pid);
        end(child);
        let (child, line, _) = hooked(WHO, || detach_from_tty().map(drop));
        let pid = child.id().to_string();
        assert_eq!(line.split(' ').collect::<Vec<_>>(), [&pid, &pid, &pid]);
        end(child);
        // A leader of a group can have no new session.
        let (child, line, _) = hooked(WHO, || {
            set_process_group()?;
            match detach_from_tty()? {
                Detached::Group => Ok(()),
                Detached::Session => Err(std::io::ErrorKind::Other.into()),
            }
        });
        assert_eq!(line.split(' ').nth(1), Some(&*child.id().to_string()));
        end(child);
    });
}

#[test]
fn a_child_dies_with_its_parent_and_not_with_the_wrong_one() {
    let name = "a_child_dies_with_its_parent_and_not_with_the_wrong_one";
    isolated(name, As::Caller, || {
        // Its parent is this process, so it lives on when told so.
        let own = std::process::id() as i32;
        let (child, _, _) = hooked("echo up; exec sleep 300", move || {
            set_parent_death_signal(Signal::KILL, own)
        });
        end(child);
        // Told of another, it takes that one's death for granted.
        let mut command = Command::new("true");
        // SAFETY: only calls the system.
        unsafe { command.pre_exec(|| set_parent_death_signal(Signal::KILL, 1 << 21)) };
        let status = command.spawn().unwrap().wait().unwrap();
        assert_eq!(status.signal(), Some(libc::SIGKILL));
        // The thread that forks is the parent.
        let process = std::thread::spawn(move || {
            let (mut child, _, _) = hooked("echo up; exec sleep 300", move || {
                set_parent_death_signal(Signal::KILL, own)
            });
            (adopt(&mut child).unwrap(), child)
        });
        let (process, mut child) = process.join().unwrap();
        assert!(process.wait_ended(Some(10 * SECOND)).unwrap());
        child.wait().unwrap();
    });
}

#[test]
fn numbers_that_mean_everybody_are_refused() {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let (_, after_name) = stat.rsplit_once(") ").unwrap();
    // 0 if it was made outside of this PID namespace.
    let own_group = after_name.split(' ').nth(2).unwrap().parse().unwrap();
    for group in [0, 1, -1, -2, i32::MIN, own_group] {
        let refused = kill_process_group(group, Signal::CONT);
        assert!(
            matches!(refused, Err(GroupSignalError::Refused { .. })),
            "{group}"
        );
        let refused = graceful_kill_process_group(group, Signal::CONT, Duration::ZERO);
        assert!(
            matches!(
                refused,
                Err(GroupTerminateError::Signal(
                    GroupSignalError::Refused { .. }
                ))
            ),
            "{group}"
        );
    }
}

#[test]
fn a_group_that_is_gone_is_no_error_for_any_of_them() {
    let name = "a_group_that_is_gone_is_no_error_for_any_of_them";
    isolated(name, As::Caller, || {
        let (_, out) = hearing();
        let leader = group("exit 0", &out);
        assert!(leader.wait_ended(Some(10 * SECOND)).unwrap());
        for reaped in [false, true] {
            let began = Instant::now();
            assert_eq!(
                kill_process_group(leader.pid(), Signal::TERM).unwrap(),
                Signalled::Gone
            );
            assert_eq!(
                kill_process_group_of(&leader, Signal::TERM).unwrap(),
                Signalled::Gone
            );
            let by_number = graceful_kill_process_group(leader.pid(), Signal::TERM, 10 * SECOND);
            assert_eq!(by_number.unwrap(), Outcome::AlreadyExited);
            let held = graceful_kill_process_group_of(&leader, Signal::TERM, 10 * SECOND);
            assert_eq!(held.unwrap(), Outcome::AlreadyExited);
            assert!(began.elapsed() < 5 * SECOND);
            if !reaped {
                leader.reap().unwrap();
            }
        }
    });
}

#[test]
fn a_child_that_ends_at_once_is_not_waited_for_though_nobody_reaps_it() {
    let name = "a_child_that_ends_at_once_is_not_waited_for_though_nobody_reaps_it";
    isolated(name, As::Caller, || {
        let (mut heard, out) = hearing();
        for kill in [Signal::TERM, Signal::KILL] {
            let leader = group(
                "trap 'echo asked; exit 0' TERM; sh -c 'echo up; exec sleep 300' & wait",
                &out,
            );
            hear(&mut heard, 1);
            let began = Instant::now();
            let outcome = graceful_kill_process_group_of(&leader, kill, 20 * SECOND).unwrap();
            // Also KILL asks first.
            assert_eq!(
                (outcome, &*hear(&mut heard, 1)[0]),
                (Outcome::Exited, "asked")
            );
            assert!(began.elapsed() < 10 * SECOND);
            assert_eq!(leader.reap().unwrap().unwrap().code(), Some(0));
        }
        let leader = group("echo up; exec sleep 300", &out);
        hear(&mut heard, 1);
        let outcome = graceful_kill_process_group(leader.pid(), Signal::TERM, 20 * SECOND).unwrap();
        assert_eq!(outcome, Outcome::Exited);
        leader.reap().unwrap();
    });
}

#[test]
fn a_member_that_ignores_it_is_killed_though_the_leader_has_exited() {
    let name = "a_member_that_ignores_it_is_killed_though_the_leader_has_exited";
    isolated(name, As::Caller, || {
        set_subreaper().unwrap();
        let (mut heard, out) = hearing();
        let script = "(trap '' TERM; echo up; while :; do sleep 300; done) & exec sleep 300";
        for by_number in [false, true] {
            let leader = group(script, &out);
            hear(&mut heard, 1);
            let began = Instant::now();
            let outcome = if by_number {
                graceful_kill_process_group(leader.pid(), Signal::TERM, DEFAULT_GRACE)
            } else {
                graceful_kill_process_group_of(&leader, Signal::TERM, DEFAULT_GRACE)
            };
            assert_eq!(outcome.unwrap(), Outcome::Killed);
            assert!(began.elapsed() >= DEFAULT_GRACE);
            leader.reap().unwrap();
            assert_eq!(strangers(), Vec::<String>::new());
        }
        // By number alone: the leader is reaped, and a member is left.
        let leader = group("sh -c 'echo up; exec sleep 300' & exit 0", &out);
        hear(&mut heard, 1);
        assert!(leader.wait_ended(Some(10 * SECOND)).unwrap());
        leader.reap().unwrap();
        let outcome = graceful_kill_process_group(leader.pid(), Signal::TERM, 20 * SECOND);
        assert_eq!(outcome.unwrap(), Outcome::Exited);
        assert_eq!(strangers(), Vec::<String>::new());
    });
}

#[test]
fn a_child_of_std_is_adopted_until_it_is_reaped() {
    let name = "a_child_of_std_is_adopted_until_it_is_reaped";
    isolated(name, As::Caller, || {
        let mut child = Command::new("sleep")
            .arg("300")
            .process_group(0)
            .spawn()
            .unwrap();
        let held = adopt(&mut child).unwrap();
        assert_eq!(held.pid(), child.id() as i32);
        let outcome = graceful_kill_process_group_of(&held, Signal::TERM, 20 * SECOND).unwrap();
        assert_eq!(outcome, Outcome::Exited);
        // It has exited, and std has not been told.
        let again = adopt(&mut child).unwrap();
        assert_eq!(again.identity().unique, held.identity().unique);
        child.wait().unwrap();
        let reaped = adopt(&mut child).unwrap_err();
        assert_eq!(reaped.raw_os_error(), Some(libc::ESRCH));
    });
}
