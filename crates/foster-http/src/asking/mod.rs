//! From a request to the answer of a verb.

mod body;
mod fields;
mod interrupts;
mod query;

use axum::body::Body;
use axum::extract::Request;
use axum::http::{Method, Response};
use foster_api::{Answer, Failure, Verb};
use foster_model::ErrorCode;

pub use interrupts::{Interrupts, Underway};
pub use query::{add as add_query, pairs};

use crate::app::App;
use crate::reply;
use crate::routes::{Route, Target};

/// The parameters of a path, by name.
pub type Parameters = Vec<(String, String)>;

/// Calls the verb of a route, and returns its answer.
pub async fn call(
    app: &App,
    route: &'static Route,
    params: Parameters,
    request: Request,
) -> Response<Body> {
    let Target::Verb { name, .. } = route.target else {
        return reply::refusal(ErrorCode::Internal, "no verb belongs to this path");
    };
    let Some(verb) = foster_api::verb(name) else {
        return reply::refusal(ErrorCode::Internal, format!("there is no verb {name}"));
    };
    match carry_out(app, route, verb, params, request).await {
        Ok(answer) => reply::answered(&answer),
        Err(failure) => reply::refused(verb.name, &failure),
    }
}

async fn carry_out(
    app: &App,
    route: &'static Route,
    verb: &'static Verb,
    params: Parameters,
    request: Request,
) -> Result<Answer, Failure> {
    let (parts, body) = request.into_parts();
    let query = pairs(parts.uri.query());
    let takes_body = matches!(route.method, Method::POST | Method::DELETE);
    let body = if takes_body {
        body::read(&app.shared.bounds, verb, &parts.headers, body).await?
    } else {
        body::Content::default()
    };
    let place = app.shared.bounds.enter(route.lane).await?;
    let underway = app.shared.interrupts.begin()?;
    let interrupt = underway.interrupt();
    let shared = app.shared.clone();
    let work = tokio::task::spawn_blocking(move || {
        let _place = place;
        let fields = fields::of_request(route, verb, &params, &query, &body);
        // A large one is in the fields by now.
        drop(body);
        let mut context = shared.door.context.clone();
        context.interrupt = Some(interrupt);
        match fields {
            Ok(fields) => shared.door.call(&context, verb, fields),
            Err(failure) => Answer::refused(verb.name, &failure),
        }
    });
    // Dropped with this future when the client has gone, and that interrupts the verb.
    let answer = work.await;
    drop(underway);
    answer.map_err(|_| {
        Failure::with_hint(
            ErrorCode::Internal,
            "the verb has ended without an answer",
            None,
        )
    })
}
