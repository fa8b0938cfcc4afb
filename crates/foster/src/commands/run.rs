use foster_model::answer::RunAnswer;
use foster_service::{Outcome, RunRequest};

use super::Caller;
use crate::args::run::Args;
use crate::failure::Failure;

pub fn carry_out(args: Args, caller: &Caller<'_>) -> Result<Outcome<RunAnswer>, Failure> {
    let containment = args.definition.command.containment;
    let request = RunRequest {
        job: args.definition.request()?,
        observation: args.observation.observation(),
    };
    let mut context = caller.launching_context(containment)?;
    context.auto_gc = args.observation.auto_gc(context.auto_gc);
    let mut answer = foster_service::run(&context, request)?;
    answer.hint = caller.follow_up(answer.hint, None);
    Ok(answer.into())
}
