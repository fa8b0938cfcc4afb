//! Who is let in: by which name the server is called, from which page, and with which token.

mod authority;
mod key;
mod token;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Response, header};
use axum::middleware::Next;
use foster_model::ErrorCode;

pub use authority::{Authorities, Authority};
pub use key::PageKey;
pub use token::Token;

use crate::app::App;
use crate::reply;

/// Who is let in at one listener.
#[derive(Debug)]
pub struct Gate {
    /// The names by which it may be called; `None` for a unix socket, which no browser reaches.
    pub authorities: Option<Authorities>,
    /// What opens everything.
    pub token: Token,
    /// What opens the page's files.
    pub key: PageKey,
}

/// Lets a request in or not, and says to each answer what a browser may do with it.
pub async fn admit(State(app): State<App>, request: Request, next: Next) -> Response<Body> {
    let page = is_page(request.uri().path());
    let mut response = match refusal(&app.gate, &request, page) {
        Some(response) => response,
        None => next.run(request).await,
    };
    harden(response.headers_mut(), page);
    response
}

/// Returns whether a path is one of the page's files, which hold nothing that is secret.
fn is_page(path: &str) -> bool {
    path == "/" || path.starts_with("/page/")
}

fn refusal(gate: &Gate, request: &Request, page: bool) -> Option<Response<Body>> {
    let headers = request.headers();
    if let Some(authorities) = &gate.authorities
        && !authorities.is_called(request.uri(), headers)
    {
        let message = "the server is not known by the name in `Host`";
        return Some(reply::refusal(ErrorCode::Forbidden, message));
    }
    if !may_ask(gate, headers) {
        let message = "the page in `Origin` is not of this server";
        return Some(reply::refusal(ErrorCode::Forbidden, message));
    }
    let is_known = gate.token.is_shown_by(headers)
        || (page && gate.key.is_shown_by(headers, request.uri().query()));
    (!is_known).then(|| {
        let message = "the request does not show the server's token";
        reply::refusal(ErrorCode::Unauthorized, message)
    })
}

/// Returns whether the request comes from no page, or from our own.
fn may_ask(gate: &Gate, headers: &HeaderMap) -> bool {
    let mut origins = headers.get_all(header::ORIGIN).iter();
    match (origins.next(), &gate.authorities) {
        (None, _) => true,
        (Some(origin), Some(authorities)) => {
            origins.next().is_none() && authorities.is_own_origin(origin)
        }
        (Some(_), None) => false,
    }
}

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

fn harden(headers: &mut HeaderMap, page: bool) {
    let cache = if page { "no-cache" } else { "no-store" };
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, cache),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    for (name, value) in [
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}
