use foster_api::Failure;
use foster_api::args::restart::Args;
use foster_model::answer::RunAnswer;
use foster_service::Outcome;

use super::Caller;
use crate::environment::Needs;

pub fn carry_out(args: Args, caller: &Caller<'_>) -> Result<Outcome<RunAnswer>, Failure> {
    let mut context = caller.context(Needs::Root)?;
    context.auto_gc = args.observation.auto_gc(context.auto_gc);
    let request = args.request()?;
    let mut answer = foster_service::restart(&context, &request)?;
    answer.hint = caller.follow_up(answer.hint, None);
    Ok(answer.into())
}
