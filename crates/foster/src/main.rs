//! The program `foster`: the command line of Foster, and, as the hidden verb `_supervise`, the
//! keeper of a job that a program with threads has launched.
//!
//! Theory of operation. [`args`] says what can be typed and checks its form; a file of
//! [`commands`] turns that into a request to `foster-service`, where all decisions are made;
//! [`render`] turns the answer into JSON, YAML or text, and [`output`] writes it. [`environment`]
//! is the one place that reads the process's environment.
//!
//! The program has one thread, always: `run` makes the keeper by `fork` without `exec`.

mod args;
mod commands;
mod environment;
mod exit;
mod failure;
mod output;
mod render;

use std::process::ExitCode;

fn main() -> ExitCode {
    let environment = environment::Environment::read();
    let typed: Vec<_> = std::env::args_os().collect();
    commands::carry_out(&typed, &environment).into()
}
