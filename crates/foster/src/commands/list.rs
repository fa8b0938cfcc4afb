use foster_model::State;
use foster_service::{ListRequest, Outcome};

use super::Caller;
use crate::args::list::{Args, PsArgs};
use crate::environment::Needs;
use crate::failure::Failure;
use crate::render::text::Listing;

pub fn carry_out(args: Args, caller: &Caller<'_>) -> Result<Outcome<Listing>, Failure> {
    let ids = args.chosen.ids;
    let request = args.chosen.request(args.state, args.cause);
    list(&request, ids, caller)
}

pub fn carry_out_ps(args: PsArgs, caller: &Caller<'_>) -> Result<Outcome<Listing>, Failure> {
    let ids = args.chosen.ids;
    let request = args.chosen.request(vec![State::Running], Vec::new());
    list(&request, ids, caller)
}

fn list(
    request: &ListRequest,
    ids_alone: bool,
    caller: &Caller<'_>,
) -> Result<Outcome<Listing>, Failure> {
    let needs = if request.all {
        Needs::Root
    } else {
        Needs::Directory
    };
    let context = caller.context(needs)?;
    let answer = foster_service::list(&context, request)?;
    Ok(Listing { answer, ids_alone }.into())
}
