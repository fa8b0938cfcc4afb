use foster_model::answer::GcAnswer;
use foster_service::Outcome;

use super::Caller;
use crate::args::gc::Args;
use crate::environment::Needs;
use crate::failure::Failure;

pub fn carry_out(args: &Args, caller: &Caller<'_>) -> Result<Outcome<GcAnswer>, Failure> {
    let request = args.request(caller.configuration.gc_rules()?);
    let context = caller.context(Needs::Root)?;
    Ok(foster_service::gc(&context, &request)?)
}
