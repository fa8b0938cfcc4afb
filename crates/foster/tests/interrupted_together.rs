//! Many who wait are interrupted together. By itself, since it counts what this process has open.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use std::fs;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use foster_model::{ErrorCode, JobSelector};
use foster_service::{Containment, Context, Interrupt, WaitRequest, Way, wait};
use foster_testkit::{Gate, Sandbox};

const FOSTER: &str = env!("CARGO_BIN_EXE_foster");

fn counts() -> [usize; 2] {
    ["/proc/self/fd", "/proc/self/task"].map(|dir| fs::read_dir(dir).unwrap().count())
}

#[test]
fn a_hundred_waits_of_one_job_leave_nothing_open() {
    let sandbox = Sandbox::new(FOSTER);
    let gate = Gate::new(&sandbox, "gate");
    let script = "read x < gate; exit 5";
    let started = sandbox.ok(["run", "--no-wait", "--", "sh", "-c", script]);
    let id = started["job_id"].as_str().unwrap();
    let before = counts();
    let interrupt = Interrupt::new().unwrap();
    let context = Context {
        root: sandbox.root().to_owned(),
        cwd: sandbox.work().to_owned(),
        env: Vec::new(),
        way: Way::Exec(PathBuf::from(FOSTER)),
        auto_gc: None,
        interrupt: Some(interrupt.clone()),
        containment: Containment::Auto,
    };
    let waiting = WaitRequest {
        digest: false,
        jobs: vec![JobSelector::Id(id.parse().unwrap())],
        group: None,
        output: None,
        any: false,
        timeout: None,
        tail_lines: 50,
        max_bytes: 65536,
    };
    thread::scope(|scope| {
        let one = || wait(&context, &waiting).unwrap_err();
        let threads: Vec<_> = (0..100).map(|_| scope.spawn(one)).collect();
        interrupt.interrupt();
        for thread in threads {
            assert_eq!(thread.join().unwrap().code(), ErrorCode::Interrupted);
        }
    });
    drop((context, interrupt));
    assert_eq!(counts(), before);
    gate.open();
    let over = sandbox.ok(["wait", id]);
    assert_eq!(
        (&over["state"], &over["exit_code"]),
        (&"exited".into(), &5.into())
    );
    sandbox.assert_nothing_left(Duration::from_secs(30));
}
