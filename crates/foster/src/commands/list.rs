use foster_api::Failure;
use foster_api::args::list::{Args, PsArgs};
use foster_model::answer::ListAnswer;
use foster_service::ListRequest;

use super::{Caller, Unread, say, watch};
use crate::environment::Needs;
use crate::exit::Status;
use crate::render::text::Listing;

pub fn carry_out(args: Args, caller: &Caller<'_>) -> Status {
    let (ids, watched) = (args.chosen.ids, args.chosen.watch);
    let request = args.request();
    answer("list", &request, ids, watched, caller)
}

pub fn carry_out_ps(args: PsArgs, caller: &Caller<'_>) -> Status {
    let (ids, watched) = (args.chosen.ids, args.chosen.watch);
    let request = args.request();
    answer("ps", &request, ids, watched, caller)
}

fn answer(
    kind: &str,
    request: &ListRequest,
    ids_alone: bool,
    watched: bool,
    caller: &Caller<'_>,
) -> Status {
    if watched {
        return watch::carry_out(kind, request, ids_alone, caller);
    }
    let listing = list(request, caller).map(|answer| Listing { answer, ids_alone }.into());
    say::<Listing>(caller, kind, Unread::Fine, listing)
}

fn list(request: &ListRequest, caller: &Caller<'_>) -> Result<ListAnswer, Failure> {
    let context = caller.context(needs(request))?;
    Ok(foster_service::list(&context, request)?)
}

/// Returns what a listing needs to know of its caller.
pub fn needs(request: &ListRequest) -> Needs {
    if request.all {
        Needs::Root
    } else {
        Needs::Directory
    }
}
