use foster_model::answer::SendAnswer;
use foster_service::Outcome;

use super::Caller;
use crate::args::send::Args;
use crate::environment::Needs;
use crate::failure::Failure;

pub fn carry_out(args: Args, caller: &Caller<'_>) -> Result<Outcome<SendAnswer>, Failure> {
    let request = args.request()?;
    let context = caller.context(Needs::Root)?;
    Ok(foster_service::send(&context, &request)?)
}
