//! Runs a command as a job from a program of one's own and prints the answer:
//! `cargo run -p foster-service --example embed -- ROOT PROGRAM [ARGS…]`.
#![expect(clippy::print_stdout, reason = "an example that shows an answer")]

use std::error::Error;
use std::os::unix::ffi::OsStringExt as _;

use foster_model::CommandLine;
use foster_service::{Containment, Context, Observe, RunRequest, Way, run};

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args_os().skip(1);
    let root = args
        .next()
        .ok_or("name a root, a program and its arguments")?;
    let argv = args.map(|arg| arg.into_vec().into()).collect();
    let ctx = Context {
        root: root.into(),
        cwd: std::env::current_dir()?,
        env: std::env::vars_os().collect(),
        // This program has one thread. One with more names the program: Way::Exec("foster".into()).
        way: Way::Fork,
        auto_gc: Some(foster_service::GcRules::default()),
        // Nobody calls it back.
        interrupt: None,
        containment: Containment::Auto,
    };
    let mut request = RunRequest::new(CommandLine::Argv(argv));
    request.observation.observe = Observe::ToTheEnd;
    let answer = run(&ctx, request)?;
    println!("{}", serde_json::to_string_pretty(&answer)?);
    Ok(())
}
