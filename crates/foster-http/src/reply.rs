use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, Response, StatusCode, header};
use foster_api::{Answer, Failure, harmless_json};
use foster_model::ErrorCode;
use serde_json::Value;

use crate::status::status;

/// The `type` of an answer to what is no call of a verb.
pub const KIND: &str = "serve";
/// After how many seconds somebody is told to ask again.
const AGAIN: HeaderValue = HeaderValue::from_static("1");

/// Returns the response with an answer of a verb.
pub fn answered(answer: &Answer) -> Response<Body> {
    let code = answer.error.as_ref().map(|error| error.code);
    documented(code, &answer.document)
}

/// Returns the response to a call of `kind` that came to nothing.
pub fn refused(kind: &'static str, failure: &Failure) -> Response<Body> {
    answered(&Answer::refused(kind, failure))
}

/// Returns the response to what is no call of a verb.
pub fn refusal(code: ErrorCode, message: impl Into<String>) -> Response<Body> {
    refused(KIND, &Failure::with_hint(code, message, None))
}

/// Returns the response with a document that is no answer of a verb.
pub fn json(document: &Value) -> Response<Body> {
    documented(None, document)
}

fn documented(code: Option<ErrorCode>, document: &Value) -> Response<Body> {
    // As the command line writes it. A `Value` can always be written.
    let text = harmless_json(format!("{document}\n"));
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = code.map_or(StatusCode::OK, status);
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    match response.status() {
        StatusCode::SERVICE_UNAVAILABLE => set(&mut response, header::RETRY_AFTER, AGAIN),
        StatusCode::UNAUTHORIZED => {
            set(
                &mut response,
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static("Bearer"),
            );
        }
        // The rest of the body was not read.
        StatusCode::PAYLOAD_TOO_LARGE | StatusCode::REQUEST_TIMEOUT => {
            set(
                &mut response,
                header::CONNECTION,
                HeaderValue::from_static("close"),
            );
        }
        _ => {}
    }
    response
}

fn set(response: &mut Response<Body>, name: HeaderName, value: HeaderValue) {
    response.headers_mut().insert(name, value);
}
