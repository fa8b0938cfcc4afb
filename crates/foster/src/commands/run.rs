use foster_api::Failure;
use foster_api::args::Dash;
use foster_api::args::run::Args;
use foster_model::answer::RunAnswer;
use foster_service::Outcome;

use super::Caller;

pub fn carry_out(args: Args, caller: &Caller<'_>) -> Result<Outcome<RunAnswer>, Failure> {
    let containment = args.definition.command.containment;
    let no_auto_gc = args.observation.no_auto_gc;
    let request = args.request(Dash::StandardInput)?;
    let mut context = caller.launching_context(containment)?;
    context.auto_gc = context.auto_gc.filter(|_| !no_auto_gc);
    let mut answer = foster_service::run(&context, request)?;
    answer.hint = caller.follow_up(answer.hint, None);
    Ok(answer.into())
}
