use foster_api::Failure;
use foster_api::args::kill::Args;
use foster_model::answer::KillAnswer;
use foster_service::Outcome;

use super::Caller;
use crate::environment::Needs;

pub fn carry_out(args: Args, caller: &Caller<'_>) -> Result<Outcome<KillAnswer>, Failure> {
    let request = args.request()?;
    let context = caller.context(Needs::Root)?;
    Ok(foster_service::kill(&context, &request)?)
}
