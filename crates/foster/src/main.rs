//! The program `foster`: the command line of Foster, and, as the hidden verb `_supervise`, the
//! keeper of a job that a program with threads has launched.
//!
//! Theory of operation. [`foster_api::args`] says what can be typed and checks its form; a file of
//! [`commands`] turns that into a request to `foster-service`, where all decisions are made;
//! [`render`] turns the answer into JSON, YAML or text, and [`output`] writes it. [`environment`]
//! is the one place that reads the process's environment (but for what is known of the terminal), and
//! [`configuration`] the one that reads the configuration file. [`completion`] answers a shell that asks
//! what could be typed next.
//!
//! The program has one thread: `run` makes the keeper by `fork` without `exec`. Only [`progress`] has
//! another, in verbs that wait and launch nothing; and `mcp`, which serves many calls at once, and executes keepers instead.

mod commands;
mod completion;
mod configuration;
mod environment;
mod exit;
mod output;
mod progress;
mod render;
mod sys;
mod terminal;

use std::process::ExitCode;

fn main() -> ExitCode {
    let environment = environment::Environment::read();
    if let Err(error) = foster_fault::arm(|name| environment.variable(name)) {
        output::write_err(format!("error: {error}\n").as_bytes());
        return exit::Status::from(foster_model::Exit::Usage).into();
    }
    let typed: Vec<_> = std::env::args_os().collect();
    commands::carry_out(&typed, &environment).into()
}
