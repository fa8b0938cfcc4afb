use serde_json::{Map, Value, json};

use foster_testkit::Sandbox;

use crate::client::{Client, job_of, sandbox, text_of};

const TOOLS: [&str; 15] = [
    "run", "status", "list", "tail", "logs", "wait", "kill", "send", "create", "start", "restart",
    "delete", "tag", "notify", "deadline",
];

fn tools(client: &mut Client) -> Vec<Value> {
    let listed = client.ask("tools/list", json!({}));
    listed["result"]["tools"].as_array().unwrap().clone()
}

#[test]
fn every_tool_is_listed_with_what_a_client_wants_to_know() {
    let sandbox = sandbox();
    let mut client = Client::begin(&sandbox);
    let tools = tools(&mut client);
    let names: Vec<_> = tools
        .iter()
        .map(|tool| tool["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, TOOLS);
    for tool in &tools {
        let name = &tool["name"];
        for text in ["title", "description"] {
            let length = tool[text].as_str().unwrap().len();
            assert!((8..400).contains(&length), "{name} {text}");
        }
        for schema in ["inputSchema", "outputSchema"] {
            assert_eq!(tool[schema]["type"], "object", "{name} {schema}");
            assert!(jsonschema::meta::is_valid(&tool[schema]), "{name} {schema}");
        }
    }
    let size = serde_json::to_vec(&tools).unwrap().len();
    assert!(size < 90_000, "the list of tools has {size} bytes");
    client.end();
}

/// What clients ask their users about depends on these.
#[test]
fn annotations_tell_what_a_tool_does() {
    let sandbox = sandbox();
    let mut client = Client::begin(&sandbox);
    let tools = tools(&mut client);
    // Read-only, destructive, idempotent, open to the world.
    let expected = [
        ("run", [false, true, false, true]),
        ("status", [true, false, true, false]),
        ("list", [true, false, true, false]),
        ("tail", [true, false, true, false]),
        ("logs", [true, false, true, false]),
        ("wait", [true, false, true, false]),
        ("kill", [false, true, true, false]),
        ("send", [false, true, false, true]),
        ("create", [false, false, false, false]),
        ("start", [false, true, false, true]),
        ("restart", [false, true, false, true]),
        ("delete", [false, true, true, false]),
        ("tag", [false, false, true, false]),
        ("notify", [false, false, true, true]),
        ("deadline", [false, false, true, false]),
    ];
    for (tool, (name, hints)) in tools.iter().zip(expected) {
        let annotations = &tool["annotations"];
        let names = [
            "readOnlyHint",
            "destructiveHint",
            "idempotentHint",
            "openWorldHint",
        ];
        let found = names.map(|hint| annotations[hint].as_bool().unwrap());
        assert_eq!((tool["name"].as_str().unwrap(), found), (name, hints));
    }
    client.end();
}

/// Calls a tool and the command line alike, and holds the two answers against each other and the tool's schema.
struct Pair<'a> {
    sandbox: &'a Sandbox,
    client: Client,
    schemas: Map<String, Value>,
    tried: Vec<String>,
}

impl Pair<'_> {
    fn same(&mut self, tool: &str, fields: Value, words: &[&str]) -> (Value, Value) {
        let result = self.client.call(tool, fields);
        let answer = result["structuredContent"].clone();
        let printed = self.sandbox.json(words.iter().copied()).value;
        assert_eq!(plain(&answer), plain(&printed), "{tool}, {words:?}");
        assert_eq!(result["isError"] == true, answer["ok"] == false, "{tool}");
        if let Err(error) = jsonschema::validate(&self.schemas[tool], &answer) {
            panic!("{tool}: {}: {error}", error.instance_path());
        }
        assert!(!text_of(&result).is_empty(), "{tool}");
        self.tried.push(tool.to_owned());
        (answer, printed)
    }
}

/// Returns a document without what differs from call to call, or from job to job.
fn plain(document: &Value) -> Value {
    const CHANGING: [&str; 17] = [
        "job_id",
        "job",
        "pid",
        "created_at",
        "started_at",
        "exited_at",
        "finished_at",
        "updated_at",
        "duration_ms",
        "elapsed_ms",
        "waited_ms",
        "running_ms",
        "remaining_ms",
        "deadline",
        "stdout_log_path",
        "stderr_log_path",
        "freed_bytes",
    ];
    match document {
        Value::Object(fields) => {
            let shown = fields.iter().map(|(name, value)| {
                let changes = CHANGING.contains(&&**name) && !value.is_null();
                let value = match &**name {
                    _ if changes => json!("changes"),
                    // What names a job ends with its id.
                    "hint" => json!(value.as_str().map(|hint| hint.split(" 0").next())),
                    "took_ms" | "at" | "supervision" | "message" => Value::Null,
                    _ => plain(value),
                };
                (name.clone(), value)
            });
            Value::Object(shown.collect())
        }
        Value::Array(values) => values.iter().map(plain).collect(),
        value => value.clone(),
    }
}

