use foster_model::answer::StatusAnswer;
use foster_service::{Outcome, StatusRequest};

use super::Caller;
use crate::args::{selector, status::Args};
use crate::environment::Needs;
use crate::failure::Failure;

pub fn carry_out(args: &Args, caller: &Caller<'_>) -> Result<Outcome<StatusAnswer>, Failure> {
    let request = StatusRequest {
        job: selector(&args.job)?,
        run: args.run,
    };
    let context = caller.context(Needs::Root)?;
    Ok(foster_service::status(&context, &request)?.into())
}
