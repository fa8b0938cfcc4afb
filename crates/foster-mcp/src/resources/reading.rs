use foster_api::{Answer, Verb};
use foster_model::{ErrorBody, ErrorCode, JobId};
use rmcp::model::{MetaObject, ReadResourceResult, ResourceContents};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer};
use serde_json::{Map, Value, json};

use super::uri::{JobUri, Part, not_found, uri_of};
use crate::call::Calls;
use crate::text::harmless;

type Result<T> = std::result::Result<T, ErrorData>;

/// Returns what a URI names.
///
/// # Errors
/// There is no such resource.
pub async fn read(
    calls: &Calls,
    uri: &str,
    context: &RequestContext<RoleServer>,
) -> Result<ReadResourceResult> {
    let named = JobUri::read(uri)?;
    let contents = match named.part {
        Part::Status => {
            let answer = status(calls, named.job, uri, context).await?;
            ResourceContents::text(answer.document.to_string(), uri)
                .with_mime_type("application/json")
        }
        Part::Output { stream, from, max } => {
            let fields = json!({
                "job": named.job, stream: true, "from": from, "max_bytes": format!("{max}B"),
            });
            let answer = call(calls, "tail", fields, uri, context).await?;
            output(named.job, uri, stream, max, &answer.document)
        }
    };
    Ok(ReadResourceResult::new(vec![contents]))
}

/// Returns the job that a URI names, if it is the URI of a job and the job is there.
///
/// # Errors
/// There is no such resource, or it is a part of a job.
pub async fn read_job(
    calls: &Calls,
    uri: &str,
    context: &RequestContext<RoleServer>,
) -> Result<JobId> {
    let named = JobUri::read(uri)?;
    if named.part != Part::Status {
        let text = format!(
            "subscribe to the job itself: {}",
            uri_of(&named.job.to_string())
        );
        return Err(ErrorData::invalid_params(text, None));
    }
    status(calls, named.job, uri, context).await?;
    Ok(named.job)
}

async fn status(
    calls: &Calls,
    job: JobId,
    uri: &str,
    context: &RequestContext<RoleServer>,
) -> Result<Answer> {
    call(calls, "status", json!({"job": job}), uri, context).await
}

async fn call(
    calls: &Calls,
    name: &str,
    fields: Value,
    uri: &str,
    context: &RequestContext<RoleServer>,
) -> Result<Answer> {
    let Value::Object(fields) = fields else {
        return Err(not_found(uri));
    };
    let answer = calls.call(verb(name)?, fields, context).await;
    match &answer.error {
        Some(error) if error.code == ErrorCode::JobNotFound => Err(not_found(uri)),
        Some(error) => Err(failed(error)),
        None => Ok(answer),
    }
}

/// Returns a range of a stream, and in `_meta` where it lies and where to go on.
fn output(job: JobId, uri: &str, stream: &str, max: u64, tail: &Value) -> ResourceContents {
    let excerpt = &tail[stream];
    let text = excerpt["tail"].as_str().unwrap_or_default();
    let (range, observed) = (&excerpt["range"], &excerpt["observed_bytes"]);
    let next = format!(
        "{}/{stream}?from={}&max={max}",
        uri_of(&job.to_string()),
        range[1]
    );
    let place = json!({
        "range": range,
        "observed_bytes": observed,
        "omitted": excerpt["omitted"],
        "final": tail["final"] == true && range[1] == *observed,
        "next": next,
    });
    let meta = Map::from_iter([("foster/range".to_owned(), place)]);
    let meta = MetaObject(meta);
    ResourceContents::text(harmless(text), uri).with_meta(meta)
}

/// Returns the verb of this name.
pub fn verb(name: &str) -> Result<&'static Verb> {
    foster_api::verb(name).ok_or_else(|| ErrorData::internal_error("there is no such verb", None))
}

/// Returns the protocol's error for a call that has failed.
pub fn failed(error: &ErrorBody) -> ErrorData {
    let text = format!("{}: {}", error.code.as_str(), error.message);
    let data = serde_json::to_value(error).ok();
    match error.code {
        ErrorCode::InvalidArgument => ErrorData::invalid_params(text, data),
        _ => ErrorData::internal_error(text, data),
    }
}
