use foster_testkit::{DEADLINE, Gate};
use serde_json::{Value, json};

use crate::client::{Client, job_of, sandbox};
use crate::handshake::newest;

const UPDATED: &str = "notifications/resources/updated";
const LIST_CHANGED: &str = "notifications/resources/list_changed";

fn state_of(client: &mut Client, uri: &str) -> Value {
    let answer = client.ask("resources/read", json!({"uri": uri}));
    let text = answer["result"]["contents"][0]["text"].as_str().unwrap();
    let document: Value = serde_json::from_str(text).unwrap();
    document["state"].clone()
}

/// Waits until a job is told of in a state.
fn told_of(client: &mut Client, uri: &str, state: &str) {
    loop {
        assert_eq!(client.told(UPDATED)["uri"], uri);
        if state_of(client, uri) == state {
            return;
        }
    }
}

#[test]
fn whoever_subscribes_is_told_of_the_end_and_of_a_new_run() {
    let sandbox = sandbox();
    let gate = Gate::new(&sandbox, "gate");
    let mut client = Client::begin(&sandbox);
    let run = client.ok("run", json!({"shell": "read x < gate", "no_wait": true}));
    let id = job_of(&run);
    let uri = format!("foster://jobs/{id}");
    for _ in 0..2 {
        let answer = client.ask("resources/subscribe", json!({"uri": uri}));
        assert_eq!(answer["result"], json!({}), "{answer:#}");
    }
    gate.open();
    told_of(&mut client, &uri, "exited");
    sandbox.ok(["restart", "--no-wait", &id]);
    told_of(&mut client, &uri, "running");
    gate.open();
    told_of(&mut client, &uri, "exited");
    // Whatever is asked for after it is unsubscribed is told first.
    client.ask("resources/unsubscribe", json!({"uri": uri}));
    sandbox.ok(["restart", "--no-wait", &id]);
    gate.open();
    sandbox.ok(["wait", &id]);
    client.ok("status", json!({"job": id}));
    client.end();
}

#[test]
fn a_job_that_is_over_is_told_of_at_once_and_one_that_goes_once() {
    let sandbox = sandbox();
    let mut client = Client::begin(&sandbox);
    let run = client.ok("run", json!({"command": ["true"]}));
    let id = job_of(&run);
    let uri = format!("foster://jobs/{id}");
    client.ask("resources/subscribe", json!({"uri": uri}));
    assert_eq!(client.told(UPDATED)["uri"], uri);
    sandbox.ok(["delete", &id]);
    assert_eq!(client.told(UPDATED)["uri"], uri);
    assert_eq!(
        client.refused("resources/read", json!({"uri": uri})),
        -32002
    );
    assert_eq!(
        client.refused("resources/subscribe", json!({"uri": uri})),
        -32002
    );
    client.end();
}

#[test]
fn what_is_no_job_can_not_be_subscribed_to_nor_too_many() {
    let sandbox = sandbox();
    let mut client = Client::begin(&sandbox);
    let run = client.ok("run", json!({"command": ["true"]}));
    let id = job_of(&run);
    let refused = [
        (format!("foster://jobs/{id}/stdout"), -32602),
        (
            "foster://jobs/00000000000000000000000000".to_owned(),
            -32002,
        ),
        ("foster://jobs/@1".to_owned(), -32002),
        ("file:///".to_owned(), -32002),
    ];
    for (uri, code) in refused {
        assert_eq!(
            client.refused("resources/subscribe", json!({"uri": uri})),
            code,
            "{uri}"
        );
    }
    let never = json!({"uri": "foster://jobs/00000000000000000000000000"});
    assert_eq!(
        client.ask("resources/unsubscribe", never)["result"],
        json!({})
    );
    let create = |client: &mut Client| job_of(&client.ok("create", json!({"command": ["true"]})));
    let ids: Vec<_> = (0..33).map(|_| create(&mut client)).collect();
    let uri = |id: &String| json!({"uri": format!("foster://jobs/{id}")});
    let (last, most) = ids.split_last().unwrap();
    for id in most {
        assert_eq!(
            client.ask("resources/subscribe", uri(id))["result"],
            json!({})
        );
    }
    assert_eq!(client.refused("resources/subscribe", uri(last)), -32603);
    client.ask("resources/unsubscribe", uri(&most[0]));
    assert_eq!(
        client.ask("resources/subscribe", uri(last))["result"],
        json!({})
    );
    client.end();
}

#[test]
fn jobs_that_come_and_go_change_the_list() {
    let sandbox = sandbox();
    let mut client = Client::begin(&sandbox);
    client.ask("ping", json!({}));
    let id = job_of(&sandbox.ok(["create", "--", "true"]));
    client.told(LIST_CHANGED);
    sandbox.ok(["delete", &id]);
    client.told(LIST_CHANGED);
    // What a job does from its start to its end changes no list of jobs.
    let id = job_of(&sandbox.ok(["create", "--", "true"]));
    client.told(LIST_CHANGED);
    sandbox.ok(["start", &id]);
    client.ok("status", json!({"job": id}));
    client.end();
}

/// In the newest version one request says what is to be told, and is its end as well.
#[test]
fn a_client_of_the_newest_version_listens() {
    let sandbox = sandbox();
    let gate = Gate::new(&sandbox, "gate");
    let run = sandbox.ok(["run", "--no-wait", "--shell", "read x < gate"]);
    let id = job_of(&run);
    let uri = format!("foster://jobs/{id}");
    let mut client = Client::start(&sandbox, &[]);
    let wishes = json!({
        "resourcesListChanged": true, "toolsListChanged": true,
        "resourceSubscriptions": [uri, "foster://jobs/../x", format!("{uri}/stdout")],
    });
    let listen = client.request(
        "subscriptions/listen",
        json!({"_meta": newest(), "notifications": wishes}),
    );
    let accepted = client.told("notifications/subscriptions/acknowledged");
    let expected = json!({"resourcesListChanged": true, "resourceSubscriptions": [uri]});
    assert_eq!(accepted["notifications"], expected);
    sandbox.ok(["create", "--", "true"]);
    client.told(LIST_CHANGED);
    gate.open();
    let told = client.told(UPDATED);
    assert_eq!(told["uri"], uri);
    assert_eq!(
        told["_meta"]["io.modelcontextprotocol/subscriptionId"],
        listen
    );
    client.notify("notifications/cancelled", json!({"requestId": listen}));
    client.end();
    sandbox.assert_nothing_left(DEADLINE);
}
