//! What is wrong is told, and does nothing.

use std::io::{Read as _, Write as _};

use foster_testkit::Sandbox;
use serde_json::{Value, json};

use crate::client::{connect, receive};
use crate::served::{FOSTER, Served};

#[test]
fn a_body_has_to_be_json_and_to_say_so() {
    let sandbox = Sandbox::new(FOSTER);
    let served = Served::start(&sandbox);
    let body = br#"{"command":["true"]}"#;
    for kind in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/jsonx",
        "multipart/form-data; boundary=application/json",
    ] {
        let stream = served.begin_with("POST", "/v1/jobs", &[("Content-Type", kind)], body);
        receive(stream).refused(415, "unsupported_media_type");
    }
    receive(served.begin_with("POST", "/v1/jobs", &[], body))
        .refused(415, "unsupported_media_type");
    let twice = [
        ("Content-Type", "application/json"),
        ("Content-Type", "text/plain"),
    ];
    receive(served.begin_with("POST", "/v1/jobs", &twice, body))
        .refused(415, "unsupported_media_type");
    let json = [("Content-Type", "application/json")];
    for body in [
        "{",
        "[]",
        "\"x\"",
        "{}x",
        "{\"command\":[\"true\"]",
        "null",
        "\u{0}",
    ] {
        let stream = served.begin_with("POST", "/v1/jobs", &json, body.as_bytes());
        receive(stream).refused(400, "invalid_argument");
    }
    let deep = "[".repeat(100_000);
    receive(served.begin_with("POST", "/v1/jobs", &json, deep.as_bytes()))
        .refused(400, "invalid_argument");
    assert_eq!(served.get("/v1/jobs?all=true").ok()["jobs"], json!([]));
    let charset = [("Content-Type", "Application/JSON; charset=utf-8")];
    receive(served.begin_with("POST", "/v1/jobs", &charset, body)).ok();
}

#[test]
fn fields_that_nobody_knows_or_that_are_said_twice_are_refused() {
    let sandbox = Sandbox::new(FOSTER);
    let served = Served::start(&sandbox);
    let refused = |response: crate::client::Response| {
        let answer = response.refused(400, "invalid_argument");
        let error = &answer["error"];
        format!(
            "{} {}",
            error["message"].as_str().unwrap(),
            error["hint"].as_str().unwrap_or_default()
        )
    };
    let unknown = refused(served.post("/v1/jobs", &json!({"command": ["true"], "tmeout": "5s"})));
    assert!(
        unknown.contains("`tmeout`") && unknown.contains("`timeout`"),
        "{unknown}"
    );
    assert!(refused(served.get("/v1/jobs?al=true")).contains("`all`"));
    assert!(refused(served.get("/v1/jobs?all=1")).contains("true or false"));
    assert!(refused(served.get("/v1/jobs?limit=1&limit=2")).contains("twice"));
    assert!(refused(served.get("/v1/jobs/@1?job=@2")).contains("the path says"));
    assert!(
        refused(served.post("/v1/jobs/@1/kill", &json!({"jobs": ["@2"]})))
            .contains("the path says")
    );
    assert!(refused(served.get("/v1/jobs/@1/notify?action=clear")).contains("the path says"));
    assert!(refused(served.post("/v1/jobs", &json!({"command": "true"}))).contains("list"));
    for path in [
        "/v1/jobs/@1/output/stdin",
        "/v1/jobs/@1/output/stdout?from=-1",
        "/v1/jobs/@1/output/stdout?x=1",
        "/v1/events?follow=true",
    ] {
        refused(served.get(path));
    }
    let stream = served.begin_with(
        "GET",
        "/v1/jobs/@1/output/stdout",
        &[("Last-Event-ID", "x")],
        b"",
    );
    refused(receive(stream));
}

