use std::io;
use std::os::fd::AsFd as _;
use std::time::{Duration, Instant};

use foster_api::{Failure, Fields, document, request_schema};
use foster_model::ErrorCode;
use foster_service::{Context, Interrupt, ListChanges, ServiceError};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use super::Work;
use crate::asking::add_query;

/// How long further changes are waited for, so that a hundred jobs that start at once are told once.
const GATHER: Duration = Duration::from_millis(30);

/// Returns what tells a listing, and tells it again whenever it has changed.
pub fn work(query: &[(String, String)]) -> Result<Work, Failure> {
    let mut fields = Fields::new();
    if let Some(verb) = foster_api::verb("list").filter(|_| !query.is_empty()) {
        add_query(query, &request_schema(verb), &mut fields)?;
    }
    Ok(Box::new(move |shared, context, sink| {
        let request = shared.door.list_request(fields)?;
        // The root has to be there to be watched.
        context.prepare_root()?;
        // Before the first look, so that nothing happens between the two.
        let mut changes = ListChanges::begin(context)?;
        let mut last = None;
        loop {
            let answer = foster_service::list(context, &request)?;
            if last.as_ref() != Some(&answer) {
                let told = sink.event("list", &document("list", Some(&answer), None));
                told.map_err(|error| failed("the listing can't be passed on", &error))?;
                last = Some(answer);
            }
            wait(context, &mut changes)?;
        }
    }))
}

/// Sleeps until the listing may have changed.
fn wait(context: &Context, changes: &mut ListChanges) -> Result<(), Failure> {
    let mut due: Option<Instant> = None;
    loop {
        if context
            .interrupt
            .as_ref()
            .is_some_and(Interrupt::is_interrupted)
        {
            return Err(ServiceError::Interrupted(None).into());
        }
        let left = due.map(|due| due.saturating_duration_since(Instant::now()));
        let left = left.and_then(|left| Timespec::try_from(left).ok());
        let changed = {
            let watched = changes.as_fd();
            let mut fds = vec![PollFd::new(&watched, PollFlags::IN)];
            let interrupt = context.interrupt.as_ref();
            fds.extend(interrupt.map(|interrupt| PollFd::new(interrupt, PollFlags::IN)));
            match poll(&mut fds, left.as_ref()) {
                Ok(0) => return Ok(()),
                Ok(_) => !fds[0].revents().is_empty(),
                Err(Errno::INTR) => false,
                Err(error) => return Err(failed("the listing can't be watched", &error.into())),
            }
        };
        if changed && changes.take()? && due.is_none() {
            due = Some(Instant::now() + GATHER);
        }
    }
}

fn failed(what: &str, error: &io::Error) -> Failure {
    Failure::with_hint(ErrorCode::Io, format!("{what}: {error}"), None)
}
