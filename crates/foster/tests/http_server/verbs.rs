//! Each verb answers with the document of the command line.

use std::collections::BTreeSet;

use foster_testkit::Sandbox;
use serde_json::{Value, json};

use crate::client::Response;
use crate::served::{FOSTER, Served};

/// What differs between two calls of the same verb: times, numbers of processes, how full the disk is, and whether
/// somebody was told already.
const PASSING: [&str; 25] = [
    "action",
    "attempted_at",
    "freed_bytes",
    "took_ms",
    "armed",
    "delivered",
    "remaining_ms",
    "deadline",
    "delivery_results",
    "at",
    "created_at",
    "started_at",
    "exited_at",
    "finished_at",
    "updated_at",
    "duration_ms",
    "elapsed_ms",
    "waited_ms",
    "pid",
    "free_bytes",
    "deadline_at",
    "running_ms",
    "left_ms",
    "disk",
    "seconds",
];

/// Takes out what differs, and the ids of jobs, wherever they are.
fn lasting(value: &Value, ids: &[&str]) -> Value {
    match value {
        Value::Object(object) => object
            .iter()
            .map(|(key, value)| {
                let value = if PASSING.contains(&key.as_str()) {
                    Value::Null
                } else {
                    lasting(value, ids)
                };
                (key.clone(), value)
            })
            .collect(),
        Value::Array(values) => values.iter().map(|value| lasting(value, ids)).collect(),
        // It has the number of a process.
        Value::String(text) if text.contains("foster-doctor-") => Value::Null,
        Value::String(text) => ids
            .iter()
            .fold(text.clone(), |text, id| text.replace(id, "ID"))
            .into(),
        other => other.clone(),
    }
}

struct Scene {
    sandbox: Sandbox,
    served: Served,
    seen: BTreeSet<String>,
}

impl Scene {
    fn new() -> Self {
        let sandbox = Sandbox::new(FOSTER);
        let served = Served::start(&sandbox);
        Self {
            sandbox,
            served,
            seen: BTreeSet::new(),
        }
    }

    /// The answers to the same question are the same.
    fn looks(&mut self, response: &Response, line: &str) {
        let answer = self.sandbox.json(line.split(' '));
        self.same(response, &answer.value, &[]);
    }

    fn same(&mut self, response: &Response, answer: &Value, ids: &[&str]) {
        let told = response.json();
        let (here, there) = (lasting(&told, ids), lasting(answer, ids));
        assert!(here == there, "{here:#}\n{there:#}");
        assert_eq!(response.header("content-type"), Some("application/json"));
        assert!(response.status == 200 || told["ok"] == false);
        self.seen.insert(told["type"].as_str().unwrap().to_owned());
    }

    /// Asks for the same thing twice, of two jobs that are alike, here and there.
    fn acts(&mut self, path: &str, body: &Value, line: &str, here: &str, there: &str) {
        let response = self.served.post(&path.replace("ID", here), body);
        let line = line.replace("ID", there);
        let answer = self.sandbox.json(line.split(' '));
        self.same(&response, &answer.value, &[here, there, "left", "right"]);
    }
}

fn id(answer: &Value) -> String {
    answer["job_id"].as_str().unwrap().to_owned()
}

