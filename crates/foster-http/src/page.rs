//! The files of the web page.

use axum::body::Body;
use axum::extract::{RawPathParams, Request, State};
use axum::http::{HeaderValue, Method, Response, header};
use foster_model::ErrorCode;
use include_dir::{Dir, include_dir};

use crate::app::App;
use crate::reply;

/// All that lies there: a new file needs no word here.
static FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/page");

/// Answers with the page itself.
pub async fn index(State(app): State<App>, request: Request) -> Response<Body> {
    let mut response = serve("index.html", request.method());
    if let Some(cookie) = app.gate.key.cookie_for(request.uri().query()) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

/// Answers with one of its files.
pub async fn file(params: RawPathParams, request: Request) -> Response<Body> {
    let name = params
        .iter()
        .next()
        .map(|(_, value)| value)
        .unwrap_or_default();
    serve(name, request.method())
}

fn serve(name: &str, method: &Method) -> Response<Body> {
    if !matches!(*method, Method::GET | Method::HEAD) {
        let message = format!("files of the page do not take {method}");
        let mut response = reply::refusal(ErrorCode::MethodNotAllowed, message);
        let allowed = HeaderValue::from_static("GET, HEAD");
        response.headers_mut().insert(header::ALLOW, allowed);
        return response;
    }
    // Looked up in what is compiled in: no name leads anywhere else.
    let (Some(file), Some(kind)) = (FILES.get_file(name), kind_of(name)) else {
        return reply::refusal(ErrorCode::UnknownRoute, "the page has no such file");
    };
    let mut response = Response::new(Body::from(file.contents()));
    let kind = HeaderValue::from_static(kind);
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

fn kind_of(name: &str) -> Option<&'static str> {
    let (_, extension) = name.rsplit_once('.')?;
    Some(match extension {
        "html" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "svg" => "image/svg+xml",
        _ => return None,
    })
}
