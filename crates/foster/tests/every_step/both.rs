use std::time::Duration;

use foster_testkit::{
    DEADLINE, Faults, Point, Sandbox, Tally, Watched, finish, wait_for_pid_file, wait_on_dir,
};

/// How long anything takes here at the most.
const SOON: Duration = Duration::from_secs(20);

fn point(role: &str, name: &str) -> Point {
    Point {
        role: role.to_owned(),
        name: name.to_owned(),
        occurrence: 1,
        is_attempt: false,
    }
}

/// Stops keeper and supervisor each at a point, and returns them once they are.
fn stopped(sandbox: &Sandbox, faults: &Faults) -> Vec<Watched> {
    let both = || {
        let passed = faults.passed().into_iter();
        let made = passed.filter(|passing| passing.kind == "made");
        let made: Vec<_> = made
            .filter_map(|made| Watched::from_pid(made.pid))
            .collect();
        (made.len() == 2).then_some(made)
    };
    let folder = sandbox.work().with_file_name("faults");
    wait_on_dir(&folder, SOON, both).unwrap_or_else(|| panic!("{:?}", faults.passed()))
}

/// The command was started, and both were killed before one of them could write down where: it is found all the
/// same, and ended. Where there is a control group it may even have wiped off its mark.
#[test]
fn both_killed_before_the_start_was_noted() {
    let sandbox = Sandbox::new(crate::foster());
    let held_by = sandbox.ok(["run", "--", "true"])["containment"].clone();
    let line = if held_by == "cgroup" {
        "echo $$ > pid; exec env -i sleep 60"
    } else {
        "echo $$ > pid; exec sleep 60"
    };
    let faults = Faults::new(sandbox.work().with_file_name("faults"));
    faults.ask_for(&point("keeper", "keeper.watching"), "stop");
    faults.ask_for(&point("supervisor", "supervisor.leader_started"), "stop");
    let mut run = faults.arm(sandbox.foster());
    run.args(["run", "--no-wait", "--name", "both", "--", "sh", "-c", line]);
    let run = std::thread::spawn(|| finish(run, None, DEADLINE));
    let both = stopped(&sandbox, &faults);
    let command = wait_for_pid_file(&sandbox.work().join("pid"), SOON);
    for process in &both {
        assert!(process.kill() && process.wait_gone(SOON), "{process:?}");
    }
    assert!(!run.join().unwrap().status.success());

    let mut tally = Tally::new("run: keeper and supervisor killed before the start was noted");
    tally.run();
    let ended = sandbox.json(["kill", "both"]).value;
    tally.lost_unless(ended["ok"] == true, || ended.to_string());
    tally.escaped_unless(command.wait_gone(Duration::ZERO), || {
        format!("{command:?}: {ended}")
    });
    let groups = sandbox.control_groups();
    tally.escaped_unless(groups.is_empty(), || format!("{groups:?}"));
}
