use foster_model::answer::DeadlineAnswer;
use foster_service::Outcome;

use super::Caller;
use crate::args::deadline::Args;
use crate::environment::Needs;
use crate::failure::Failure;

pub fn carry_out(args: Args, caller: &Caller<'_>) -> Result<Outcome<DeadlineAnswer>, Failure> {
    let request = args.request()?;
    let context = caller.context(Needs::Root)?;
    Ok(foster_service::deadline(&context, &request)?.into())
}
