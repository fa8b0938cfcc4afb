use foster_api::Failure;
use foster_api::args::notify::Args;
use foster_model::answer::NotifyAnswer;
use foster_service::Outcome;

use super::Caller;
use crate::environment::Needs;

pub fn carry_out(args: Args, caller: &Caller<'_>) -> Result<Outcome<NotifyAnswer>, Failure> {
    let request = args.request()?;
    let context = caller.context(Needs::Directory)?;
    let mut answer = foster_service::notify(&context, &request)?;
    answer.hint = caller.follow_up(answer.hint, None);
    Ok(answer.into())
}
