use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{RawPathParams, Request, State};
use axum::http::{HeaderValue, Method, Response, StatusCode, header};
use axum::middleware;
use axum::routing::any;
use foster_api::Door;
use foster_model::ErrorCode;

use crate::asking::{self, Interrupts, Parameters};
use crate::bounds::Bounds;
use crate::guarding::{self, Gate};
use crate::routes::{self, Target};
use crate::{describing, page, reply, streams};

/// What all requests share.
pub struct Shared {
    /// The verbs.
    pub door: Door,
    /// How much is done at a time.
    pub bounds: Bounds,
    /// Who can be interrupted.
    pub interrupts: Arc<Interrupts>,
}

/// What is known to a request of one listener.
#[derive(Clone)]
pub struct App {
    /// What all requests share.
    pub shared: Arc<Shared>,
    /// Who is let in.
    pub gate: Arc<Gate>,
}

/// Returns the router of a listener.
pub fn router(app: &App) -> Router {
    let mut router = Router::new()
        .route("/", any(page::index))
        .route("/page/{name}", any(page::file));
    for path in routes::paths() {
        let handler =
            move |State(app): State<App>,
                  params: Result<RawPathParams, RawPathParamsRejection>,
                  request: Request| dispatch(app, path, params, request);
        router = router.route(path, any(handler));
    }
    let layer = middleware::from_fn_with_state(app.clone(), guarding::admit);
    router
        .fallback(nowhere)
        .layer(layer)
        .with_state(app.clone())
}

async fn nowhere() -> Response<Body> {
    reply::refusal(ErrorCode::UnknownRoute, "there is nothing at this path")
}

async fn dispatch(
    app: App,
    path: &'static str,
    params: Result<RawPathParams, RawPathParamsRejection>,
    request: Request,
) -> Response<Body> {
    let Ok(params) = params else {
        let message = "the path is not text in UTF-8";
        return reply::refusal(ErrorCode::InvalidArgument, message);
    };
    let params: Parameters = params
        .iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let wanted = match *request.method() {
        Method::HEAD => Method::GET,
        ref method => method.clone(),
    };
    let Some(route) = routes::of_path(path).find(|route| route.method == wanted) else {
        return other_method(path, request.method());
    };
    match route.target {
        Target::Document => reply::json(describing::document()),
        Target::Verb { .. } => asking::call(&app, route, params, request).await,
        // What it would begin with is all that is asked for.
        _ if *request.method() == Method::HEAD => streams::response(Body::empty()),
        _ => streams::open(&app, route, &params, &request.into_parts().0).await,
    }
}

/// Answers what the path has no row for.
fn other_method(path: &str, method: &Method) -> Response<Body> {
    let mut response = if *method == Method::OPTIONS {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NO_CONTENT;
        response
    } else {
        let message = format!("{path} does not take {method}");
        reply::refusal(ErrorCode::MethodNotAllowed, message)
    };
    let mut methods = vec!["OPTIONS"];
    for route in routes::of_path(path) {
        methods.push(route.method.as_str());
        methods.extend((route.method == Method::GET).then_some("HEAD"));
    }
    // Names of methods are letters.
    if let Ok(value) = HeaderValue::from_str(&methods.join(", ")) {
        response.headers_mut().insert(header::ALLOW, value);
    }
    response
}