#[test]
fn what_names_no_job_leads_nowhere() {
    let sandbox = Sandbox::new(FOSTER);
    let served = Served::start(&sandbox);
    served.job("exit 0");
    let long = "a".repeat(4000);
    let names: [(&str, u16); 13] = [
        ("..%2f..%2fetc%2fpasswd", 400),
        ("%2e%2e%2f", 400),
        ("%00", 400),
        ("a%00b", 400),
        ("%2Fetc%2Fpasswd", 400),
        ("%FF", 400),
        ("%E2%80%AE", 400),
        ("..%5c", 400),
        ("a%0d%0aX:%20y", 400),
        ("%20", 400),
        ("--all", 400),
        ("no-such-job", 404),
        (&long, 400),
    ];
    for (name, status) in names {
        for path in [
            format!("/v1/jobs/{name}"),
            format!("/v1/jobs/{name}/logs"),
            format!("/v1/jobs/{name}/output/stdout"),
            format!("/v1/jobs/{name}/events"),
        ] {
            let response = served.get(&path);
            assert_eq!(response.status, status, "{path}: {}", response.json());
            assert_eq!(response.json()["ok"], false);
        }
        let response = served.ask("DELETE", &format!("/v1/jobs/{name}"), None);
        assert_eq!(response.status, status, "{name}");
    }
    for path in [
        "/v1/jobs/../../etc/passwd",
        "/v1/jobs//",
        "/page/..%2f..%2fCargo.toml",
        "/page/%2e%2e",
        "/v2/jobs",
        "/v1",
        "/v1/jobs/",
        "/page/README.md",
    ] {
        served.get(path).refused(404, "unknown_route");
    }
    served
        .get("/v1/schemas/..%2frun")
        .refused(404, "unknown_schema");
    assert_eq!(
        served.get("/v1/jobs").ok()["jobs"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[test]
fn other_methods_are_told_which_there_are() {
    let sandbox = Sandbox::new(FOSTER);
    let served = Served::start(&sandbox);
    for method in ["PUT", "PATCH", "DELETE", "TRACE", "FOO"] {
        let response = served.ask(method, "/v1/jobs", None);
        response.refused(405, "method_not_allowed");
        assert_eq!(response.header("allow"), Some("OPTIONS, POST, GET, HEAD"));
    }
    let options = served.ask("OPTIONS", "/v1/jobs/@1", None);
    assert_eq!(
        (options.status, options.header("allow")),
        (204, Some("OPTIONS, GET, HEAD, DELETE"))
    );
    for path in ["/v1/jobs", "/v1/events"] {
        let head = served.ask("HEAD", path, None);
        assert_eq!((head.status, head.body.len()), (200, 0), "{path}");
    }
    served
        .ask("POST", "/", None)
        .refused(405, "method_not_allowed");
}

#[test]
fn what_is_too_large_is_not_read() {
    let sandbox = Sandbox::new(FOSTER);
    let served = Served::start(&sandbox);
    let announced = |path: &str, length: u64| {
        let mut stream = connect(&served.address);
        let (address, token) = (&served.address, &served.token);
        write!(
            stream,
            "POST {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\n\r\n"
        )
        .unwrap();
        receive(stream)
    };
    announced("/v1/wait", (1 << 20) + 1).refused(413, "request_too_large");
    announced("/v1/jobs", (128 << 20) + 1).refused(413, "request_too_large");
    announced("/v1/jobs", u64::MAX / 2).refused(413, "request_too_large");
    // One that does not say how long it is.
    let mut stream = connect(&served.address);
    let (address, token) = (&served.address, &served.token);
    write!(
        stream,
        "POST /v1/wait HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n\
         Transfer-Encoding: chunked\r\n\r\n"
    )
    .unwrap();
    let chunk = format!("10000\r\n{}\r\n", " ".repeat(0x10000));
    for _ in 0..17 {
        // It may be refused before all of it was written.
        if stream.write_all(chunk.as_bytes()).is_err() {
            break;
        }
    }
    receive(stream).refused(413, "request_too_large");
    // What verbs with input take is more.
    let text = "x".repeat(3 << 20);
    let body = json!({"command": ["wc", "-c"], "stdin": text, "snapshot_after": "30s"});
    let answer = served.post("/v1/jobs", &body).ok();
    assert_eq!(
        answer["snapshot"]["stdout"]["tail"].as_str().map(str::trim),
        Some("3145728")
    );
}

#[test]
fn heads_that_are_too_large_or_are_none_are_refused() {
    let sandbox = Sandbox::new(FOSTER);
    let served = Served::start(&sandbox);
    let status = |text: &str| {
        let mut stream = connect(&served.address);
        // It may be refused before all of it was written.
        let _ = stream.write_all(text.as_bytes());
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let answer = String::from_utf8_lossy(&answer).into_owned();
        answer.split(' ').nth(1).unwrap_or_default().to_owned()
    };
    let long = "a".repeat(100_000);
    assert_eq!(
        status(&format!("GET / HTTP/1.1\r\nX: {long}\r\n\r\n")),
        "431"
    );
    let of_path = status(&format!("GET /{long} HTTP/1.1\r\n\r\n"));
    assert!(["414", "431"].contains(&of_path.as_str()), "{of_path}");
    let many: Vec<_> = (0..100).map(|n| format!("X{n}: y\r\n")).collect();
    let many = many.concat();
    assert_eq!(status(&format!("GET / HTTP/1.1\r\n{many}\r\n")), "431");
    assert_eq!(status("no request at all\r\n\r\n"), "400");
    let twice = "POST /v1/wait HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    assert!(["400", "403"].contains(&status(twice).as_str()));
    served.get("/v1/jobs").ok();
}

#[test]
fn whoever_sends_a_head_slowly_is_let_go_and_hinders_nobody() {
    let sandbox = Sandbox::new(FOSTER);
    let served = Served::start(&sandbox);
    let mut slow: Vec<_> = (0..100).map(|_| connect(&served.address)).collect();
    for stream in &mut slow {
        stream
            .write_all(b"GET /v1/jobs HTTP/1.1\r\nHost: ")
            .unwrap();
    }
    served.get("/v1/jobs").ok();
    for mut stream in slow {
        let mut answer = String::new();
        // Closed by the server, within less than the time that a read may take here.
        let _ = stream.read_to_string(&mut answer).unwrap();
        assert!(
            answer.is_empty() || answer.starts_with("HTTP/1.1 408"),
            "{answer}"
        );
    }
}

#[test]
fn what_a_job_prints_is_text_in_json_and_nothing_else() {
    let sandbox = Sandbox::new(FOSTER);
    let served = Served::start(&sandbox);
    let script = r"printf 'a\r\nevent: end\ndata: {}\n\n<script>alert(1)</script>\033[2J\302\233\377\000x\n'";
    let id = served.job(script);
    let events = served
        .events(&format!("/v1/jobs/{id}/output/stdout"))
        .rest();
    let texts: Vec<_> = events
        .iter()
        .filter(|event| event.name == "line")
        .map(|event| event.data["text"].clone())
        .collect();
    let expected: Vec<Value> = vec![
        json!("a\r"),
        json!("event: end"),
        json!("data: {}"),
        json!(""),
        json!("<script>alert(1)</script>\u{1b}[2J\u{9b}\u{fffd}\u{0}x"),
    ];
    assert_eq!(texts, expected);
    assert_eq!(events.iter().filter(|event| event.name == "end").count(), 1);
    let whole = served.get(&format!("/v1/jobs/{id}/logs"));
    let raw = String::from_utf8(whole.body.clone()).unwrap();
    assert!(!raw.trim_end().contains(char::is_control), "{raw:?}");
    assert_eq!(
        served
            .get(&format!("/v1/jobs/{id}/logs"))
            .header("content-type"),
        Some("application/json")
    );
}