#[test]
fn every_tool_answers_as_the_command_line_does() {
    let sandbox = sandbox();
    let mut client = Client::begin(&sandbox);
    let schema = |tool: &Value| {
        (
            tool["name"].as_str().unwrap().to_owned(),
            tool["outputSchema"].clone(),
        )
    };
    let schemas = tools(&mut client).iter().map(schema).collect();
    let tried = Vec::new();
    let mut pair = Pair {
        sandbox: &sandbox,
        client,
        schemas,
        tried,
    };
    looking(&mut pair);
    changing(&mut pair);
    refused(&mut pair);
    for tool in TOOLS {
        assert!(
            pair.tried.iter().any(|tried| tried == tool),
            "{tool} was not called"
        );
    }
    pair.client.end();
}

fn looking(pair: &mut Pair<'_>) {
    let line = "echo one; echo two; echo three >&2; exit 3";
    let fields = json!({"shell": line, "tag": ["a.b"], "tail_lines": 1});
    let (run, _) = pair.same(
        "run",
        fields,
        &["run", "--tag", "a.b", "--tail-lines", "1", "--shell", line],
    );
    let id = &*job_of(&run);
    pair.same("status", json!({"job": id}), &["status", id]);
    pair.same(
        "tail",
        json!({"job": id, "lines": 1}),
        &["tail", id, "--lines", "1"],
    );
    pair.same(
        "tail",
        json!({"job": id, "from": 4, "digest": false}),
        &["tail", id, "--from", "4"],
    );
    pair.same(
        "tail",
        json!({"job": id, "digest": true}),
        &["tail", id, "--digest"],
    );
    pair.same(
        "logs",
        json!({"job": id, "grep": "t"}),
        &["logs", id, "--grep", "t"],
    );
    pair.same("wait", json!({"jobs": [id]}), &["wait", id]);
    pair.same("wait", json!({"jobs": [id, "@1"]}), &["wait", id, "@1"]);
    pair.same(
        "wait",
        json!({"jobs": [id], "for": "two"}),
        &["wait", id, "--for", "two"],
    );
    pair.same(
        "list",
        json!({"limit": 1, "state": ["exited"]}),
        &["list", "--limit", "1", "--state", "exited"],
    );
    pair.same("tag", json!({"job": id}), &["tag", id]);
    pair.same(
        "notify",
        json!({"action": "show", "job": id}),
        &["notify", "show", id],
    );
}

fn changing(pair: &mut Pair<'_>) {
    let fields = json!({"command": ["cat"], "stdin": "open", "no_wait": true, "timeout": "1h"});
    let words = [
        "run",
        "--stdin",
        "open",
        "--no-wait",
        "--timeout",
        "1h",
        "--",
        "cat",
    ];
    let (one, two) = pair.same("run", fields, &words);
    let (one, two) = (&*job_of(&one), &*job_of(&two));
    pair.same(
        "send",
        json!({"job": one, "text": "hello"}),
        &["send", two, "hello"],
    );
    pair.same(
        "deadline",
        json!({"job": one, "after": "none"}),
        &["deadline", two, "none"],
    );
    pair.same(
        "tag",
        json!({"job": one, "add": ["x"]}),
        &["tag", two, "--add", "x"],
    );
    let set = json!({"action": "set", "job": one, "notify_command": [["true"]]});
    pair.same(
        "notify",
        set,
        &["notify", "set", two, "--notify-command", "[\"true\"]"],
    );
    pair.same(
        "kill",
        json!({"jobs": [one], "grace": "0s"}),
        &["kill", two, "--grace", "0s"],
    );
    pair.same("wait", json!({"jobs": [one]}), &["wait", two]);
    pair.same(
        "create",
        json!({"command": ["true"]}),
        &["create", "--", "true"],
    );
    let (one, two) = pair.same(
        "create",
        json!({"command": ["true"]}),
        &["create", "--", "true"],
    );
    let (one, two) = (&*job_of(&one), &*job_of(&two));
    pair.same("start", json!({"job": one}), &["start", two]);
    pair.same("restart", json!({"job": one}), &["restart", two]);
    pair.same(
        "delete",
        json!({"jobs": [one], "dry_run": true}),
        &["delete", two, "--dry-run"],
    );
    pair.same("delete", json!({"jobs": [one]}), &["delete", two]);
}

