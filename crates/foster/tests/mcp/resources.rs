use foster_testkit::Gate;
use serde_json::{Value, json};

use crate::client::{Client, job_of, sandbox};

fn read(client: &mut Client, uri: &str) -> Value {
    let answer = client.ask("resources/read", json!({"uri": uri}));
    let contents = &answer["result"]["contents"];
    assert_eq!(contents.as_array().map(Vec::len), Some(1), "{answer:#}");
    assert_eq!(contents[0]["uri"], uri);
    contents[0].clone()
}

#[test]
fn jobs_are_listed_as_resources_the_newest_first() {
    let sandbox = sandbox();
    let mut client = Client::begin(&sandbox);
    let none = client.ask("resources/list", json!({}));
    assert_eq!(none["result"]["resources"], json!([]));
    let first = client.ok("run", json!({"command": ["true"], "name": "first"}));
    let second = client.ok("run", json!({"shell": "exit 3"}));
    let (first, second) = (job_of(&first), job_of(&second));
    let listed = client.ask("resources/list", json!({}));
    let expected = json!([
        {
            "uri": format!("foster://jobs/{second}"), "name": second, "title": "exit 3",
            "description": "exited, exit code 3", "mimeType": "application/json",
        },
        {
            "uri": format!("foster://jobs/{first}"), "name": "first", "title": "true",
            "description": "exited, exit code 0", "mimeType": "application/json",
        },
    ]);
    assert_eq!(listed["result"]["resources"], expected);
    assert_eq!(
        client.refused("resources/list", json!({"cursor": "x"})),
        -32602
    );
    client.end();
}

#[test]
fn many_jobs_are_listed_page_by_page() {
    let sandbox = sandbox();
    for _ in 0..7 {
        sandbox.ok(["create", "--", "true"]);
    }
    let mut command = sandbox.foster();
    command.arg("mcp").env("FOSTER_LIST_LIMIT", "3");
    let mut client = Client::of(command);
    client.shake_hands("2025-06-18");
    let (mut cursor, mut pages, mut uris) = (Value::Null, 0, Vec::new());
    loop {
        let params = if cursor.is_null() {
            json!({})
        } else {
            json!({"cursor": cursor})
        };
        let listed = client.ask("resources/list", params)["result"].clone();
        let resources = listed["resources"].as_array().unwrap();
        uris.extend(
            resources
                .iter()
                .map(|resource| resource["uri"].as_str().unwrap().to_owned()),
        );
        pages += 1;
        cursor = listed["nextCursor"].clone();
        if cursor.is_null() {
            break;
        }
    }
    uris.sort();
    uris.dedup();
    assert_eq!((pages, uris.len()), (3, 7));
    client.end();
}

#[test]
fn a_job_is_read_as_its_status_and_its_output_by_ranges() {
    let sandbox = sandbox();
    let mut client = Client::begin(&sandbox);
    let templates = client.ask("resources/templates/list", json!({}));
    let templates = templates["result"]["resourceTemplates"]
        .as_array()
        .unwrap()
        .clone();
    let shapes: Vec<_> = templates
        .iter()
        .map(|one| one["uriTemplate"].as_str().unwrap())
        .collect();
    let expected = ["", "/stdout{?from,max}", "/stderr{?from,max}"];
    assert_eq!(
        shapes,
        expected.map(|rest| format!("foster://jobs/{{id}}{rest}"))
    );
    let run = client.ok(
        "run",
        json!({"shell": "printf 0123456789; printf wrong >&2"}),
    );
    let uri = format!("foster://jobs/{}", job_of(&run));
    let status = read(&mut client, &uri);
    assert_eq!(status["mimeType"], "application/json");
    let document: Value = serde_json::from_str(status["text"].as_str().unwrap()).unwrap();
    assert_eq!(
        (&document["type"], &document["exit_code"]),
        (&json!("status"), &json!(0))
    );
    let whole = read(&mut client, &format!("{uri}/stdout"));
    assert_eq!(
        (&whole["text"], &whole["mimeType"]),
        (&json!("0123456789"), &json!("text/plain"))
    );
    let errors = read(&mut client, &format!("{uri}/stderr"));
    assert_eq!(errors["text"], "wrong");
    let mut next = format!("{uri}/stdout?from=2&max=4");
    let mut parts = Vec::new();
    loop {
        let part = read(&mut client, &next);
        let range = &part["_meta"]["foster/range"];
        parts.push(part["text"].as_str().unwrap().to_owned());
        assert_eq!(range["observed_bytes"], 10);
        next = range["next"].as_str().unwrap().to_owned();
        if range["final"] == true {
            break;
        }
    }
    assert_eq!(parts, ["2345", "6789"]);
    assert_eq!(
        client.refused(
            "resources/read",
            json!({"uri": format!("{uri}/stdout?from=x")})
        ),
        -32602
    );
    for missing in [
        "foster://jobs/00000000000000000000000000",
        &format!("{uri}/meta.json"),
        "file:///etc/passwd",
    ] {
        let answer = client.ask("resources/read", json!({"uri": missing}));
        assert_eq!(answer["error"]["code"], -32002, "{answer:#}");
        assert_eq!(answer["error"]["data"]["uri"], missing);
    }
    client.end();
}

#[test]
fn output_that_is_still_to_come_is_not_final() {
    let sandbox = sandbox();
    let gate = Gate::new(&sandbox, "gate");
    let mut client = Client::begin(&sandbox);
    let run = client.ok(
        "run",
        json!({"shell": "printf one; read x < gate; printf two", "no_wait": true}),
    );
    let id = job_of(&run);
    client.ok("wait", json!({"jobs": [id], "for": "one"}));
    let part = read(&mut client, &format!("foster://jobs/{id}/stdout"));
    let range = &part["_meta"]["foster/range"];
    assert_eq!(
        (&part["text"], &range["final"]),
        (&json!("one"), &json!(false))
    );
    gate.open();
    client.ok("wait", json!({"jobs": [id]}));
    let next = range["next"].as_str().unwrap().to_owned();
    let part = read(&mut client, &next);
    assert_eq!(
        (&part["text"], &part["_meta"]["foster/range"]["final"]),
        (&json!("two"), &json!(true))
    );
    client.end();
}
