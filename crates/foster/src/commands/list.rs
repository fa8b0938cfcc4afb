use foster_model::State;
use foster_model::answer::ListAnswer;
use foster_service::{ListRequest, Outcome};

use super::{Caller, Unread, say, watch};
use crate::args::list::{Args, PsArgs};
use crate::environment::Needs;
use crate::exit::Status;
use crate::failure::Failure;

pub fn carry_out(args: Args, caller: &Caller<'_>) -> Status {
    let request = ListRequest {
        all: args.scope.all,
        limit: args.scope.limit,
        states: args.state,
        tag: args.tag,
    };
    answer("list", &request, args.scope.watch, caller)
}

pub fn carry_out_ps(args: &PsArgs, caller: &Caller<'_>) -> Status {
    let request = ListRequest {
        all: args.scope.all,
        limit: args.scope.limit,
        states: vec![State::Running],
        tag: None,
    };
    answer("ps", &request, args.scope.watch, caller)
}

fn answer(kind: &str, request: &ListRequest, watched: bool, caller: &Caller<'_>) -> Status {
    if watched {
        watch::carry_out(kind, request, caller)
    } else {
        say(caller, kind, Unread::Fine, list(request, caller))
    }
}

fn list(request: &ListRequest, caller: &Caller<'_>) -> Result<Outcome<ListAnswer>, Failure> {
    let context = caller.context(needs(request))?;
    Ok(foster_service::list(&context, request)?.into())
}

/// Returns what a listing needs to know of its caller.
pub fn needs(request: &ListRequest) -> Needs {
    if request.all {
        Needs::Root
    } else {
        Needs::Directory
    }
}
