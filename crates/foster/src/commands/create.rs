use foster_api::Failure;
use foster_api::args::Dash;
use foster_api::args::create::Args;
use foster_model::answer::CreateAnswer;
use foster_service::Outcome;

use super::Caller;

pub fn carry_out(args: Args, caller: &Caller<'_>) -> Result<Outcome<CreateAnswer>, Failure> {
    let context = caller.launching_context(args.definition.command.containment)?;
    let request = args.definition.request(Dash::StandardInput)?;
    let mut answer = foster_service::create(&context, &request)?;
    answer.hint = caller.follow_up(answer.hint, None);
    Ok(answer.into())
}
