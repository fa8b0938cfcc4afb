use std::time::Duration;

use axum::http::HeaderMap;
use foster_api::{Failure, Fields, document};
use foster_model::answer::LogLine;
use foster_service::{Context, LogItem, LogsRequest, OutputItem, Since, Stream, TailRequest};
use serde_json::{Value, json};

use super::Work;
use crate::asking::Parameters;

/// How long a line that was begun is waited for.
const PATIENCE: Duration = Duration::from_millis(100);

/// Where to begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Begin {
    At(u64),
    /// At a line's start, so many bytes before the end.
    BeforeTheEnd(u64),
}

/// Returns what tells one stream of a job's output, line by line, until it is over.
pub fn work(
    params: &Parameters,
    query: &[(String, String)],
    headers: &HeaderMap,
) -> Result<Work, Failure> {
    let mut fields = Fields::new();
    let mut only = None;
    for (name, value) in params {
        match (name.as_str(), value.as_str()) {
            ("stream", "stdout") => only = Some(Stream::Stdout),
            ("stream", "stderr") => only = Some(Stream::Stderr),
            ("stream", _) => return Err(no_stream(value)),
            _ => drop(fields.insert(name.clone(), json!(value))),
        }
    }
    let mut begin = Begin::At(0);
    for (name, value) in query {
        match name.as_str() {
            "run" => drop(fields.insert(name.clone(), json!(number(name, value)?))),
            "from" => begin = Begin::At(number(name, value)?),
            "tail" => begin = Begin::BeforeTheEnd(number(name, value)?),
            _ => return Err(unknown(name)),
        }
    }
    // A reader that comes back knows best where it was.
    if let Some(id) = headers.get("last-event-id") {
        let id = id.to_str().unwrap_or_default();
        begin = Begin::At(number("Last-Event-ID", id)?);
    }
    Ok(Box::new(move |shared, context, sink| {
        let mut request = shared.door.logs_request(fields)?;
        request.only = only;
        request.follow = true;
        request.begun_after = Some(PATIENCE);
        let mut cut = place(context, &mut request, begin)?;
        let answer = foster_service::output(context, &request, &mut |item| match item {
            OutputItem::Begun => {
                sink.begin();
                Ok(())
            }
            // The end of the line in which the place lies.
            OutputItem::Line(item) if std::mem::take(&mut cut) && item.terminated => Ok(()),
            OutputItem::Line(item) => sink.event_with_id("line", end_of(&item), &line(&item.line)),
        })?;
        Ok(document("logs", Some(&answer), None))
    }))
}

/// Has a request begin there. Returns whether that is before the line to begin with, in the line before it.
fn place(context: &Context, request: &mut LogsRequest, begin: Begin) -> Result<bool, Failure> {
    let (offset, cut) = match begin {
        Begin::At(offset) => (offset, false),
        Begin::BeforeTheEnd(bytes) => {
            let answer = foster_service::tail(
                context,
                &TailRequest {
                    job: request.job.clone(),
                    run: request.run,
                    only: request.only,
                    lines: 0,
                    max_bytes: bytes,
                    from: None,
                    digest: false,
                    grep: None,
                },
            )?;
            // The offset is one of this run: a newer one may have begun meanwhile.
            request.run = Some(answer.run);
            let excerpt = answer.stdout.or(answer.stderr);
            let start = excerpt.map_or(0, |excerpt| excerpt.range[0]);
            (start.saturating_sub(1), start > 0)
        }
    };
    request.since = Some(Since::Offset(offset));
    Ok(cut)
}

/// Returns the offset after a line.
fn end_of(item: &LogItem) -> u64 {
    item.line.offset + item.bytes.len() as u64 + u64::from(item.terminated)
}

/// Returns a line as the command line writes it.
fn line(line: &LogLine) -> Value {
    let mut document = json!(line);
    document["type"] = json!("log_line");
    document
}

fn number(name: &str, text: &str) -> Result<u64, Failure> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse().ok().filter(|_| digits);
    number.ok_or_else(|| {
        Failure::usage(
            format!("`{name}` has to be a number that is not negative"),
            None,
        )
    })
}

fn no_stream(name: &str) -> Failure {
    let hint = Some("name stdout or stderr".to_owned());
    Failure::usage(format!("a job has no stream {name:?}"), hint)
}

fn unknown(name: &str) -> Failure {
    let hint = Some("it takes run, from, tail".to_owned());
    Failure::usage(format!("the stream has no field `{name}`"), hint)
}
