//! What becomes of a tree whose handle is dropped.

use std::time::Duration;

use foster_process::{GracefulTimeouts, OnDrop};

use crate::front::{Front, SECOND, end, lives, script, started, wait_gone};
use crate::through_both;

through_both![
    it_is_killed,
    it_is_ended_gracefully_without_a_runtime,
    it_is_left_alone_and_reaped_later,
    nobody_is_blamed_for_what_was_waited_for,
    a_wait_that_is_given_up_leaves_it_armed,
];

const TREE: &str = "setsid sleep 100 & echo ready $! $$; exec sleep 100";

fn it_is_killed<F: Front>() {
    let (process, pids) = started::<F>(script(TREE));
    drop(process);
    assert!(
        !lives(pids[0]) && !lives(pids[1]),
        "it returns when the tree is gone"
    );
}

fn it_is_ended_gracefully_without_a_runtime<F: Front + Send + 'static>() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("goodbye");
    let text = format!(
        "trap 'echo goodbye > {}; exit' INT; echo ready $$; while :; do sleep 0.01; done",
        file.display()
    );
    let (process, pids) = started::<F>(script(&text));
    process.set_on_drop(OnDrop::Terminate(GracefulTimeouts::both(10 * SECOND)));
    std::thread::spawn(move || drop(process)).join().unwrap();
    assert!(!lives(pids[0]));
    assert_eq!(
        std::fs::read_to_string(file).unwrap_or_default(),
        "goodbye\n"
    );
}

fn it_is_left_alone_and_reaped_later<F: Front>() {
    let (process, pids) = started::<F>(script(TREE));
    process.set_on_drop(OnDrop::Detach);
    drop(process);
    assert!(lives(pids[0]) && lives(pids[1]));
    let leader = foster_process::ProcessRef::open(pids[1]).unwrap();
    let gone = || foster_process::ProcessRef::find(&leader.identity()).is_err();
    end(pids[1]);
    end(pids[0]);
    wait_gone(pids[0]);
    assert!(leader.wait_ended(Some(10 * SECOND)).unwrap());
    // Reaping is what the kernel tells nobody else of; it follows at once.
    let until = std::time::Instant::now() + 10 * SECOND;
    while !gone() {
        assert!(std::time::Instant::now() < until, "nobody reaps it");
        std::thread::yield_now();
    }
}

fn nobody_is_blamed_for_what_was_waited_for<F: Front>() {
    for end in ["wait", "kill", "try_wait"] {
        let (process, _) = started::<F>(script("echo ready"));
        process.set_on_drop(OnDrop::Panic);
        match end {
            "wait" => drop(process.wait().unwrap()),
            "kill" => drop(process.kill().unwrap()),
            _ => while process.try_wait().is_none() {},
        }
        drop(process);
    }
    let (process, pids) = started::<F>(script(TREE));
    process.set_on_drop(OnDrop::Panic);
    let dropped = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(process)));
    assert_eq!(dropped.is_err(), cfg!(debug_assertions));
    assert!(!lives(pids[0]) && !lives(pids[1]));
}

fn a_wait_that_is_given_up_leaves_it_armed<F: Front>() {
    let (process, pids) = started::<F>(script(TREE));
    let options = foster_process::CompletionOptions::new().deadline(Duration::from_millis(10));
    assert!(process.complete(options).unwrap().is_late());
    drop(process);
    assert!(!lives(pids[0]) && !lives(pids[1]));
}