#[test]
fn every_verb_answers_as_on_the_command_line() {
    let mut scene = Scene::new();
    let run = json!({"command": ["sh", "-c", "echo out; echo err >&2; exit 3"], "name": "left", "tag": ["a.b"], "env": {"A": "1"}});
    let here = scene.served.post("/v1/jobs", &run);
    let line = [
        "run",
        "--name",
        "right",
        "--tag",
        "a.b",
        "--env",
        "A=1",
        "--",
        "sh",
        "-c",
        "echo out; echo err >&2; exit 3",
    ];
    let there = scene.sandbox.json(line).value;
    let ids = (id(&here.json()), id(&there));
    scene.same(&here, &there, &[&ids.0, &ids.1, "left", "right"]);
    let here = ids.0.clone();
    let at = |rest: &str| format!("/v1/jobs/{here}{rest}");
    for (path, line) in [
        (at(""), format!("status {here}")),
        (at("?run=1"), format!("status {here} --run 1")),
        (at("/tail"), format!("tail {here}")),
        (
            at("/tail?stdout=true&lines=1"),
            format!("tail {here} --stdout --lines 1"),
        ),
        (at("/logs"), format!("logs {here}")),
        (
            at("/logs?grep=o.t&context=1"),
            format!("logs {here} --grep o.t --context 1"),
        ),
        (at("/wait"), format!("wait {here}")),
        (at("/processes"), format!("processes {here}")),
        (at("/notify"), format!("notify show {here}")),
        ("/v1/jobs".to_owned(), "list".to_owned()),
        (
            "/v1/jobs?all=true&limit=1&tag=a.%2A&state=exited&state=killed".to_owned(),
            "list --all --limit 1 --tag a.* --state exited --state killed".to_owned(),
        ),
        ("/v1/ps".to_owned(), "ps".to_owned()),
        ("/v1/doctor".to_owned(), "doctor".to_owned()),
        ("/v1/schemas".to_owned(), "schema".to_owned()),
        ("/v1/schemas/run".to_owned(), "schema run".to_owned()),
        ("/v1/jobs/nothing".to_owned(), "status nothing".to_owned()),
        (
            "/v1/schemas/nothing".to_owned(),
            "schema nothing".to_owned(),
        ),
        ("/v1/jobs?limit=0".to_owned(), "list --limit 0".to_owned()),
    ] {
        let response = scene.served.get(&path);
        if path.ends_with("limit=0") {
            // The same refusal, in the words of fields.
            response.refused(400, "invalid_argument");
            continue;
        }
        scene.looks(&response, &line);
    }
    settings(&mut scene);
    changes(&mut scene, &ids.0, &ids.1);
    inputs_and_ends(&mut scene);
    let verbs: BTreeSet<_> = [
        "run",
        "status",
        "list",
        "ps",
        "tail",
        "logs",
        "wait",
        "kill",
        "send",
        "create",
        "start",
        "restart",
        "delete",
        "tag",
        "notify",
        "deadline",
        "gc",
        "recover",
        "doctor",
        "config",
        "schema",
        "processes",
    ]
    .map(str::to_owned)
    .into();
    assert_eq!(scene.seen, verbs);
}

/// Each value is the same; the root's comes from the environment in both.
fn settings(scene: &mut Scene) {
    let response = scene.served.get("/v1/config");
    scene.looks(&response, "config");
}

fn changes(scene: &mut Scene, here: &str, there: &str) {
    let nothing = json!({});
    scene.acts(
        "/v1/jobs/ID/tag",
        &json!({"add": ["x"]}),
        "tag ID --add x",
        here,
        there,
    );
    scene.acts("/v1/tag", &json!({"job": here}), "tag ID", here, there);
    scene.acts(
        "/v1/jobs/ID/notify",
        &json!({"action": "set", "notify_file": ["f"]}),
        "notify set ID --notify-file f",
        here,
        there,
    );
    scene.acts(
        "/v1/jobs/ID/deadline",
        &json!({"after": "5s"}),
        "deadline ID 5s",
        here,
        there,
    );
    scene.acts("/v1/jobs/ID/restart", &nothing, "restart ID", here, there);
    scene.acts("/v1/wait", &json!({"jobs": [here]}), "wait ID", here, there);
    scene.acts(
        "/v1/recover",
        &json!({"jobs": [here]}),
        "recover ID",
        here,
        there,
    );
    scene.acts(
        "/v1/gc",
        &json!({"dry_run": true}),
        "gc --dry-run",
        here,
        there,
    );
    let created = scene
        .served
        .post("/v1/jobs/create", &json!({"command": ["true"]}));
    let also = scene.sandbox.json(["create", "true"]).value;
    let ids = (id(&created.json()), id(&also));
    scene.same(&created, &also, &[&ids.0, &ids.1]);
    scene.acts("/v1/jobs/ID/kill", &nothing, "kill ID", &ids.0, &ids.1);
    scene.acts("/v1/jobs/ID/start", &nothing, "start ID", &ids.0, &ids.1);
    let gone = scene
        .served
        .ask("DELETE", &format!("/v1/jobs/{}?dry_run=true", ids.0), None);
    let line = format!("delete {} --dry-run", ids.1);
    let also = scene.sandbox.json(line.split(' ')).value;
    scene.same(&gone, &also, &[&ids.0, &ids.1]);
    scene.acts(
        "/v1/delete",
        &json!({"jobs": [ids.0]}),
        "delete ID",
        &ids.0,
        &ids.1,
    );
    scene
        .served
        .get(&format!("/v1/jobs/{}", ids.0))
        .refused(404, "job_not_found");
}

