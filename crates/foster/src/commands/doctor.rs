use foster_model::answer::DoctorAnswer;
use foster_service::Outcome;

use super::Caller;
use crate::args::doctor::Args;
use crate::environment::Needs;
use crate::failure::Failure;

pub fn carry_out(_: &Args, caller: &Caller<'_>) -> Result<Outcome<DoctorAnswer>, Failure> {
    let context = caller.context(Needs::Root)?;
    let answer = foster_service::doctor(&context, env!("CARGO_PKG_VERSION"));
    // A script that asks wants to be told by the exit status.
    let error = answer.root.problem.clone();
    Ok(Outcome { answer, error })
}
