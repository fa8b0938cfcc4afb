use foster_model::answer::TagAnswer;
use foster_service::Outcome;

use super::Caller;
use crate::args::tag::Args;
use crate::environment::Needs;
use crate::failure::Failure;

pub fn carry_out(args: Args, caller: &Caller<'_>) -> Result<Outcome<TagAnswer>, Failure> {
    let request = args.request()?;
    let context = caller.context(Needs::Root)?;
    Ok(foster_service::tag(&context, request)?.into())
}
