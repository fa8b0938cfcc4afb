use rmcp::model::{ListResourceTemplatesResult, ListResourcesResult, Resource, ResourceTemplate};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer};
use serde_json::{Map, Value, json};

use super::reading::{failed, verb};
use super::uri::{JOBS, uri_of};
use crate::call::Calls;
use crate::text::one_line;

/// How much of a command is a title.
const TITLE: usize = 80;

/// Returns the newest jobs of this directory, as the tool `list` does.
pub async fn list(
    calls: &Calls,
    cursor: Option<String>,
    context: &RequestContext<RoleServer>,
) -> Result<ListResourcesResult, ErrorData> {
    let mut fields = Map::new();
    if let Some(cursor) = cursor {
        fields.insert("cursor".to_owned(), json!(cursor));
    }
    let answer = calls.call(verb("list")?, fields, context).await;
    if let Some(error) = &answer.error {
        return Err(failed(error));
    }
    let jobs = answer.document["jobs"].as_array();
    let resources = jobs.into_iter().flatten().filter_map(resource).collect();
    let mut listed = ListResourcesResult::with_all_items(resources);
    listed.next_cursor = answer.document["next"].as_str().map(str::to_owned);
    Ok(listed)
}

fn resource(job: &Value) -> Option<Resource> {
    let id = job["job_id"].as_str()?;
    let name = job["name"].as_str().unwrap_or(id);
    let command = one_line(job["command"].as_str().unwrap_or_default(), TITLE);
    let state = job["state"].as_str().unwrap_or("unknown");
    let state = match job["exit_code"].as_i64() {
        Some(code) => format!("{state}, exit code {code}"),
        None => state.to_owned(),
    };
    let resource = Resource::new(uri_of(id), name)
        .with_title(command)
        .with_description(state)
        .with_mime_type("application/json");
    Some(resource)
}

/// Returns the shapes of URIs that can be read.
pub fn templates() -> ListResourceTemplatesResult {
    let job = ResourceTemplate::new(format!("{JOBS}{{id}}"), "job")
        .with_title("A job")
        .with_description(
            "How a job stands, as the tool status tells it. Subscribe to be told of its end",
        )
        .with_mime_type("application/json");
    let output = ["stdout", "stderr"].map(|stream| {
        ResourceTemplate::new(format!("{JOBS}{{id}}/{stream}{{?from,max}}"), stream)
            .with_title(format!("A job's {stream}"))
            .with_description(
                "What a job has printed, from an offset in bytes; _meta has the offset and the URI to go on with",
            )
            .with_mime_type("text/plain")
    });
    ListResourceTemplatesResult::with_all_items([job].into_iter().chain(output).collect())
}