/// Errors and answers that are half an error are in the schemas too: official clients look.
fn refused(pair: &mut Pair<'_>) {
    for (tool, fields, words) in [
        (
            "status",
            json!({"job": "nobody"}),
            &["status", "nobody"][..],
        ),
        ("tail", json!({"job": "nobody"}), &["tail", "nobody"]),
        ("logs", json!({"job": "nobody"}), &["logs", "nobody"]),
        ("wait", json!({"jobs": ["nobody"]}), &["wait", "nobody"]),
        (
            "wait",
            json!({"jobs": ["nobody", "@1"]}),
            &["wait", "nobody", "@1"],
        ),
        (
            "kill",
            json!({"jobs": ["nobody", "@1"]}),
            &["kill", "nobody", "@1"],
        ),
        (
            "send",
            json!({"job": "@1", "text": "x"}),
            &["send", "@1", "x"],
        ),
        ("start", json!({"job": "nobody"}), &["start", "nobody"]),
        ("delete", json!({"jobs": ["nobody"]}), &["delete", "nobody"]),
        (
            "run",
            json!({"command": ["/not/there"]}),
            &["run", "--", "/not/there"],
        ),
        ("create", json!({"command": [""]}), &["create", "--", ""]),
        ("restart", json!({"job": "nobody"}), &["restart", "nobody"]),
        (
            "deadline",
            json!({"job": "nobody", "after": "1s"}),
            &["deadline", "nobody", "1s"],
        ),
        (
            "tag",
            json!({"job": "nobody", "add": ["x"]}),
            &["tag", "nobody", "--add", "x"],
        ),
        (
            "notify",
            json!({"action": "show", "job": "nobody"}),
            &["notify", "show", "nobody"],
        ),
        ("list", json!({"cursor": "x"}), &["list", "--cursor", "x"]),
    ] {
        let (answer, _) = pair.same(tool, fields, words);
        assert_eq!(answer["ok"], false, "{tool}: {answer:#}");
    }
}

#[test]
fn the_text_says_in_few_words_how_things_stand() {
    let sandbox = sandbox();
    let mut client = Client::begin(&sandbox);
    let run = client.call(
        "run",
        json!({"shell": "echo one; echo bad >&2; exit 3", "name": "lint"}),
    );
    let id = job_of(&run["structuredContent"]);
    let text = text_of(&run);
    assert!(
        text.starts_with(&format!("{id} (lint) exited, exit code 3, ")),
        "{text}"
    );
    assert!(
        text.ends_with("stdout:\n```\none\n```\nstderr:\n```\nbad\n```"),
        "{text}"
    );
    let listed = client.call("list", json!({}));
    assert!(text_of(&listed).contains(&format!("{id} (lint) exited, exit code 3")));
    let running = client.call("run", json!({"command": ["sleep", "600"], "no_wait": true}));
    let id = job_of(&running["structuredContent"]);
    let text = text_of(&running);
    assert!(text.starts_with(&format!("{id} running")), "{text}");
    assert!(text.contains("wait with jobs"), "{text}");
    let killed = client.call("kill", json!({"jobs": [id]}));
    let text = text_of(&killed);
    assert!(text.contains("killed, signal TERM, cause stop"), "{text}");
    assert!(text.contains("no process of it is left"), "{text}");
    client.end();
}

#[test]
fn nothing_that_is_meant_for_the_server_reaches_a_job() {
    let sandbox = sandbox();
    let mut client = Client::begin(&sandbox);
    let nothing = client.ok("run", json!({"command": ["cat"]}));
    assert_eq!(nothing["snapshot"]["stdout"]["observed_bytes"], 0);
    // On the command line that means its own standard input; here it is a text.
    let dash = client.ok("run", json!({"command": ["cat"], "stdin": "-"}));
    assert_eq!(dash["snapshot"]["stdout"]["tail"], "-");
    // Nor does a job write to the client.
    client.ok(
        "run",
        json!({"shell": "echo out; echo err >&2; echo > /proc/self/fd/1"}),
    );
    assert!(client.has_not_come(|message| message.get("not JSON").is_some()));
    client.end();
}
