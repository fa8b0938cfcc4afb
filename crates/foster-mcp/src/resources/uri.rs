use foster_model::JobId;
use rmcp::ErrorData;
use serde_json::json;

/// What stands before an id.
pub const JOBS: &str = "foster://jobs/";
/// How much of a stream is read at once if nothing else is asked for, and at most.
const USUAL: u64 = 64 << 10;
const MOST: u64 = 1 << 20;

/// What a URI names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobUri {
    pub job: JobId,
    pub part: Part,
}

/// Which part of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// How it stands.
    Status,
    /// A range of what it has printed.
    Output {
        stream: &'static str,
        from: u64,
        max: u64,
    },
}

/// Returns the URI of a job, by its id as answers have it.
pub fn uri_of(job: &str) -> String {
    format!("{JOBS}{job}")
}

impl JobUri {
    /// Reads a URI. A job is named by its whole id alone: what else may name one changes its meaning with time, and nothing
    /// that is a path can be an id.
    ///
    /// # Errors
    /// There can be no such resource.
    pub fn read(uri: &str) -> Result<Self, ErrorData> {
        let unknown = || not_found(uri);
        let rest = uri.strip_prefix(JOBS).ok_or_else(unknown)?;
        let (path, query) = match rest.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (rest, None),
        };
        let (id, stream) = match path.split_once('/') {
            Some((id, stream)) => (id, Some(stream)),
            None => (path, None),
        };
        let job: JobId = id.parse().map_err(|_| unknown())?;
        let stream = match (stream, query) {
            (None, None) => {
                let part = Part::Status;
                return Ok(Self { job, part });
            }
            (Some("stdout"), _) => "stdout",
            (Some("stderr"), _) => "stderr",
            _ => return Err(unknown()),
        };
        let (from, max) = range(query.unwrap_or_default())?;
        let part = Part::Output { stream, from, max };
        Ok(Self { job, part })
    }
}

/// Reads `from=N&max=N`.
fn range(query: &str) -> Result<(u64, u64), ErrorData> {
    let (mut from, mut max) = (0, USUAL);
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let digits = value.bytes().all(|byte| byte.is_ascii_digit());
        let number = value.parse().ok().filter(|_| digits);
        match (name, number) {
            ("from", Some(number)) => from = number,
            ("max", Some(number)) if number > 0 => max = MOST.min(number),
            _ => {
                let text = "a range is given as ?from=OFFSET&max=BYTES";
                return Err(ErrorData::invalid_params(text, None));
            }
        }
    }
    Ok((from, max))
}

/// Returns the protocol's error for a resource that is not there.
pub fn not_found(uri: &str) -> ErrorData {
    let shown: String = uri.chars().take(200).collect();
    ErrorData::resource_not_found("resource not found", Some(json!({"uri": shown})))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "01kb4qhx6v4zq2m8a9d3e7f5gh";

    #[test]
    fn a_job_is_named_by_its_id_alone() {
        let read = |rest: &str| JobUri::read(&format!("foster://jobs/{rest}"));
        let job: JobId = ID.parse().unwrap();
        let part = Part::Status;
        assert_eq!(read(ID).unwrap(), JobUri { job, part });
        let output = |stream, from, max| Part::Output { stream, from, max };
        let rows = [
            ("stdout", output("stdout", 0, USUAL)),
            ("stderr?from=7", output("stderr", 7, USUAL)),
            ("stdout?from=1&max=2", output("stdout", 1, 2)),
            ("stdout?max=99999999999", output("stdout", 0, MOST)),
        ];
        for (rest, part) in rows {
            assert_eq!(read(&format!("{ID}/{rest}")).unwrap(), JobUri { job, part });
        }
        let dots = [
            "..",
            "../..",
            "%2e%2e",
            "@1",
            "",
            "/etc/passwd",
            "01kb4q",
            "..%2f..",
            "\0",
            "x/stdout",
        ];
        for rest in dots {
            assert_eq!(read(rest).unwrap_err().code.0, -32002, "{rest}");
        }
        for rest in ["", "..", "stdout/..", "meta.json", "stdout/x", "stdout%00"] {
            assert!(read(&format!("{ID}/{rest}")).is_err(), "{rest}");
        }
        for query in [
            "from=-1",
            "from=+1",
            "from=x",
            "max=0",
            "from=99999999999999999999",
            "lines=3",
        ] {
            let refused = read(&format!("{ID}/stdout?{query}")).unwrap_err();
            assert_eq!(refused.code.0, -32602, "{query}");
        }
        assert!(JobUri::read("file:///etc/passwd").is_err());
        assert!(JobUri::read(&format!("FOSTER://jobs/{ID}")).is_err());
    }
}
