use foster_api::Failure;
use foster_api::args::doctor::Args;
use foster_model::answer::DoctorAnswer;
use foster_service::Outcome;

use super::Caller;
use crate::environment::Needs;

pub fn carry_out(_: &Args, caller: &Caller<'_>) -> Result<Outcome<DoctorAnswer>, Failure> {
    let context = caller.context(Needs::Root)?;
    let file = caller.configuration.file.clone();
    Ok(foster_service::doctor(
        &context,
        env!("CARGO_PKG_VERSION"),
        Some(file),
    ))
}
