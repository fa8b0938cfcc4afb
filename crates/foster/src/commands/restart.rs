use foster_model::answer::RunAnswer;
use foster_service::{Outcome, RestartRequest};

use super::Caller;
use crate::args::restart::Args;
use crate::args::selector;
use crate::environment::Needs;
use crate::failure::Failure;

pub fn carry_out(args: Args, caller: &Caller<'_>) -> Result<Outcome<RunAnswer>, Failure> {
    let request = RestartRequest {
        job: selector(&args.job)?,
        grace: args.grace,
        observation: args.observation.observation(),
        escalation: args.escalate,
    };
    let mut context = caller.context(Needs::Root)?;
    context.auto_gc = args.observation.auto_gc(context.auto_gc);
    let mut answer = foster_service::restart(&context, &request)?;
    answer.hint = caller.follow_up(answer.hint, None);
    Ok(answer.into())
}
