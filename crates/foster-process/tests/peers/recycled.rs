//! A number that passed to another process. `process-wrap` 9.1 killed it, 3 of 3; a pgid that is kept
//! after its leader was reaped (vtcode-bash-runner, Fresh's registry) can do the same.

use std::fs;

use foster_process::{Containment, ProcessRef, Signal, Target};

use crate::common::{As, isolated, not_run};
use crate::front::{Blocking, Front, SECOND, Tokio, script};
use crate::term;

/// Starts one process after the other until one has this number; it leads a group of that number.
fn start_as(pid: i32) -> Option<std::process::Child> {
    use std::os::unix::process::CommandExt as _;
    const LAST: &str = "/proc/sys/kernel/ns_last_pid";
    for _ in 0..1000 {
        if let Err(error) = fs::write(LAST, (pid - 1).to_string()) {
            not_run(&format!("a number can't be made to come again: {error}"));
            return None;
        }
        let mut sleeper = std::process::Command::new("sleep");
        let mut started = sleeper.arg("300").process_group(0).spawn().unwrap();
        if started.id() as i32 == pid {
            return Some(started);
        }
        started.kill().unwrap();
        started.wait().unwrap();
    }
    not_run(&format!("the number {pid} did not come again"));
    None
}

fn nobody_else_is_hit<F: Front>() {
    for level in [Containment::Auto, Containment::Group] {
        let process = F::start(script("exit 0").containment(level)).unwrap();
        process.wait().unwrap();
        let Some(mut stranger) = start_as(process.id()) else {
            return;
        };
        process.start_kill().unwrap();
        for target in [Target::Leader, Target::Group, Target::Tree] {
            process.signal(target, Signal::KILL).unwrap();
        }
        process.kill().unwrap();
        process.terminate(term(SECOND)).unwrap();
        assert!(process.is_tree_empty() && !process.is_running());
        drop(process);
        let stranger_ref = ProcessRef::open(stranger.id() as i32).unwrap();
        let hit = stranger_ref.wait_ended(Some(SECOND / 10)).unwrap();
        stranger.kill().unwrap();
        stranger.wait().unwrap();
        assert!(!hit, "{level:?}: a stranger was killed");
    }
}

#[test]
fn a_number_that_came_again_is_never_signalled() {
    let name = "recycled::a_number_that_came_again_is_never_signalled";
    isolated(name, As::Caller, || {
        nobody_else_is_hit::<Blocking>();
        nobody_else_is_hit::<Tokio>();
    });
}
