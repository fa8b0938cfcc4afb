use serde_json::{Value, json};

/// A job that runs until it is ended, and prints first.
const RUNNING: &[&str] = &["run", "--no-wait", "--name", "it", "--", "sleep", "600"];
/// One that is over.
const OVER: &[&str] = &[
    "run",
    "--wait",
    "--name",
    "it",
    "--",
    "sh",
    "-c",
    "echo out; echo err >&2; exit 3",
];
/// One that reads.
const READS: &[&str] = &["run", "--no-wait", "--stdin", "open", "--", "cat"];
/// One that was only defined.
const DEFINED: &[&str] = &["create", "--name", "it", "--", "true"];

/// A call, said in three ways.
pub struct Row {
    /// What makes the job that it is about, on the command line.
    pub before: &'static [&'static str],
    pub verb: &'static str,
    /// What follows the verb on a command line; `JOB` stands for the job.
    pub words: &'static [&'static str],
    /// The same as a request.
    pub fields: Value,
    /// Where it is asked for over HTTP.
    pub route: &'static str,
    pub succeeds: bool,
}

impl Row {
    fn refused(mut self) -> Self {
        self.succeeds = false;
        self
    }
}

fn row(
    before: &'static [&'static str],
    verb: &'static str,
    words: &'static [&'static str],
    fields: Value,
    route: &'static str,
) -> Row {
    Row {
        before,
        verb,
        words,
        fields,
        route,
        succeeds: true,
    }
}

/// Every verb that programs can call, at least once, and of each kind of error one.
pub fn rows() -> Vec<Row> {
    let parts = [launching(), looking(), changing(), keeping_house()];
    parts.into_iter().flatten().collect()
}

fn launching() -> Vec<Row> {
    vec![
        row(
            &[],
            "run",
            &[
                "--wait",
                "--tag",
                "a.b",
                "--env",
                "A=1",
                "--",
                "sh",
                "-c",
                "echo $A; exit 4",
            ],
            json!({"wait": true, "tag": ["a.b"], "env": {"A": "1"}, "command": ["sh", "-c", "echo $A; exit 4"]}),
            "POST /v1/jobs",
        ),
        row(
            &[],
            "run",
            &["--no-wait", "--shell", "exec sleep 600"],
            json!({"no_wait": true, "shell": "exec sleep 600"}),
            "POST /v1/jobs",
        ),
        row(
            &[],
            "run",
            &["--", "no-such-program"],
            json!({"command": ["no-such-program"]}),
            "POST /v1/jobs",
        )
        .refused(),
        row(
            &[],
            "run",
            &["--timeout", "5", "--", "true"],
            json!({"timeout": "5", "command": ["true"]}),
            "POST /v1/jobs",
        )
        .refused(),
        row(&[], "run", &[], json!({}), "POST /v1/jobs").refused(),
        row(
            &[],
            "create",
            &["--stdin", "text", "--", "cat"],
            json!({"stdin": "text", "command": ["cat"]}),
            "POST /v1/jobs/create",
        ),
        row(
            DEFINED,
            "start",
            &["JOB", "--wait"],
            json!({"job": "JOB", "wait": true}),
            "POST /v1/jobs/JOB/start",
        ),
        row(
            OVER,
            "start",
            &["JOB"],
            json!({"job": "JOB"}),
            "POST /v1/jobs/JOB/start",
        )
        .refused(),
        row(
            OVER,
            "restart",
            &["JOB", "--wait"],
            json!({"job": "JOB", "wait": true}),
            "POST /v1/jobs/JOB/restart",
        ),
        row(
            OVER,
            "status",
            &["JOB"],
            json!({"job": "JOB"}),
            "GET /v1/jobs/JOB",
        ),
    ]
}

