use foster_model::answer::RunAnswer;
use foster_service::{Outcome, RestartRequest};

use super::Caller;
use crate::args::restart::Args;
use crate::args::selector;
use crate::environment::Needs;
use crate::failure::Failure;

pub fn carry_out(args: Args, caller: &Caller<'_>) -> Result<Outcome<RunAnswer>, Failure> {
    let request = RestartRequest {
        job: selector(&args.job)?,
        grace: args.grace,
        observation: args.observation.observation(),
        escalation: args.escalate,
    };
    let context = caller.context(Needs::Root)?;
    Ok(foster_service::restart(&context, &request)?.into())
}
