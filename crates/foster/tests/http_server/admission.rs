//! Who is let in.

use foster_testkit::Sandbox;
use serde_json::Value;

use crate::client::receive;
use crate::served::{FOSTER, Served, address_file, mode};

/// Each row of the document: method and path, with something in the place of its parameters.
fn rows(served: &Served) -> Vec<(String, String)> {
    let document: Value = served.get("/v1/openapi.json").json();
    let paths = document["paths"].as_object().unwrap();
    let rows = paths.iter().flat_map(|(path, methods)| {
        let path = path
            .replace("{job}", "@1")
            .replace("{stream}", "stdout")
            .replace("{name}", "run");
        let methods = methods.as_object().unwrap().keys();
        methods.map(move |method| (method.to_uppercase(), path.clone()))
    });
    let rows: Vec<_> = rows.collect();
    assert!(rows.len() > 30);
    rows
}

#[test]
fn no_route_answers_without_the_token() {
    let sandbox = Sandbox::new(FOSTER);
    let served = Served::start(&sandbox);
    served.job("exit 0");
    let mut rows = rows(&served);
    rows.extend(
        [
            ("GET", "/"),
            ("GET", "/page/index.html"),
            ("GET", "/nothing"),
            ("PUT", "/v1/jobs"),
            ("OPTIONS", "/v1/jobs"),
        ]
        .map(|(method, path)| (method.to_owned(), path.to_owned())),
    );
    let token = &served.token;
    let almost = format!("Bearer {}x", &token[..token.len() - 1]);
    let wrong = [
        None,
        Some(String::new()),
        Some("Bearer".to_owned()),
        Some("Bearer ".to_owned()),
        Some(format!("Basic {token}")),
        Some(token.clone()),
        Some(almost),
        Some(format!("Bearer {token}x")),
        Some(format!("Bearer {}", &token[1..])),
    ];
    let listed = served.get("/v1/jobs").ok()["jobs"].clone();
    for (method, path) in &rows {
        for shown in &wrong {
            let mut headers = vec![
                ("Host", served.address.as_str()),
                ("Connection", "close"),
                ("Content-Type", "application/json"),
            ];
            headers.extend(shown.as_deref().map(|shown| ("Authorization", shown)));
            let response = receive(served.begin_as(method, path, &headers, b""));
            response.refused(401, "unauthorized");
            assert_eq!(
                response.header("www-authenticate"),
                Some("Bearer"),
                "{method} {path}"
            );
        }
    }
    assert_eq!(served.get("/v1/jobs").ok()["jobs"], listed);
}

#[test]
fn two_tokens_are_none() {
    let sandbox = Sandbox::new(FOSTER);
    let served = Served::start(&sandbox);
    let twice = [("Authorization", served.bearer())];
    let twice: Vec<_> = twice
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    receive(served.begin_with("GET", "/v1/jobs", &twice, b"")).refused(401, "unauthorized");
}

#[test]
fn a_scheme_is_the_same_in_any_case() {
    let sandbox = Sandbox::new(FOSTER);
    let served = Served::start(&sandbox);
    let bearer = format!("bEaReR {}", served.token);
    let headers = [
        ("Host", served.address.as_str()),
        ("Connection", "close"),
        ("Authorization", &bearer),
    ];
    receive(served.begin_as("GET", "/v1/jobs", &headers, b"")).ok();
}

