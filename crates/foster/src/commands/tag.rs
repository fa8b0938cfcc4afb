use foster_api::Failure;
use foster_api::args::tag::Args;
use foster_model::answer::TagAnswer;
use foster_service::Outcome;

use super::Caller;
use crate::environment::Needs;

pub fn carry_out(args: Args, caller: &Caller<'_>) -> Result<Outcome<TagAnswer>, Failure> {
    let request = args.request()?;
    let context = caller.context(Needs::Root)?;
    Ok(foster_service::tag(&context, request)?.into())
}
