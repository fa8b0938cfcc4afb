use foster_model::answer::WaitAnswer;
use foster_service::{Outcome, WaitRequest};

use super::Caller;
use crate::args::{selectors, wait::Args};
use crate::environment::Needs;
use crate::failure::Failure;

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
    Ok(foster_service::wait(&context, &request)?)
}
