use foster_model::answer::DeleteAnswer;
use foster_service::Outcome;

use super::Caller;
use crate::args::delete::Args;
use crate::environment::Needs;
use crate::failure::Failure;

pub fn carry_out(args: Args, caller: &Caller<'_>) -> Result<Outcome<DeleteAnswer>, Failure> {
    let needs = if args.needs_directory() {
        Needs::Directory
    } else {
        Needs::Root
    };
    let request = args.request()?;
    let context = caller.context(needs)?;
    Ok(foster_service::delete(&context, &request)?)
}
