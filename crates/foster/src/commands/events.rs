use foster_api::Failure;
use foster_api::args::Format;
use foster_api::args::events::Args;
use foster_model::{ErrorCode, Exit};
use foster_service::{Context, EventItem, EventsRequest};
use rustix::process::{Resource, getrlimit, setrlimit};

use super::lines::Lines;
use super::{Caller, say_failure};
use crate::environment::Needs;
use crate::exit::Status;
use crate::output;
use crate::render::{self, Style, text};

const KIND: &str = "events";
const EVENT_KIND: &str = "event";

pub fn carry_out(args: &Args, caller: &Caller<'_>) -> Status {
    let prepared = args
        .request()
        .and_then(|request| Ok((request, caller.context(Needs::Root)?)));
    let (request, context) = match prepared {
        Ok(prepared) => prepared,
        Err(failure) => return say_failure(caller.style, KIND, &failure),
    };
    if args.follow && args.all {
        allow_many_descriptors();
    }
    stream(&context, &request, caller.style)
}

/// Each job that runs costs a follower two descriptors, and some shells allow few.
fn allow_many_descriptors() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    // What can't be raised stays as it is: the service tells what it lacks.
    let _ = setrlimit(Resource::Nofile, limit);
}

fn stream(context: &Context, request: &EventsRequest, mut style: Style) -> Status {
    style.pretty = false;
    let mut lines = Lines::new(request.follow);
    let result = foster_service::events(context, request, &mut |item| {
        let rendered = match &item {
            EventItem::Event(event) => match style.format {
                Format::Text => text::event(event).into_bytes(),
                _ => render::one_of_many(style, EVENT_KIND, event),
            },
            EventItem::Unreadable { job_id, error } => {
                let mut error = error.clone();
                error.job_id = Some(*job_id);
                match style.format {
                    // On standard error, behind what was written so far.
                    Format::Text => {
                        lines.finish()?;
                        output::write_err(text::error(style, &error).as_bytes());
                        return Ok(());
                    }
                    _ => render::failure_of_many(style, KIND, &error),
                }
            }
        };
        lines.write(&rendered)
    });
    let flushed = lines.finish();
    if lines.is_closed() {
        return Exit::Ok.into();
    }
    let failure = match result {
        Err(error) => error.into(),
        Ok(_) if flushed.is_err() => {
            Failure::with_hint(ErrorCode::Io, "standard output can't be written", None)
        }
        // What could not be read was told of in its place.
        Ok(outcome) => return Status::of(outcome.error.as_ref()),
    };
    if style.format == Format::Yaml {
        let _ = output::write_out(b"---\n");
    }
    say_failure(style, KIND, &failure)
}
