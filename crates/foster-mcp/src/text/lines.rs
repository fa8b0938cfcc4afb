use serde_json::Value;

use super::fence;
use super::harmless::one_line;

/// How much of a job's command, or of a list, is shown in a line.
const LINE: usize = 200;
/// How many jobs a text shows.
const JOBS: usize = 50;

/// Returns how things stand, by what an answer's document has.
pub fn of(kind: &str, document: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    lines.extend(of_job(kind, document));
    match document["jobs"].as_array() {
        Some(jobs) if kind == "list" => lines.extend(listing(document, jobs)),
        Some(jobs) => lines.extend(jobs.iter().take(JOBS).map(of_one_of_several)),
        None => {}
    }
    lines.extend(of_the_call(kind, document));
    lines.extend(next(document));
    lines
}

/// Returns where the job stands that the answer is about.
fn of_job(kind: &str, document: &Value) -> Option<String> {
    let id = document["job_id"].as_str()?;
    let name = document["name"].as_str();
    let name = name.map(|name| format!(" ({})", one_line(name, LINE)));
    let mut parts = vec![id.to_owned(), name.unwrap_or_default(), standing(document)];
    if kind == "status" && document["command"].is_array() {
        let words = document["command"].as_array().into_iter().flatten();
        let words: Vec<_> = words.filter_map(Value::as_str).collect();
        parts.push(format!("\ncommand: {}", quoted(&words.join(" "))));
    }
    Some(parts.concat())
}

/// Returns what became of one of several jobs.
fn of_one_of_several(job: &Value) -> String {
    let id = job["job_id"].as_str().or(job["job"].as_str());
    let mut parts = vec![one_line(id.unwrap_or("?"), LINE), standing(job)];
    parts.extend(job["action"].as_str().map(|action| format!(": {action}")));
    for why in [&job["reason"], &job["error"]["message"]] {
        parts.extend(why.as_str().map(|why| format!(", {}", one_line(why, LINE))));
    }
    parts.concat()
}

/// Returns state, result and time of whatever has them.
fn standing(job: &Value) -> String {
    let Some(state) = job["state"].as_str() else {
        return String::new();
    };
    let code = job["exit_code"].as_i64();
    let signal = job["signal"].as_str();
    // An exit is its own reason.
    let cause = job["cause"].as_str().filter(|cause| *cause != "exit");
    let ms = job["duration_ms"].as_u64().or(job["running_ms"].as_u64());
    let parts = [
        Some(format!(" {state}")),
        code.map(|code| format!(", exit code {code}")),
        signal.map(|signal| format!(", signal {signal}")),
        cause.map(|cause| format!(", cause {cause}")),
        ms.map(|ms| format!(", {}.{}s", ms / 1000, ms % 1000 / 100)),
    ];
    parts.into_iter().flatten().collect()
}

fn listing(document: &Value, jobs: &[Value]) -> Vec<String> {
    let rows = jobs.iter().take(JOBS).map(|job| {
        let name = job["name"].as_str().map(|name| format!(" ({name})"));
        let command = one_line(job["command"].as_str().unwrap_or_default(), LINE);
        let id = job["job_id"].as_str().unwrap_or("?");
        format!(
            "{id}{}{}  {command}",
            name.unwrap_or_default(),
            standing(job)
        )
    });
    let rows: Vec<_> = rows.collect();
    let count = match rows.len() {
        0 => return vec![none_listed(document)],
        1 => "1 job, id, state and command".to_owned(),
        count => format!("{count} jobs, the newest first: id, state and command"),
    };
    let mut lines = vec![fence::around(&count, &rows.join("\n"), usize::MAX)];
    if document["truncated"] == true {
        lines.push("there are more: call again with cursor, the answer's `next`".to_owned());
    }
    lines
}

fn none_listed(document: &Value) -> String {
    if document["others_outside_scope"] == true {
        "no jobs of this directory; all lists those of others".to_owned()
    } else {
        "no jobs".to_owned()
    }
}

/// Returns what the answer tells of the call itself.
fn of_the_call(kind: &str, document: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(reason) = document["reason"].as_str() {
        lines.push(format!("reason: {reason}"));
    }
    if let Some(line) = document["matched"]["line"].as_str() {
        lines.push(format!("matched line: {}", quoted(line)));
    }
    if document["already_finished"] == true {
        lines.push("it was over before".to_owned());
    }
    if let Some(report) = document.get("report").filter(|report| report.is_object()) {
        lines.push(of_report(report));
    }
    if let Some(sent) = document["sent_bytes"].as_u64() {
        lines.push(format!(
            "{sent} bytes sent; stdin is {}",
            word(&document["stdin"])
        ));
    }
    if kind == "tag" && document["tags"].is_array() {
        lines.push(format!("tags: {}", words(&document["tags"])));
    }
    if let Some(deleted) = document["deleted"].as_u64() {
        let skipped = &document["skipped"];
        lines.push(format!("{deleted} deleted, {skipped} skipped"));
    }
    if kind == "deadline" && document["state"].is_string() {
        lines.push(match document["remaining_ms"].as_u64() {
            Some(ms) => format!("it will be ended in {}s", ms / 1000),
            None => "it has no deadline".to_owned(),
        });
    }
    if kind == "notify" && document["notifications"].is_object() {
        let sinks = &document["notifications"]["sinks"];
        lines.push(format!("{sinks} told of it"));
    }
    lines
}

fn of_report(report: &Value) -> String {
    let left = report["survivors"].as_array().map_or(0, Vec::len);
    match (report["empty"].as_bool(), left) {
        (Some(true), _) => "no process of it is left".to_owned(),
        (_, 0) => "no process of it was found".to_owned(),
        (_, left) => format!("{left} processes are left"),
    }
}

/// Returns what to do next, in the words of the tools.
fn next(document: &Value) -> Option<String> {
    let id = document["job_id"].as_str()?;
    match document["state"].as_str()? {
        "running" if document.get("snapshot").is_some() => {
            Some(format!("still running: wait with jobs [\"{id}\"] goes on"))
        }
        "created" if document["type"] == "create" => {
            Some(format!("start with job \"{id}\" executes it"))
        }
        _ => None,
    }
}

fn words(list: &Value) -> String {
    let words = list.as_array().into_iter().flatten();
    let words: Vec<_> = words.filter_map(Value::as_str).collect();
    if words.is_empty() {
        "none".to_owned()
    } else {
        one_line(&words.join(", "), LINE)
    }
}

fn word(value: &Value) -> &str {
    value.as_str().unwrap_or("unknown")
}

/// Returns a text of somebody else's within a line.
fn quoted(text: &str) -> String {
    format!("`{}`", one_line(text, LINE).replace('`', "'"))
}
