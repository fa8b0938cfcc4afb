use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, header};
use bytes::Bytes;
use foster_api::{Failure, Verb};
use foster_model::ErrorCode;
use http_body::Body as _;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::timeout;

use crate::bounds::Bounds;

/// The largest body of a verb that takes input for jobs: twice as much as `stdin_max` is by default, since text grows
/// by being written as JSON.
pub const LARGE: usize = 128 << 20;
/// The largest body of any other.
pub const SMALL: usize = 1 << 20;
/// How long a body may take to come.
const PATIENCE: Duration = Duration::from_mins(1);

/// A body that was read, and the room that it takes.
#[derive(Debug, Default)]
pub struct Content {
    /// What was sent.
    pub bytes: Bytes,
    _room: Option<OwnedSemaphorePermit>,
}

/// Reads the body of a request.
///
/// # Errors
/// It is too large, too slow or no JSON; or too much is held by others.
pub async fn read(
    bounds: &Bounds,
    verb: &Verb,
    headers: &HeaderMap,
    body: Body,
) -> Result<Content, Failure> {
    if body.is_end_stream() {
        return Ok(Content::default());
    }
    if !is_json(headers) {
        let message = "the body has another type than application/json";
        return Err(Failure::with_hint(
            ErrorCode::UnsupportedMediaType,
            message,
            None,
        ));
    }
    let most = most(verb);
    let announced = body.size_hint();
    if announced.lower() > most as u64 {
        return Err(too_large(most));
    }
    // One that does not say how long it is may become as long as it may.
    let length = announced
        .exact()
        .map_or(most, |length| usize::try_from(length).unwrap_or(most));
    let room = bounds.hold(length)?;
    let read = timeout(PATIENCE, Limited::new(body, most).collect()).await;
    let read = read.map_err(|_| {
        let message = format!("the body did not come within {} s", PATIENCE.as_secs());
        Failure::with_hint(ErrorCode::RequestTooSlow, message, None)
    })?;
    let bytes = read.map_err(|error| {
        if error.is::<LengthLimitError>() {
            return too_large(most);
        }
        Failure::usage(format!("the body can't be read: {error}"), None)
    })?;
    Ok(Content {
        bytes: bytes.to_bytes(),
        _room: Some(room),
    })
}

/// Returns the size of the largest body of a verb.
pub fn most(verb: &Verb) -> usize {
    if matches!(verb.name, "run" | "create" | "send") {
        LARGE
    } else {
        SMALL
    }
}

fn too_large(most: usize) -> Failure {
    let message = format!("the body has more than {most} bytes");
    Failure::with_hint(ErrorCode::RequestTooLarge, message, None)
}

fn is_json(headers: &HeaderMap) -> bool {
    let mut types = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(given), None) = (types.next(), types.next()) else {
        return false;
    };
    let given = given.to_str().unwrap_or_default();
    let essence = given.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}
