use foster_model::answer::RecoverAnswer;
use foster_service::{Outcome, RecoverRequest};

use super::Caller;
use crate::args::{recover::Args, selectors};
use crate::environment::Needs;
use crate::failure::Failure;

pub fn carry_out(args: &Args, caller: &Caller<'_>) -> Result<Outcome<RecoverAnswer>, Failure> {
    let request = RecoverRequest {
        jobs: selectors(&args.jobs)?,
    };
    let context = caller.context(Needs::Root)?;
    Ok(foster_service::recover(&context, &request)?.into())
}
