use foster_model::answer::StatusAnswer;
use foster_service::Outcome;

use super::Caller;
use crate::args::{selector, status::Args};
use crate::environment::Needs;
use crate::failure::Failure;

pub fn carry_out(args: &Args, caller: &Caller<'_>) -> Result<Outcome<StatusAnswer>, Failure> {
    let job = selector(&args.job)?;
    let context = caller.context(Needs::Root)?;
    Ok(foster_service::status(&context, &job)?.into())
}