#[test]
fn it_answers_to_its_own_names_and_to_its_own_page_alone() {
    let sandbox = Sandbox::new(FOSTER);
    let served = Served::with(&sandbox, &["--port", "0", "--allow-host", "jobs.test"]);
    let port = served.address.rsplit(':').next().unwrap();
    let bearer = served.bearer();
    let ask = |host: &str, origin: Option<&str>| {
        let mut headers = vec![
            ("Host", host),
            ("Connection", "close"),
            ("Authorization", &bearer),
        ];
        headers.extend(origin.map(|origin| ("Origin", origin)));
        receive(served.begin_as("GET", "/v1/jobs", &headers, b""))
    };
    let own = format!("localhost:{port}");
    for host in [
        own.as_str(),
        &served.address,
        &format!("[::1]:{port}"),
        "jobs.test",
    ] {
        ask(host, None).ok();
    }
    for host in [
        "evil.test",
        &format!("evil.test:{port}"),
        "127.0.0.1:1",
        "127.0.0.1",
        &format!("localhost.evil.test:{port}"),
    ] {
        ask(host, None).refused(403, "forbidden");
    }
    ask(&own, Some(&format!("http://{own}"))).ok();
    ask(&own, Some("https://jobs.test")).ok();
    for origin in [
        "http://evil.test",
        "null",
        &format!("https://{own}"),
        "http://localhost:1",
        "",
    ] {
        let response = ask(&own, Some(origin));
        response.refused(403, "forbidden");
        assert_eq!(response.header("access-control-allow-origin"), None);
    }
    let none = [("Connection", "close"), ("Authorization", bearer.as_str())];
    receive(served.begin_as("GET", "/v1/jobs", &none, b"")).refused(403, "forbidden");
}

#[test]
fn every_answer_tells_browsers_to_keep_their_hands_off() {
    let sandbox = Sandbox::new(FOSTER);
    let served = Served::start(&sandbox);
    let refused = receive(served.begin_as(
        "GET",
        "/",
        &[("Host", "evil.test"), ("Connection", "close")],
        b"",
    ));
    for response in [served.get("/v1/jobs"), served.get("/nothing"), refused] {
        let policy = response.header("content-security-policy").unwrap();
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"));
        assert_eq!(response.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(response.header("referrer-policy"), Some("no-referrer"));
        assert_eq!(
            response.header("cross-origin-opener-policy"),
            Some("same-origin")
        );
        assert_eq!(
            response.header("cross-origin-resource-policy"),
            Some("same-origin")
        );
    }
    assert_eq!(
        served.get("/v1/jobs").header("cache-control"),
        Some("no-store")
    );
}

#[test]
fn the_token_is_made_once_and_for_its_owner_alone() {
    let sandbox = Sandbox::new(FOSTER);
    let first = Served::start(&sandbox);
    let file = sandbox.root().join("http-token");
    assert_eq!((mode(&file), mode(&address_file(&sandbox))), (0o600, 0o600));
    assert!(first.token.len() == 64 && first.answer["token_file"] == file.to_str().unwrap());
    let second = Served::start(&sandbox);
    assert_eq!(first.token, second.token);
    let shown = std::fs::read(format!("/proc/{}/cmdline", first.pid())).unwrap();
    assert!(!String::from_utf8_lossy(&shown).contains(&first.token));
}

#[test]
fn a_token_that_others_know_is_refused() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let sandbox = Sandbox::new(FOSTER);
    let file = sandbox.work().join("token");
    let refused = || {
        let (code, answer) = sandbox.err(["serve", "--port", "0", "--token-file", "token"]);
        assert_eq!(code, "token_untrusted");
        answer["error"]["message"].as_str().unwrap().to_owned()
    };
    std::fs::write(&file, format!("{}\n", "a".repeat(64))).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    assert!(refused().contains("mode 0644"));
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    std::fs::write(&file, "short\n").unwrap();
    assert!(refused().contains("it is none"));
    std::fs::remove_file(&file).unwrap();
    symlink(sandbox.work().join("elsewhere"), &file).unwrap();
    assert!(refused().contains("symbolic link"));
    std::fs::remove_file(&file).unwrap();
    if foster_testkit::is_root() {
        std::fs::write(&file, format!("{}\n", "a".repeat(64))).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
        foster_testkit::give_to_ordinary_user(&file);
        assert!(refused().contains("belongs to user"));
        std::fs::remove_file(&file).unwrap();
    }
    let served = Served::with(&sandbox, &["--port", "0", "--token-file", "token"]);
    assert_eq!(mode(&file), 0o600);
    served.get("/v1/jobs").ok();
    assert!(!sandbox.root().join("http-token").exists());
}
