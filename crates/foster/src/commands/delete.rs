use foster_api::Failure;
use foster_api::args::delete::Args;
use foster_model::answer::DeleteAnswer;
use foster_service::Outcome;

use super::Caller;
use crate::environment::Needs;
use crate::progress::Progress;

pub fn carry_out(args: Args, caller: &Caller<'_>) -> Result<Outcome<DeleteAnswer>, Failure> {
    let needs = if args.needs_directory() {
        Needs::Directory
    } else {
        Needs::Root
    };
    let request = args.request()?;
    let context = caller.context(needs)?;
    let what = if request.dry_run {
        "looking at jobs"
    } else {
        "deleting jobs"
    };
    let mut progress = Progress::of(caller.environment, what);
    let on_step = &mut |steps| progress.show(steps);
    Ok(foster_service::delete(&context, &request, on_step)?)
}
