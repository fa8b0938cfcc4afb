//! Values by which jobs, and what they print, are chosen.

use std::net::SocketAddr;

use clap::builder::TypedValueParser;
use foster_model::{Cause, Cursor, InvalidMoment, Moment, TagPattern};
use foster_service::{NamePattern, ServiceError, SortBy, Stream};

use super::value::{Limit, Refused, label, refused, words};
use super::wait::StreamChoice;

/// Reads a moment: a duration before now, or a time.
pub fn moment(text: &str) -> Result<Moment, Refused> {
    text.parse().map_err(|error: InvalidMoment| {
        let hint = match &error {
            InvalidMoment::NoUnit(n) => format!("write {n}s, {n}m or {n}h for so long ago"),
            InvalidMoment::Malformed(_) => {
                "write 5m for five minutes ago, or 2026-11-20T08:00:00Z".to_owned()
            }
        };
        refused(error.to_string(), hint)
    })
}

/// Reads how many: a number, or `none`.
pub fn count(text: &str) -> Result<Limit<usize>, Refused> {
    let hint = "write a number, or none for all";
    match text {
        "none" => Ok(Limit::None),
        "0" => Err(refused("0 would list nothing", hint)),
        _ => text
            .parse()
            .map(Limit::At)
            .map_err(|_| refused(format!("{text:?} is no number"), hint)),
    }
}

/// Reads where a server listens: an address with a port, or `none`.
pub fn listen(text: &str) -> Result<Limit<SocketAddr>, Refused> {
    if text == "none" {
        return Ok(Limit::None);
    }
    text.parse().map(Limit::At).map_err(|_| {
        let hint = "write an address with a port, such as 127.0.0.1:7878 or [::1]:7878, or none";
        refused(format!("{text:?} is no such address"), hint)
    })
}

/// Reads the place where a listing goes on.
pub fn cursor(text: &str) -> Result<Cursor, Refused> {
    let hint = "give the `next` of an answer of list, as it is";
    text.parse()
        .map_err(|error: foster_model::InvalidCursor| refused(error.to_string(), hint))
}

/// Reads which tags are meant.
pub fn tag_pattern(text: &str) -> Result<TagPattern, Refused> {
    text.parse()
        .map_err(|error: foster_model::InvalidLabel| label(&error))
}

/// Reads which names are meant.
pub fn name_pattern(text: &str) -> Result<NamePattern, Refused> {
    text.parse().map_err(|error: ServiceError| {
        let text = error.to_string();
        let (message, hint) = text.split_once(": ").unwrap_or((&text, "write a name"));
        refused(message, hint)
    })
}

/// Reads the cause of a job's end.
pub fn cause() -> impl TypedValueParser<Value = Cause> {
    words(&[
        ("exit", Cause::Exit),
        ("signal", Cause::Signal),
        ("timeout", Cause::Timeout),
        ("stop", Cause::Stop),
        ("oom", Cause::Oom),
        ("start_failed", Cause::StartFailed),
        ("supervisor_lost", Cause::SupervisorLost),
        ("outer_job_ended", Cause::OuterJobEnded),
        ("reboot", Cause::Reboot),
    ])
}

/// Reads what a listing is sorted by.
pub fn sort_by() -> impl TypedValueParser<Value = SortBy> {
    words(&[
        ("created", SortBy::Created),
        ("started", SortBy::Started),
        ("finished", SortBy::Finished),
        ("duration", SortBy::Duration),
        ("name", SortBy::Name),
    ])
}

/// Reads in which stream something is looked for.
pub fn stream() -> impl TypedValueParser<Value = StreamChoice> {
    words(&[
        ("stdout", StreamChoice::Only(Stream::Stdout)),
        ("stderr", StreamChoice::Only(Stream::Stderr)),
        ("either", StreamChoice::Either),
    ])
}
