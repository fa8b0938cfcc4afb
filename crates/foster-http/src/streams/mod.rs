//! Server-sent events: what a job prints, what happens, which jobs there are.
//!
//! A verb of the service goes on in a thread and writes into a pipe of bounded size; the response takes from it
//! whatever is there. A reader that is slow makes the thread wait, and is cut off by its connection
//! after a while; one that has gone interrupts it.

mod body;
mod changes;
mod events;
mod output;
mod pipe;
mod sink;

use std::time::Duration;

use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{HeaderValue, Response, header};
use foster_api::Failure;
use foster_model::ErrorCode;
use foster_service::Context;
use serde_json::Value;
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::app::{App, Shared};
use crate::asking::{Parameters, pairs};
use crate::reply;
use crate::routes::{Route, Target};
use body::Events;
use sink::Sink;

/// How long a stream that has nothing to tell yet may still be refused with a status of its own.
const REFUSAL: Duration = Duration::from_millis(250);

/// What a stream comes to: the document of its last event.
type End = Result<Value, Failure>;

/// What goes on in the thread of a stream.
type Work = Box<dyn FnOnce(&Shared, &Context, &mut Sink) -> End + Send>;

/// Begins a stream, or tells why it can't be.
pub async fn open(
    app: &App,
    route: &'static Route,
    params: &Parameters,
    request: &Parts,
) -> Response<Body> {
    let query = pairs(request.uri.query());
    let (kind, work) = match route.target {
        Target::Output => ("logs", output::work(params, &query, &request.headers)),
        Target::Changes => ("list", changes::work(&query)),
        _ => ("events", events::work(params, &query)),
    };
    let begun = match work {
        Ok(work) => begin(app, route, kind, work).await,
        Err(failure) => Err(failure),
    };
    match begun {
        Ok(events) => response(Body::new(events)),
        Err(failure) => reply::refused(kind, &failure),
    }
}

/// Returns the response with a stream.
pub fn response(body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/event-stream"),
    );
    // A reverse proxy that gathers bytes would keep them from their reader.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}

async fn begin(
    app: &App,
    route: &'static Route,
    kind: &'static str,
    work: Work,
) -> Result<Events, Failure> {
    let place = app.shared.bounds.enter(route.lane).await?;
    let underway = app.shared.interrupts.begin()?;
    let (writer, reader) = pipe::pipe();
    let (tell, told) = oneshot::channel();
    let interrupt = underway.interrupt();
    let shared = app.shared.clone();
    let mut context = shared.door.context.clone();
    context.interrupt = Some(interrupt);
    // It ends by itself once the other side is gone; nobody waits for it.
    drop(tokio::task::spawn_blocking(move || {
        let _place = place;
        let mut sink = Sink::new(kind, writer, tell);
        let end = work(&shared, &context, &mut sink);
        sink.end(end);
    }));
    let events = Events::new(reader, underway);
    match timeout(REFUSAL, told).await {
        Ok(Ok(Err(failure))) => Err(failure),
        Ok(Err(_)) => {
            let message = "the stream has ended without a word";
            Err(Failure::with_hint(ErrorCode::Internal, message, None))
        }
        Ok(Ok(Ok(()))) | Err(_) => Ok(events),
    }
}