fn inputs_and_ends(scene: &mut Scene) {
    let body = json!({"command": ["cat"], "stdin": "open", "no_wait": true});
    let here = id(&scene.served.post("/v1/jobs", &body).ok());
    let there = id(&scene
        .sandbox
        .ok(["run", "--stdin=open", "--no-wait", "cat"]));
    scene.acts(
        "/v1/jobs/ID/send",
        &json!({"text": "line"}),
        "send ID line",
        &here,
        &there,
    );
    scene.acts(
        "/v1/jobs/ID/deadline",
        &json!({"after": "1h"}),
        "deadline ID 1h",
        &here,
        &there,
    );
    scene.acts(
        "/v1/kill",
        &json!({"jobs": [here]}),
        "kill ID",
        &here,
        &there,
    );
    scene.acts(
        "/v1/wait",
        &json!({"jobs": [here]}),
        "wait ID",
        &here,
        &there,
    );
}

#[test]
fn each_kind_of_failure_has_its_status() {
    let sandbox = Sandbox::new(FOSTER);
    let served = Served::start(&sandbox);
    served
        .post("/v1/jobs", &json!({"command": ["no-such-program"]}))
        .refused(422, "command_not_found");
    served
        .post("/v1/jobs", &json!({"command": ["true"], "cwd": "/no/such"}))
        .refused(422, "bad_cwd");
    served
        .post(
            "/v1/jobs",
            &json!({"command": ["true"], "stdin": "xx", "stdin_max": "1B"}),
        )
        .refused(413, "stdin_too_large");
    let id = served
        .post("/v1/jobs/create", &json!({"command": ["true"]}))
        .ok()["job_id"]
        .as_str()
        .unwrap()
        .to_owned();
    served
        .post(&format!("/v1/jobs/{id}/kill"), &json!({}))
        .refused(409, "invalid_state");
    served
        .get(&format!("/v1/jobs/{id}/output/stdout"))
        .refused(409, "invalid_state");
    served
        .post(&format!("/v1/jobs/{id}/kill"), &json!({"signal": "NONE"}))
        .refused(400, "unknown_signal");
    served
        .get("/v1/jobs/none/events")
        .refused(404, "job_not_found");
    served
        .get("/v1/jobs/none/output/stderr")
        .refused(404, "job_not_found");
}

#[test]
fn commands_get_the_server_s_environment_and_not_its_token() {
    let sandbox = Sandbox::new(FOSTER);
    let served = Served::start(&sandbox);
    let body = json!({"command": ["sh", "-c", "env; cat /proc/self/cmdline /proc/$PPID/cmdline | tr '\\0' ' '"]});
    let answer = served.post("/v1/jobs", &body).ok();
    assert!(
        answer["snapshot"]["stdout"]["tail"]
            .as_str()
            .unwrap()
            .contains("FOSTER_JOB=")
    );
    assert!(!answer.to_string().contains(&served.token));
}
