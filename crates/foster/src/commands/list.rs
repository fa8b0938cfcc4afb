use foster_model::State;
use foster_model::answer::ListAnswer;
use foster_service::{ListRequest, Outcome};

use super::Caller;
use crate::args::list::{Args, PsArgs};
use crate::environment::Needs;
use crate::failure::Failure;

pub fn carry_out(args: Args, caller: &Caller<'_>) -> Result<Outcome<ListAnswer>, Failure> {
    let request = ListRequest {
        all: args.scope.all,
        limit: args.scope.limit,
        states: args.state,
        tag: args.tag,
    };
    list(&request, caller)
}

pub fn carry_out_ps(args: &PsArgs, caller: &Caller<'_>) -> Result<Outcome<ListAnswer>, Failure> {
    let request = ListRequest {
        all: args.scope.all,
        limit: args.scope.limit,
        states: vec![State::Running],
        tag: None,
    };
    list(&request, caller)
}

fn list(request: &ListRequest, caller: &Caller<'_>) -> Result<Outcome<ListAnswer>, Failure> {
    let needs = if request.all {
        Needs::Root
    } else {
        Needs::Directory
    };
    let context = caller.context(needs)?;
    Ok(foster_service::list(&context, request)?.into())
}
