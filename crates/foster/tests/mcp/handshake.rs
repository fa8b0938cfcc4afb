use serde_json::json;

use crate::client::{Client, sandbox};

#[test]
fn each_version_of_the_protocol_is_agreed_to() {
    let sandbox = sandbox();
    for version in ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"] {
        let mut client = Client::start(&sandbox, &[]);
        let said = client.shake_hands(version);
        assert_eq!(said["protocolVersion"], version);
        assert_eq!(said["serverInfo"]["name"], "foster");
        assert_eq!(said["capabilities"]["resources"]["subscribe"], true);
        assert_eq!(said["capabilities"]["resources"]["listChanged"], true);
        assert!(said["capabilities"]["tools"].is_object());
        assert!(said["instructions"].as_str().unwrap().len() < 1200);
        assert_eq!(client.ask("ping", json!({}))["result"], json!({}));
        client.ok("list", json!({}));
        client.end();
    }
}

#[test]
fn a_version_that_nobody_knows_is_answered_with_one_that_is_served() {
    let sandbox = sandbox();
    for version in ["1999-01-01", "2099-01-01", "", "latest"] {
        let mut client = Client::start(&sandbox, &[]);
        let said = client.shake_hands(version);
        assert_eq!(said["protocolVersion"], "2025-11-25", "{version:?}");
        client.end();
    }
}

/// The newest version has no handshake: each request says who asks.
#[test]
fn the_newest_version_needs_no_handshake() {
    let sandbox = sandbox();
    let mut client = Client::start(&sandbox, &[]);
    let meta = newest();
    let found = client.ask("server/discover", json!({"_meta": meta}));
    let versions = found["result"]["supportedVersions"].as_array().unwrap();
    assert!(versions.contains(&json!("2026-07-28")), "{found:#}");
    let listed = client.ask("tools/list", json!({"_meta": meta}));
    assert_eq!(listed["result"]["tools"].as_array().unwrap().len(), 15);
    let call = json!({"_meta": meta, "name": "run", "arguments": {"command": ["true"]}});
    let run = client.ask("tools/call", call);
    assert_eq!(
        run["result"]["structuredContent"]["exit_code"], 0,
        "{run:#}"
    );
    client.end();
}

/// Returns what each request of the newest version says of its client.
pub fn newest() -> serde_json::Value {
    json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": {"name": "foster's tests", "version": "1"},
        "io.modelcontextprotocol/clientCapabilities": {},
    })
}

#[test]
fn a_client_that_says_nothing_or_not_what_it_should_is_no_error() {
    let sandbox = sandbox();
    Client::start(&sandbox, &[]).end();
    let mut client = Client::start(&sandbox, &[]);
    client.notify("notifications/initialized", json!({}));
    assert_eq!(client.refused("tools/list", json!({})), -32602);
    client.notify("notifications/cancelled", json!({"requestId": 1}));
    assert_eq!(client.ask("ping", json!({}))["result"], json!({}));
    client.shake_hands("2025-06-18");
    client.ok("list", json!({}));
    client.end();
}
