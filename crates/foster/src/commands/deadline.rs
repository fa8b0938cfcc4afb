use foster_api::Failure;
use foster_api::args::deadline::Args;
use foster_model::answer::DeadlineAnswer;
use foster_service::Outcome;

use super::Caller;
use crate::environment::Needs;

pub fn carry_out(args: Args, caller: &Caller<'_>) -> Result<Outcome<DeadlineAnswer>, Failure> {
    let request = args.request()?;
    let context = caller.context(Needs::Root)?;
    Ok(foster_service::deadline(&context, &request)?.into())
}
