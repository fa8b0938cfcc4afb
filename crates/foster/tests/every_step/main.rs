//! Whatever becomes of one of Foster's processes at any of its steps (it is killed, stopped, or refused by the
//! system), the job is started once, keeps its output and its exit status, ends, and leaves nothing behind.
#![cfg(target_os = "linux")]
#![expect(clippy::panic, reason = "a test stops at what it did not expect")]

mod both;
mod input;
mod kill;
mod removal;
mod restart;
mod run;
mod told;
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
fn killed_while_output_is_redacted() {
    walk(foster(), &run::RunRedacted, Action::Kill, any);
}

#[test]
fn killed_while_a_job_is_defined_and_started() {
    walk(foster(), &run::CreateAndStart, Action::Kill, any);
}

#[test]
fn killed_while_a_job_is_ended() {
    walk(foster(), &kill::Kill, Action::Kill, any);
}

#[test]
fn killed_while_input_is_sent() {
    walk(foster(), &input::Input, Action::Kill, any);
}

#[test]
fn killed_while_a_job_is_restarted() {
    walk(foster(), &restart::Restart, Action::Kill, any);
}

#[test]
fn killed_while_jobs_are_removed() {
    walk(foster(), &removal::Delete, Action::Kill, any);
    walk(foster(), &removal::Gc, Action::Kill, any);
}

#[test]
fn killed_while_the_end_is_told() {
    walk(foster(), &told::Told, Action::Kill, any);
}

#[test]
fn stopped_for_a_while() {
    walk(foster(), &run::Run, Action::Stop, any);
    walk(foster(), &restart::Restart, Action::Stop, any);
}

#[test]
fn stopped_and_killed_later() {
    walk(
        foster(),
        &run::Run,
        Action::StopThenKill,
        looks_after_the_job,
    );
    walk(
        foster(),
        &run::RunRedacted,
        Action::StopThenKill,
        looks_after_the_job,
    );
}

#[test]
fn refused_by_the_system() {
    let attempts = |point: &Point| point.is_attempt;
    for error in ["ENOSPC", "EIO", "EMFILE"] {
        walk(foster(), &run::Run, Action::Fail(error), attempts);
    }
    walk(foster(), &kill::Kill, Action::Fail("ENOSPC"), attempts);
    walk(
        foster(),
        &restart::Restart,
        Action::Fail("ENOSPC"),
        attempts,
    );
    walk(foster(), &removal::Delete, Action::Fail("EIO"), attempts);
    walk(foster(), &removal::Gc, Action::Fail("EIO"), attempts);
    walk(foster(), &told::Told, Action::Fail("ENOSPC"), attempts);
}
