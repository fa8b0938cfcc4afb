use foster_api::Failure;
use foster_api::args::gc::Args;
use foster_model::answer::GcAnswer;
use foster_service::Outcome;

use super::Caller;
use crate::environment::Needs;
use crate::progress::Progress;

pub fn carry_out(args: &Args, caller: &Caller<'_>) -> Result<Outcome<GcAnswer>, Failure> {
    let request = args.request(caller.configuration.gc_rules()?);
    let context = caller.context(Needs::Root)?;
    let what = if request.dry_run {
        "looking at jobs"
    } else {
        "deleting jobs"
    };
    let mut progress = Progress::of(caller.environment, what);
    let on_step = &mut |steps| progress.show(steps);
    Ok(foster_service::gc(&context, &request, on_step)?)
}
