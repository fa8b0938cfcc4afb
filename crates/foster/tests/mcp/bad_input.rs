use serde_json::{Value, json};

use crate::client::{Client, VERSION, sandbox};

/// Says a line, and returns the code and the id of the error that answers it.
fn refused(client: &mut Client, line: &[u8]) -> (i64, Value) {
    client.say(line);
    let answer = client.wait_for("an error", |message| message.get("error").is_some());
    (
        answer["error"]["code"].as_i64().unwrap(),
        answer["id"].clone(),
    )
}

#[test]
fn what_is_no_message_is_refused_and_the_session_goes_on() {
    let sandbox = sandbox();
    let mut client = Client::start(&sandbox, &[]);
    let run = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"run","arguments":{"command":["true"]}}}"#;
    let batch = format!("[{run}]");
    let broken = &run[..run.len() - 1];
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let lines: [(&[u8], i64); 12] = [
        (b"nonsense", -32700),
        (b"{", -32700),
        (broken.as_bytes(), -32700),
        (b"\xff\xfe\x00", -32700),
        (b"\"\x1b[2J\"", -32700),
        (b"Content-Length: 5", -32700),
        (deep.as_bytes(), -32700),
        (batch.as_bytes(), -32600),
        (b"[]", -32600),
        (b"null", -32600),
        (b"{}", -32600),
        (br#"{"jsonrpc":"1.0","method":"ping"}"#, -32600),
    ];
    // Before the handshake and after it.
    for _ in 0..2 {
        for (line, code) in lines {
            let shown = String::from_utf8_lossy(&line[..line.len().min(60)]).into_owned();
            assert_eq!(refused(&mut client, line), (code, Value::Null), "{shown}");
        }
        client.shake_hands(VERSION);
        client.ok("list", json!({}));
    }
    let wrong = br#"{"jsonrpc":"2.0","id":"a","params":{}}"#;
    assert_eq!(refused(&mut client, wrong), (-32600, json!("a")));
    // Blank lines, line ends of other systems and answers that nobody asked for are no errors.
    for line in ["", "   ", "\r", r#"{"jsonrpc":"2.0","id":99,"result":{}}"#] {
        client.say(line.as_bytes());
    }
    client.say(b"{\"jsonrpc\":\"2.0\",\"id\":\"r\",\"method\":\"ping\"}\r");
    client.wait_for("an answer", |message| message["id"] == "r");
    assert!(sandbox.job_ids().is_empty());
    client.end();
}

#[test]
fn a_line_without_end_takes_no_memory() {
    let sandbox = sandbox();
    let mut client = Client::begin(&sandbox);
    let before = peak(&client);
    let much = vec![b'x'; 1 << 20];
    let mut line = Vec::with_capacity(80 << 20);
    while line.len() < 80 << 20 {
        line.extend_from_slice(&much);
    }
    assert_eq!(refused(&mut client, &line), (-32600, Value::Null));
    let more = peak(&client) - before;
    assert!(more < 40 << 10, "{more} KiB more");
    client.ok("list", json!({}));
    // What is not too long is taken.
    let stdin = "y".repeat(4 << 20);
    let run = client.ok("run", json!({"command": ["wc", "-c"], "stdin": stdin}));
    assert_eq!(run["snapshot"]["stdout"]["tail"], "4194304\n");
    client.end();
}

/// Returns the most memory that the server ever had, in KiB.
fn peak(client: &Client) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", client.process().pid)).unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}

#[test]
fn unknown_methods_tools_and_fields_are_refused_and_execute_nothing() {
    let sandbox = sandbox();
    let mut client = Client::begin(&sandbox);
    assert_eq!(client.refused("no/such", json!({})), -32601);
    assert_eq!(client.refused("prompts/get", json!({"name": "x"})), -32601);
    assert_eq!(client.refused("completion/complete", json!([])), -32600);
    assert_eq!(client.refused("tools/call", json!({})), -32602);
    assert_eq!(client.refused("tools/call", json!({"name": 7})), -32602);
    assert_eq!(
        client.refused("tools/call", json!({"name": "run", "arguments": "true"})),
        -32602
    );
    assert_eq!(
        client.refused("tools/call", json!({"name": "run", "arguments": ["true"]})),
        -32602
    );
    assert_eq!(client.refused("tools/call", json!(["run"])), -32600);
    for name in [
        "",
        "Run",
        "gc",
        "exec",
        "_supervise",
        "../run",
        "run --shell",
    ] {
        assert_eq!(
            client.refused("tools/call", json!({"name": name, "arguments": {}})),
            -32602,
            "{name}"
        );
    }
    let wrong = [
        ("run", json!({})),
        ("run", json!({"command": "true"})),
        ("run", json!({"command": ["true"], "shell": "true"})),
        ("run", json!({"command": ["true"], "unheard_of": 1})),
        ("run", json!({"command": ["true"], "root": "/tmp"})),
        ("run", json!({"command": ["true"], "config": "/tmp/x"})),
        ("run", json!({"command": ["true"], "no_wait": "yes"})),
        ("run", json!({"command": ["true"], "timeout": 5})),
        ("run", json!({"command": ["tr\u{0}ue"]})),
        ("run", json!({"command": [true]})),
        ("run", json!({"command": ["true"], "env": {"A": 1}})),
        ("run", json!({"command": ["true"], "containment": "none"})),
        ("status", json!({})),
        ("status", json!({"job": 7})),
        ("wait", json!({"jobs": []})),
        ("wait", json!({"jobs": ["@1"], "from_json": "/etc/passwd"})),
        ("logs", json!({"job": "@1", "follow": true})),
        ("list", json!({"watch": true})),
        ("notify", json!({"job": "@1"})),
        ("notify", json!({"action": "explode", "job": "@1"})),
    ];
    for (tool, fields) in wrong {
        let document = client.err(tool, fields.clone());
        assert_eq!(
            document["error"]["code"], "invalid_argument",
            "{tool} {fields}: {document:#}"
        );
        assert_eq!(document["type"], tool);
    }
    assert!(sandbox.job_ids().is_empty());
    client.end();
}

#[test]
fn a_path_is_no_job() {
    let sandbox = sandbox();
    let mut client = Client::begin(&sandbox);
    client.ok("run", json!({"command": ["true"]}));
    let tricks = [
        "../../../etc/passwd",
        "..",
        ".",
        "/",
        "/etc/passwd",
        "a/b",
        "%2e%2e",
        "\\..\\",
        "--root=/etc",
        "-h",
        "@0",
        "@-1",
        "",
        " ",
        "\u{1b}[2J",
        "jobs/01",
    ];
    for trick in tricks {
        for (tool, fields) in [
            ("status", json!({"job": trick})),
            ("tail", json!({"job": trick})),
            ("kill", json!({"jobs": [trick]})),
            ("delete", json!({"jobs": [trick]})),
        ] {
            let document = client.call(tool, fields)["structuredContent"].clone();
            assert_eq!(document["ok"], false, "{tool} {trick:?}: {document:#}");
        }
        for uri in [
            format!("foster://jobs/{trick}"),
            format!("foster://jobs/{trick}/stdout"),
        ] {
            let code = client.refused("resources/read", json!({"uri": uri}));
            assert!([-32002, -32602].contains(&code), "{uri}: {code}");
            let code = client.refused("resources/subscribe", json!({"uri": uri}));
            assert!([-32002, -32602].contains(&code), "{uri}: {code}");
        }
    }
    assert_eq!(sandbox.job_ids().len(), 1);
    client.end();
}
