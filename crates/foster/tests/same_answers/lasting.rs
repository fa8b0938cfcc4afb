use serde_json::Value;

/// What differs between two calls of the same verb: times, numbers of processes, and how full the disk is, and how a probe was called.
const PASSING: [&str; 22] = [
    "at",
    "boot_id",
    "created_at",
    "started_at",
    "exited_at",
    "finished_at",
    "updated_at",
    "deadline",
    "remaining_ms",
    "duration_ms",
    "elapsed_ms",
    "waited_ms",
    "running_ms",
    "pid",
    "free_bytes",
    "disk",
    "next",
    "freed_bytes",
    "considered",
    "cgroup",
    "detail",
    "took_ms",
];

/// Takes out of an answer what differs, and the ids of jobs, wherever they stand. What a parser says of words and of fields is
/// said in other words: of a call that is wrong the code counts.
pub fn lasting(document: &Value, ids: &[String]) -> Value {
    if document["error"]["code"] == "invalid_argument" {
        return serde_json::json!({
            "type": document["type"], "ok": document["ok"], "schema_version": document["schema_version"],
            "code": document["error"]["code"], "retryable": document["error"]["retryable"],
        });
    }
    without(document, ids)
}

fn without(value: &Value, ids: &[String]) -> Value {
    match value {
        Value::Object(object) => {
            let kept = object
                .iter()
                .filter(|(key, _)| !PASSING.contains(&key.as_str()));
            kept.map(|(key, value)| (key.clone(), without(value, ids)))
                .collect()
        }
        Value::Array(values) => values.iter().map(|value| without(value, ids)).collect(),
        Value::String(text) => {
            let ids = ids.iter().filter(|id| !id.is_empty());
            ids.fold(text.clone(), |text, id| text.replace(id.as_str(), "ID"))
                .into()
        }
        other => other.clone(),
    }
}
