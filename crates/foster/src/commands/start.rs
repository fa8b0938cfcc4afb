use foster_model::answer::RunAnswer;
use foster_service::{Outcome, StartRequest};

use super::Caller;
use crate::args::selector;
use crate::args::start::Args;
use crate::environment::Needs;
use crate::failure::Failure;

pub fn carry_out(args: &Args, caller: &Caller<'_>) -> Result<Outcome<RunAnswer>, Failure> {
    let request = StartRequest {
        job: selector(&args.job)?,
        observation: args.observation.observation(),
    };
    let mut context = caller.context(Needs::Root)?;
    context.auto_gc = args.observation.auto_gc(context.auto_gc);
    let mut answer = foster_service::start(&context, &request)?;
    answer.hint = caller.follow_up(answer.hint, None);
    Ok(answer.into())
}