fn looking() -> Vec<Row> {
    vec![
        row(
            OVER,
            "status",
            &["01jzzzzzzzzzzzzzzzzzzzzzzz"],
            json!({"job": "01jzzzzzzzzzzzzzzzzzzzzzzz"}),
            "GET /v1/jobs/01jzzzzzzzzzzzzzzzzzzzzzzz",
        )
        .refused(),
        row(
            OVER,
            "list",
            &["--all", "--limit", "1"],
            json!({"all": true, "limit": 1}),
            "GET /v1/jobs",
        ),
        row(
            RUNNING,
            "ps",
            &["--all", "--limit", "1"],
            json!({"all": true, "limit": 1}),
            "GET /v1/ps",
        ),
        row(
            OVER,
            "tail",
            &["JOB", "--stderr", "--lines", "1"],
            json!({"job": "JOB", "stderr": true, "lines": 1}),
            "GET /v1/jobs/JOB/tail",
        ),
        row(
            OVER,
            "logs",
            &["JOB", "--grep", "o"],
            json!({"job": "JOB", "grep": "o"}),
            "GET /v1/jobs/JOB/logs",
        ),
        row(
            OVER,
            "logs",
            &["JOB", "--grep", "("],
            json!({"job": "JOB", "grep": "("}),
            "GET /v1/jobs/JOB/logs",
        )
        .refused(),
        row(
            OVER,
            "wait",
            &["JOB", "--for", "out"],
            json!({"jobs": ["JOB"], "for": "out"}),
            "GET /v1/jobs/JOB/wait",
        ),
        row(
            RUNNING,
            "wait",
            &["JOB", "--timeout", "10ms"],
            json!({"jobs": ["JOB"], "timeout": "10ms"}),
            "POST /v1/wait",
        ),
    ]
}

fn changing() -> Vec<Row> {
    vec![
        row(
            RUNNING,
            "kill",
            &["JOB", "--grace", "0s"],
            json!({"jobs": ["JOB"], "grace": "0s"}),
            "POST /v1/jobs/JOB/kill",
        ),
        row(
            DEFINED,
            "kill",
            &["JOB"],
            json!({"jobs": ["JOB"]}),
            "POST /v1/kill",
        )
        .refused(),
        row(
            READS,
            "send",
            &["JOB", "--eof", "--", "-x"],
            json!({"job": "JOB", "text": "-x", "eof": true}),
            "POST /v1/jobs/JOB/send",
        ),
        row(
            OVER,
            "send",
            &["JOB", "x"],
            json!({"job": "JOB", "text": "x"}),
            "POST /v1/jobs/JOB/send",
        )
        .refused(),
        row(
            OVER,
            "tag",
            &["JOB", "--add", "x.y"],
            json!({"job": "JOB", "add": ["x.y"]}),
            "POST /v1/jobs/JOB/tag",
        ),
        row(
            RUNNING,
            "notify",
            &["set", "JOB", "--notify-command", "[\"true\"]"],
            json!({"action": "set", "job": "JOB", "notify_command": [["true"]]}),
            "POST /v1/jobs/JOB/notify",
        ),
        row(
            OVER,
            "notify",
            &["show", "JOB"],
            json!({"action": "show", "job": "JOB"}),
            "GET /v1/jobs/JOB/notify",
        ),
        row(
            RUNNING,
            "deadline",
            &["JOB", "none"],
            json!({"job": "JOB", "after": "none"}),
            "POST /v1/jobs/JOB/deadline",
        ),
        row(
            OVER,
            "delete",
            &["JOB"],
            json!({"jobs": ["JOB"]}),
            "DELETE /v1/jobs/JOB",
        ),
        row(
            RUNNING,
            "delete",
            &["JOB"],
            json!({"jobs": ["JOB"]}),
            "POST /v1/delete",
        )
        .refused(),
    ]
}

fn keeping_house() -> Vec<Row> {
    vec![
        row(
            OVER,
            "gc",
            &["--dry-run", "--max-jobs", "1000"],
            json!({"dry_run": true, "max_jobs": 1000}),
            "POST /v1/gc",
        ),
        row(
            OVER,
            "recover",
            &["JOB"],
            json!({"jobs": ["JOB"]}),
            "POST /v1/recover",
        ),
        row(
            OVER,
            "processes",
            &["JOB"],
            json!({"job": "JOB"}),
            "GET /v1/jobs/JOB/processes",
        ),
        row(&[], "doctor", &[], json!({}), "GET /v1/doctor"),
        row(&[], "config", &[], json!({}), "GET /v1/config"),
        row(
            &[],
            "schema",
            &["status"],
            json!({"name": "status"}),
            "GET /v1/schemas/status",
        ),
    ]
}
