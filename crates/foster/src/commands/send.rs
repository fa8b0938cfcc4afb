use foster_api::Failure;
use foster_api::args::Dash;
use foster_api::args::send::Args;
use foster_model::answer::SendAnswer;
use foster_service::Outcome;

use super::Caller;
use crate::environment::Needs;

pub fn carry_out(args: Args, caller: &Caller<'_>) -> Result<Outcome<SendAnswer>, Failure> {
    let request = args.request(Dash::StandardInput)?;
    let context = caller.context(Needs::Root)?;
    Ok(foster_service::send(&context, &request)?)
}
