//! The examples do what they show. Each is run as it is, in a namespace that outlives nobody.
#![cfg(all(target_os = "linux", not(foster_portable)))]
#![expect(clippy::unwrap_used, reason = "this is a test")]

mod common;

use std::path::PathBuf;
use std::process::{Command, Stdio};

use common::{As, isolated, not_run};

/// Returns where cargo puts an example; `None` if it was not built. A plain `cargo test` builds them;
/// with `--test examples` alone what is there, if anything is, may be older than its source.
fn built(name: &str) -> Option<PathBuf> {
    let test = std::env::current_exe().unwrap();
    let target = test.parent().unwrap().parent().unwrap();
    Some(target.join("examples").join(name)).filter(|path| path.exists())
}

/// Runs an example and checks that it says all of this.
fn says(name: &str, expected: &[&str]) {
    isolated(name, As::Caller, || {
        let Some(program) = built(name) else {
            return not_run(&format!("{name}: cargo has not built the example"));
        };
        let mut command = Command::new("timeout");
        command.args(["-s", "KILL", "30"]).arg(program);
        let output = command.stdin(Stdio::null()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{name}: {output:?}");
        for text in expected {
            assert!(said.contains(text), "{name} does not say {text:?}: {said}");
        }
    });
}

#[test]
fn collect_output() {
    says(
        "collect_output",
        &[
            "exit code Some(3)",
            "[... 588873 bytes omitted ...]",
            "22 of 588895 bytes kept, truncated: true",
            "stderr: disk is nearly full",
        ],
    );
}

#[cfg(feature = "tokio")]
#[test]
fn stream_lines() {
    says(
        "stream_lines",
        &[
            "stdout at 4: 50%",
            "stdout at 13: built",
            "stderr at 0: one warning",
            "ended: Code(0)",
        ],
    );
}

#[cfg(feature = "tokio")]
#[test]
fn wait_until_ready() {
    says(
        "wait_until_ready",
        &[
            "ready, says stderr: listening on 127.0.0.1:8080",
            "the tree is empty: true",
        ],
    );
}

#[test]
fn interactive_stdin() {
    says("interactive_stdin", &["it says: Ann likes red", "Code(0)"]);
}

#[test]
fn terminate_on_deadline() {
    says(
        "terminate_on_deadline",
        &[
            "signal: SIGTERM",
            "printed: half of the work is done",
            "TERM reached 2 processes",
            "the tree is empty: true, survivors: 0",
        ],
    );
}

#[test]
fn survive_a_leaking_child() {
    says(
        "survive_a_leaking_child",
        &[
            "exit code: Some(7)",
            "printed: installed",
            "1 process holds it open",
            "the tree is empty: false",
            "after kill: true",
        ],
    );
}

#[test]
fn groups_of_a_window() {
    says(
        "groups_of_a_window",
        &[
            "in the container: kill -TERM -- -42",
            "terminal: not reached",
            "linter: By(SIGINT)",
            "left: 0",
        ],
    );
}

#[test]
fn blocking_use() {
    says(
        "blocking_use",
        &["saved", "ended: Code(0)", "the tree is empty: true"],
    );
}

#[test]
fn guardian() {
    says(
        "guardian",
        &[
            "the owner: signal: 9 (SIGKILL)",
            "the daemon has ended: true",
            "the leader has ended: true",
        ],
    );
}
