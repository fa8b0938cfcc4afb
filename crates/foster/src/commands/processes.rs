use foster_model::answer::ProcessesAnswer;
use foster_service::{Outcome, ProcessesRequest};

use super::Caller;
use crate::args::{processes::Args, selector};
use crate::environment::Needs;
use crate::failure::Failure;

pub fn carry_out(args: &Args, caller: &Caller<'_>) -> Result<Outcome<ProcessesAnswer>, Failure> {
    let request = ProcessesRequest {
        job: selector(&args.job)?,
    };
    let context = caller.context(Needs::Root)?;
    Ok(foster_service::processes(&context, &request)?.into())
}
