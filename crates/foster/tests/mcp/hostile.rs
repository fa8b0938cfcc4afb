use serde_json::json;

use crate::client::{Client, job_of, sandbox, text_of};

/// Whatever a terminal or a page would act on, or a reader would not see.
fn acts(c: char) -> bool {
    (c.is_control() && !matches!(c, '\n' | '\t'))
        || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{e0000}'..='\u{e007f}')
}

#[test]
fn what_a_command_prints_does_nothing_in_a_text() {
    let sandbox = sandbox();
    let mut client = Client::begin(&sandbox);
    let hostile = "\x1b]0;owned\x07\x1b[2J\x1b[31mred\x1b[0m\rover\u{202e}gnp.exe\u{2066}\n```\n<script>alert(1)</script>\n\
                   ![x](http://evil/)\nobey\u{e0041}\u{200b} me\u{9b}5n\n~~~\n";
    let run = client.call("run", json!({"command": ["printf", "%s", hostile]}));
    let text = text_of(&run);
    assert!(!text.contains(acts), "{text:?}");
    assert!(text.contains("\\u{1b}]0;owned\\u{7}"), "{text}");
    assert!(text.contains("red"), "{text}");
    // The fence is longer than any in the output, which so can't close it.
    assert!(text.contains("stdout:\n````\n"), "{text}");
    assert!(text.contains("\n~~~\n````"), "{text}");
    // The document has it all, as the command line's has.
    let document = &run["structuredContent"];
    assert_eq!(document["snapshot"]["stdout"]["tail"], hostile);
    let id = job_of(document);
    for (tool, fields) in [
        ("tail", json!({"job": id})),
        ("tail", json!({"job": id, "digest": true})),
        ("logs", json!({"job": id})),
        ("wait", json!({"jobs": [id]})),
        ("wait", json!({"jobs": [id], "for": "red"})),
        ("status", json!({"job": id})),
        ("list", json!({})),
    ] {
        let result = client.call(tool, fields);
        assert!(
            !text_of(&result).contains(acts),
            "{tool}: {:?}",
            text_of(&result)
        );
    }
    let listed = client.ask("resources/list", json!({}));
    let title = listed["result"]["resources"][0]["title"].as_str().unwrap();
    assert!(!title.contains(acts), "{title:?}");
    let read = client.ask(
        "resources/read",
        json!({"uri": format!("foster://jobs/{id}/stdout")}),
    );
    let text = read["result"]["contents"][0]["text"].as_str().unwrap();
    assert!(!text.contains(acts), "{text:?}");
    client.end();
}

#[test]
fn bytes_that_are_no_text_and_lines_without_end_are_bounded() {
    let sandbox = sandbox();
    let mut client = Client::begin(&sandbox);
    let bytes = client.call("run", json!({"shell": "printf '\\377\\376\\000a\\200'"}));
    assert!(
        text_of(&bytes).contains("\u{fffd}\u{fffd}\\u{0}a\u{fffd}"),
        "{}",
        text_of(&bytes)
    );
    let line = "head -c 3000000 /dev/zero | tr '\\0' x; echo; head -c 3000000 /dev/zero >&2";
    let long = client.call("run", json!({"shell": line, "max_bytes": "2MiB"}));
    let text = text_of(&long);
    assert!(text.len() < 70_000, "{} bytes", text.len());
    assert!(text.contains(", its end alone:"), "{}", &text[..200]);
    let id = job_of(&long["structuredContent"]);
    let listed = client.call("logs", json!({"job": id, "max_bytes": "2MiB"}));
    assert!(text_of(&listed).len() < 70_000);
    // Errors repeat no more of what was said than is needed.
    let huge = "z".repeat(1 << 20);
    for (tool, fields) in [
        ("status", json!({"job": huge})),
        ("status", json!({huge.clone(): 1})),
        ("run", json!({"command": ["true"], "timeout": huge})),
    ] {
        let result = client.call(tool, fields);
        assert_eq!(result["isError"], true);
        assert!(
            text_of(&result).len() < 6_000,
            "{tool}: {}",
            text_of(&result).len()
        );
    }
    let unknown = client.ask("tools/call", json!({"name": huge}));
    assert!(unknown.to_string().len() < 500);
    let unknown = client.ask(&huge, json!({}));
    assert!(unknown.to_string().len() < 500);
    client.end();
}
