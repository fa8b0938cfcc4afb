use foster_model::answer::WaitAnswer;
use foster_service::{Outcome, WaitRequest};

use super::Caller;
use crate::args::{selectors, wait::Args};
use crate::environment::Needs;
use crate::failure::Failure;
use crate::progress::Progress;

pub fn carry_out(args: &Args, caller: &Caller<'_>) -> Result<Outcome<WaitAnswer>, Failure> {
    let request = WaitRequest {
        jobs: selectors(&args.jobs)?,
        any: args.any,
        timeout: args.timeout.into(),
        tail_lines: args.snapshot.tail_lines,
        max_bytes: args.snapshot.max_bytes,
        digest: args.snapshot.digest,
    };
    let context = caller.context(Needs::Root)?;
    let _progress = Progress::begin(caller.environment, &what(&request));
    Ok(foster_service::wait(&context, &request)?)
}

/// Says what is waited for.
fn what(request: &WaitRequest) -> String {
    let jobs: Vec<_> = request.jobs.iter().map(ToString::to_string).collect();
    match jobs.as_slice() {
        [_, _, ..] if request.any => format!("waiting for any of {}", jobs.join(", ")),
        _ => format!("waiting for {}", jobs.join(", ")),
    }
}
