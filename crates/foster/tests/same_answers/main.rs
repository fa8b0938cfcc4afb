//! One door: each verb, asked for on the command line, over MCP and over HTTP, gives the same answer.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that can't go on fails by stopping there"
)]

#[path = "../http_server/client.rs"]
#[expect(dead_code, reason = "other tests use more of it")]
mod client;
mod lasting;
#[path = "../mcp/client.rs"]
#[expect(dead_code, reason = "other tests use more of it")]
mod mcp_client;
mod rows;
#[path = "../http_server/served.rs"]
#[expect(dead_code, reason = "other tests use more of it")]
mod served;

use std::collections::BTreeSet;

use foster_testkit::{DEADLINE, Sandbox};
use serde_json::Value;

use lasting::lasting;
use mcp_client::Client;
use rows::{Row, rows};
use served::Served;

/// The three ways to ask.
struct FrontEnds {
    sandbox: Sandbox,
    served: Served,
    mcp: Client,
    /// The verbs that MCP has.
    tools: BTreeSet<String>,
}

impl FrontEnds {
    fn new() -> Self {
        let sandbox = mcp_client::sandbox();
        let served = Served::start(&sandbox);
        let mut mcp = Client::begin(&sandbox);
        let listed = mcp.ask("tools/list", Value::Object(serde_json::Map::new()));
        let tools = listed["result"]["tools"].as_array().unwrap();
        let tools = tools.iter().map(|tool| tool["name"].as_str().unwrap());
        Self {
            tools: tools.map(str::to_owned).collect(),
            sandbox,
            served,
            mcp,
        }
    }

    /// Makes what a row is about anew, so that nobody's call changes what the next one sees.
    fn prepare(&self, row: &Row) -> String {
        if row.before.is_empty() {
            return String::new();
        }
        let made = self.sandbox.json(row.before.iter().copied()).value;
        if made["finished_at"].is_string() {
            // What is told of a job differs as long as its keeper is on its way out.
            self.sandbox.assert_nothing_left(DEADLINE);
        }
        made["job_id"].as_str().unwrap().to_owned()
    }

    fn by_words(&self, row: &Row) -> Value {
        let job = self.prepare(row);
        let words = row.words.iter().map(|word| word.replace("JOB", &job));
        let words: Vec<String> = [row.verb.to_owned()].into_iter().chain(words).collect();
        self.judged(&job, &self.sandbox.json(&words).value)
    }

    fn by_mcp(&mut self, row: &Row) -> Value {
        let job = self.prepare(row);
        let result = self.mcp.call(row.verb, with_job(&row.fields, &job));
        let document = &result["structuredContent"];
        let failed = result["isError"] == true;
        assert_eq!(failed, document["ok"] == false, "{result:#}");
        self.judged(&job, document)
    }

    fn by_http(&self, row: &Row) -> Value {
        let job = self.prepare(row);
        let (method, path) = row.route.split_once(' ').unwrap();
        let path = path.replace("JOB", &job);
        let mut fields = with_job(&row.fields, &job);
        let fields = fields.as_object_mut().unwrap();
        // What the path says is not said again.
        fields.retain(|_, value| {
            let said = value.as_str().or_else(|| value[0].as_str());
            !said.is_some_and(|said| path.split('/').any(|part| part == said))
        });
        let response = if method == "GET" {
            fields.remove("action");
            self.served.get(&format!("{path}{}", query(fields)))
        } else {
            let body = Value::Object(fields.clone());
            self.served.ask(method, &path, Some(&body))
        };
        let document = response.json();
        assert_eq!(
            response.status == 200,
            document["ok"] == true,
            "{document:#}"
        );
        self.judged(&job, &document)
    }

    /// Returns what of an answer has to be the same, and clears away what it was about.
    fn judged(&self, job: &str, document: &Value) -> Value {
        let made = document["job_id"].as_str();
        let made = made.or(document["error"]["job_id"].as_str()).unwrap_or(job);
        let ids = [job, made].map(str::to_owned);
        for id in ids.iter().filter(|id| !id.is_empty()) {
            // One that was never made, or is deleted, is gone already.
            self.sandbox.json(["delete", "--kill", id]);
        }
        lasting(document, &ids)
    }
}

fn with_job(fields: &Value, job: &str) -> Value {
    serde_json::from_str(&fields.to_string().replace("JOB", job)).unwrap()
}

/// Returns fields as a query; the rows hold nothing there that would have to be escaped but blanks.
fn query(fields: &serde_json::Map<String, Value>) -> String {
    let text = |value: &Value| match value {
        Value::String(text) => text.replace(' ', "%20").replace('(', "%28"),
        other => other.to_string(),
    };
    let pairs = fields.iter().flat_map(|(name, value)| match value {
        Value::Array(values) => values.iter().map(|value| (name, text(value))).collect(),
        value => vec![(name, text(value))],
    });
    let pairs: Vec<_> = pairs
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    if pairs.is_empty() {
        return String::new();
    }
    format!("?{}", pairs.join("&"))
}

#[test]
fn each_verb_gives_the_same_answer_on_the_command_line_over_mcp_and_over_http() {
    let mut front_ends = FrontEnds::new();
    let mut differ = Vec::new();
    for row in rows() {
        let what = format!("{} {:?}", row.verb, row.words);
        let words = front_ends.by_words(&row);
        assert_eq!(words["ok"] == true, row.succeeds, "{what}: {words:#}");
        let mut others = vec![("HTTP", front_ends.by_http(&row))];
        if front_ends.tools.contains(row.verb) {
            others.push(("MCP", front_ends.by_mcp(&row)));
        }
        for (over, answer) in others {
            if answer != words {
                differ.push(format!("{what} over {over}: {answer}\n instead of {words}"));
            }
        }
    }
    assert!(differ.is_empty(), "{}", differ.join("\n"));
}

#[test]
fn no_verb_is_left_out() {
    let tried: BTreeSet<&str> = rows().iter().map(|row| row.verb).collect();
    let known: BTreeSet<&str> = foster_api::VERBS.iter().map(|verb| verb.name).collect();
    assert_eq!(tried, known);
    let mut front_ends = FrontEnds::new();
    let tools = std::mem::take(&mut front_ends.tools);
    let fifteen = [
        "run", "status", "list", "tail", "logs", "wait", "kill", "send", "create", "start",
        "restart", "delete", "tag", "notify", "deadline",
    ];
    for tool in fifteen {
        assert!(tools.contains(tool), "{tool} is no tool");
    }
}
