//! Whatever becomes of one of Foster's processes at any of its steps (it is killed, stopped, or refused by the
//! system), the job is started once, keeps its output and its exit status, ends, and leaves nothing behind.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at what it did not expect"
)]

mod run;
mod verdict;

use std::path::Path;

use foster_testkit::{Action, Point, walk};

fn foster() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_foster"))
}

fn any(_: &Point) -> bool {
    true
}

fn looks_after_the_job(point: &Point) -> bool {
    matches!(point.role.as_str(), "keeper" | "supervisor")
}

#[test]
fn killed_while_a_job_runs() {
    walk(foster(), &run::Run, Action::Kill, any);
}

#[test]
fn stopped_while_a_job_runs() {
    walk(foster(), &run::Run, Action::Stop, any);
}

#[test]
fn stopped_and_killed_later_while_a_job_runs() {
    walk(
        foster(),
        &run::Run,
        Action::StopThenKill,
        looks_after_the_job,
    );
}

#[test]
fn refused_while_a_job_runs() {
    for error in ["ENOSPC", "EIO", "EMFILE"] {
        walk(foster(), &run::Run, Action::Fail(error), |point| {
            point.is_attempt
        });
    }
}
