use foster_model::answer::DoctorAnswer;
use foster_service::Outcome;

use super::Caller;
use crate::args::doctor::Args;
use crate::environment::Needs;
use crate::failure::Failure;

pub fn carry_out(_: &Args, caller: &Caller<'_>) -> Result<Outcome<DoctorAnswer>, Failure> {
    let context = caller.context(Needs::Root)?;
    let file = caller.configuration.file.clone();
    let answer = foster_service::doctor(&context, env!("CARGO_PKG_VERSION"), Some(file));
    // A script that asks wants to be told by the exit status.
    let file = answer.config.as_ref().and_then(|file| file.problem.clone());
    let error = answer.root.problem.clone().or(file);
    Ok(Outcome { answer, error })
}
