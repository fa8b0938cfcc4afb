use foster_model::answer::TailAnswer;
use foster_service::{Outcome, TailRequest};

use super::Caller;
use crate::args::{selector, tail::Args};
use crate::environment::Needs;
use crate::failure::Failure;

pub fn carry_out(args: Args, caller: &Caller<'_>) -> Result<Outcome<TailAnswer>, Failure> {
    let request = TailRequest {
        job: selector(&args.job)?,
        only: args.streams.only(),
        lines: args.lines,
        max_bytes: args.max_bytes,
        from: args.from,
        digest: args.digest,
        run: args.run,
        grep: args.grep.request(),
    };
    let context = caller.context(Needs::Root)?;
    Ok(foster_service::tail(&context, &request)?.into())
}
