//! The tables of `docs/http-api.md` are those of the code.
#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde_json::Value;

/// `FOSTER_BLESS=1` writes them anew.
#[test]
fn the_documentation_has_every_route_and_status() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/http-api.md");
    let text = fs::read_to_string(&path).unwrap();
    let document = foster_http::openapi();
    let made = with(&text, "routes", &routes(&document));
    let made = with(&made, "status", &statuses(&document));
    if std::env::var_os("FOSTER_BLESS").is_some() {
        fs::write(&path, made).unwrap();
    } else {
        assert_eq!(text, made, "run: FOSTER_BLESS=1 cargo test -p foster-http");
    }
}

fn with(text: &str, part: &str, table: &str) -> String {
    let begin = format!("<!-- made from the code: {part} begin -->\n");
    let end = format!("<!-- made from the code: {part} end -->\n");
    let (before, rest) = text.split_once(&begin).unwrap();
    let (_, after) = rest.split_once(&end).unwrap();
    format!("{before}{begin}{table}{end}{after}")
}

fn routes(document: &Value) -> String {
    let mut table = "| route | verb | |\n|---|---|---|\n".to_owned();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let verb = operation["x-foster-verb"].as_str();
            let verb = verb.map_or(String::new(), |verb| format!("`{verb}`"));
            let title = operation["summary"].as_str().unwrap();
            let method = method.to_uppercase();
            writeln!(table, "| `{method} {path}` | {verb} | {title} |").unwrap();
        }
    }
    table
}

fn statuses(document: &Value) -> String {
    let mut by_status: BTreeMap<u64, Vec<String>> = BTreeMap::new();
    for (code, status) in document["x-error-status"].as_object().unwrap() {
        let codes = by_status.entry(status.as_u64().unwrap()).or_default();
        codes.push(format!("`{code}`"));
    }
    let mut table = "| status | codes |\n|---|---|\n".to_owned();
    for (status, codes) in by_status {
        writeln!(table, "| {status} | {} |", codes.join(", ")).unwrap();
    }
    table
}
