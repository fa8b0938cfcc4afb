//! Reading what a job printed: interleaved, followed, from an offset or a time on, piece by piece.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at what it did not expect"
)]

use std::fs::{self, File, OpenOptions};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use foster_testkit::{
    DEADLINE, Sandbox, Stream, Watched, finish, flood, flood_line, habit, wait_on_dir,
};
use serde_json::{Value, json};

const SOON: Duration = Duration::from_secs(30);

fn sandbox() -> Sandbox {
    Sandbox::new(env!("CARGO_BIN_EXE_foster"))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

fn program(name: &str) -> String {
    habit(name).to_str().unwrap().to_owned()
}

fn start(sandbox: &Sandbox, line: &str) -> String {
    text(&sandbox.ok(["run", "--no-wait", "--shell", line])["job_id"]).to_owned()
}

/// A FIFO on which a job waits, again and again (`read x < NAME`). It is held open here: else the
/// end of one turn could be taken for the next.
struct Gate(File);

impl Gate {
    fn new(sandbox: &Sandbox, name: &str) -> Self {
        let path = sandbox.work().join(name);
        let status = Command::new("mkfifo").arg(&path).status().unwrap();
        assert!(status.success());
        let fifo = OpenOptions::new().read(true).write(true).open(path);
        Self(fifo.unwrap())
    }

    /// Lets the job go on by one turn.
    fn open(&self) {
        (&self.0).write_all(b"go\n").unwrap();
    }
}

/// What `foster ARGS` writes on standard output, as text for people.
fn shown(sandbox: &Sandbox, args: &[&str]) -> Vec<u8> {
    let mut command = sandbox.foster();
    command.args(args).args(["--output", "text"]);
    let done = finish(command, None, DEADLINE);
    assert!(
        done.status.success(),
        "{args:?}: {}",
        String::from_utf8_lossy(&done.stderr)
    );
    done.stdout
}

/// A `logs --follow` that runs beside the test.
struct Follower {
    child: Child,
    stdout: BufReader<ChildStdout>,
}

impl Follower {
    fn new(sandbox: &Sandbox, args: &[&str]) -> Self {
        let mut command = sandbox.foster();
        command.args(["logs", "--follow"]).args(args);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        Self { child, stdout }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        line
    }

    /// Reads what is left, and returns it with whether the program ended well.
    fn end(mut self) -> (String, bool) {
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).unwrap();
        let process = Watched::from_pid(self.child.id() as i32).unwrap();
        assert!(process.wait_gone(SOON), "it does not end");
        (rest, self.child.wait().unwrap().success())
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn lines_come_in_the_order_in_which_they_were_written() {
    let sandbox = sandbox();
    let gate = Gate::new(&sandbox, "go");
    // Each line is seen before the next is written: so their order is known.
    let id = start(
        &sandbox,
        "for i in 1 2 3 4; do echo out$i; read x < go; echo err$i >&2; read x < go; done",
    );
    let run = sandbox.job_dir(&id).join("runs/1");
    for number in 1..=4 {
        for (name, word) in [("stdout.log", "out"), ("stderr.log", "err")] {
            let wanted = format!("{word}{number}\n");
            wait_on_dir(&run, SOON, || {
                fs::read_to_string(run.join(name))
                    .ok()?
                    .ends_with(&wanted)
                    .then_some(())
            })
            .unwrap();
            gate.open();
        }
    }
    sandbox.ok(["wait", &id]);
    let expected: Vec<_> = (1..=4)
        .flat_map(|n| [format!("out{n}"), format!("err{n}")])
        .collect();
    let logs = sandbox.ok(["logs", &id]);
    let lines = logs["lines"].as_array().unwrap();
    let texts: Vec<_> = lines.iter().map(|line| text(&line["text"])).collect();
    assert_eq!(texts, expected);
    let times: Vec<_> = lines.iter().map(|line| text(&line["at"])).collect();
    assert!(times.is_sorted(), "{times:?}");
    assert_eq!(
        shown(&sandbox, &["logs", &id]),
        (expected.join("\n") + "\n").into_bytes()
    );
    assert_eq!(
        shown(&sandbox, &["logs", &id, "--stderr"]),
        b"err1\nerr2\nerr3\nerr4\n"
    );

    let stamped = String::from_utf8(shown(&sandbox, &["logs", &id, "--timestamps"])).unwrap();
    for (line, wanted) in stamped.lines().zip(&expected) {
        let (time, rest) = line.split_once(' ').unwrap();
        assert!(time.len() == 24 && time.ends_with('Z'), "{line}");
        let stream = if wanted.starts_with("out") {
            "STDOUT"
        } else {
            "STDERR"
        };
        assert_eq!(rest, format!("[{stream}] {wanted}"));
    }
    assert_eq!(stamped.lines().count(), expected.len());
}

#[test]
fn every_line_of_a_flood_is_there_once() {
    let sandbox = sandbox();
    let line = format!("{} --lines 4000", program("flood"));
    let id = text(&sandbox.ok(["run", "--wait", "--shell", &line])["job_id"]).to_owned();
    let logs = sandbox.ok(["logs", &id]);
    let mut next = [0, 0];
    for line in logs["lines"].as_array().unwrap() {
        let (index, stream) = match text(&line["stream"]) {
            "stdout" => (0, Stream::Stdout),
            _ => (1, Stream::Stderr),
        };
        let wanted = flood_line(stream, next[index]);
        assert_eq!(text(&line["text"]), wanted.trim_end());
        assert_eq!(line["offset"], next[index] * wanted.len() as u64);
        assert_eq!(line["partial"], false);
        next[index] += 1;
    }
    assert_eq!(next, [4000, 4000]);
    let only = shown(&sandbox, &["logs", &id, "--stdout"]);
    let all: String = (0..4000)
        .map(|number| flood_line(Stream::Stdout, number))
        .collect();
    assert!(only == all.into_bytes());
}

#[test]
fn bytes_that_are_no_text_come_as_they_are() {
    let sandbox = sandbox();
    let line = format!("{} --stdout 100000; echo", program("flood"));
    let id = text(&sandbox.ok(["run", "--wait", "--shell", &line])["job_id"]).to_owned();
    let mut wanted = flood(Stream::Stdout, 100_000);
    wanted.push(b'\n');
    assert!(shown(&sandbox, &["logs", &id]) == wanted);
}

#[test]
fn since_an_offset_or_a_time() {
    let sandbox = sandbox();
    let id =
        text(&sandbox.ok(["run", "--wait", "--shell", "printf 'one\\ntwo\\nthree\\n'"])["job_id"])
            .to_owned();
    let texts = |since: &str| -> Vec<(String, u64)> {
        let logs = sandbox.ok(["logs", &id, "--since", since]);
        let lines = logs["lines"].as_array().unwrap().iter();
        lines
            .map(|line| {
                (
                    text(&line["text"]).to_owned(),
                    line["offset"].as_u64().unwrap(),
                )
            })
            .collect()
    };
    let row = |text: &str, offset| (text.to_owned(), offset);
    assert_eq!(texts("0"), [row("one", 0), row("two", 4), row("three", 8)]);
    assert_eq!(texts("4"), [row("two", 4), row("three", 8)]);
    assert_eq!(texts("6"), [row("o", 6), row("three", 8)]);
    assert_eq!(texts("14"), []);
    assert_eq!(texts("999"), []);
    assert_eq!(texts("1h").len(), 3);
    // A second job, a good while later on the clock of the first.
    sandbox.ok(["run", "--wait", "--timeout", "300ms", "--", "sleep", "100"]);
    assert_eq!(texts("200ms"), []);
    let (code, answer) = sandbox.err(["logs", &id, "--since", "5parsecs"]);
    assert_eq!(code, "invalid_argument");
    assert!(answer["error"]["hint"].is_string(), "{answer:#}");
}

#[test]
fn a_follower_gets_each_line_while_the_job_runs_and_ends_with_it() {
    let sandbox = sandbox();
    let gate = Gate::new(&sandbox, "go");
    let id = start(
        &sandbox,
        "for i in 1 2 3; do read x < go; echo line$i; done; read x < go; printf rest; exit 5",
    );
    let mut json = Follower::new(&sandbox, &[&id, "--json"]);
    let mut plain = Follower::new(&sandbox, &[&id, "--output", "text"]);
    let mut others: Vec<_> = (0..6)
        .map(|_| Follower::new(&sandbox, &[&id, "--json"]))
        .collect();
    for number in 1..=3 {
        gate.open();
        let document: Value = serde_json::from_str(&json.line()).unwrap();
        assert_eq!(document["type"], "log_line", "{document:#}");
        assert_eq!(document["text"], format!("line{number}"), "{document:#}");
        assert_eq!(plain.line(), format!("line{number}\n"));
        for other in &mut others {
            assert!(other.line().contains(&format!("line{number}")));
        }
        assert_eq!(sandbox.ok(["status", &id])["state"], "running");
    }
    gate.open();
    assert_eq!(plain.end(), ("rest".to_owned(), true), "no byte more");
    others.push(json);
    for follower in others {
        let (rest, well) = follower.end();
        assert!(well, "{rest}");
        let documents: Vec<Value> = rest
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(documents.len(), 2, "{rest}");
        assert_eq!(documents[0]["text"], "rest", "{rest}");
        assert_eq!(documents[0]["partial"], true, "{rest}");
        assert_eq!(documents[1]["type"], "logs", "{rest}");
        assert_eq!(documents[1]["state"], "exited", "{rest}");
        assert_eq!(documents[1]["final"], true, "{rest}");
        assert_eq!(documents[1]["next"]["stdout"], 22, "{rest}");
    }
}

#[test]
fn a_follower_survives_the_supervisor() {
    let sandbox = sandbox();
    let gate = Gate::new(&sandbox, "go");
    let id = start(&sandbox, "echo one; read x < go; echo two");
    let mut follower = Follower::new(&sandbox, &[&id, "--output", "text"]);
    assert_eq!(follower.line(), "one\n");
    let state = fs::read(sandbox.job_dir(&id).join("state.json")).unwrap();
    let state: Value = serde_json::from_slice(&state).unwrap();
    let supervisor = Watched::from_json(&state["record"]["supervisor"]).unwrap();
    assert!(supervisor.kill() && supervisor.wait_gone(SOON));
    gate.open();
    assert_eq!(follower.end(), ("two\n".to_owned(), true));
}

#[test]
fn following_what_is_over_gives_all_of_it() {
    let sandbox = sandbox();
    sandbox.ok(["run", "--wait", "--shell", "echo a; echo b"]);
    let follower = Follower::new(&sandbox, &["@1", "--output", "text"]);
    assert_eq!(follower.end(), ("a\nb\n".to_owned(), true));
    let follower = Follower::new(&sandbox, &["@1", "--output", "text", "--since", "2"]);
    assert_eq!(follower.end(), ("b\n".to_owned(), true));
    let follower = Follower::new(&sandbox, &["nobody", "--json"]);
    let (rest, well) = follower.end();
    assert!(!well && rest.contains("job_not_found"), "{rest}");
}

#[test]
fn a_line_that_is_not_complete_waits_for_its_end() {
    let sandbox = sandbox();
    let gate = Gate::new(&sandbox, "go");
    let id = start(
        &sandbox,
        "echo whole; printf half; read x < go; echo ' and half'; printf last",
    );
    let run = sandbox.job_dir(&id).join("runs/1");
    wait_on_dir(&run, SOON, || {
        fs::read_to_string(run.join("stdout.log"))
            .ok()?
            .ends_with("half")
            .then_some(())
    })
    .unwrap();
    let logs = sandbox.ok(["logs", &id]);
    let lines = logs["lines"].as_array().unwrap();
    assert_eq!(lines.len(), 1, "{logs:#}");
    assert_eq!(lines[0]["text"], "whole");
    // What stands there already is no secret: `tail` shows it.
    assert_eq!(sandbox.ok(["tail", &id])["stdout"]["tail"], "whole\nhalf");
    gate.open();
    sandbox.ok(["wait", &id]);
    let logs = sandbox.ok(["logs", &id]);
    let lines = logs["lines"].as_array().unwrap();
    let rows: Vec<_> = lines
        .iter()
        .map(|line| json!([line["text"], line["offset"], line["partial"]]))
        .collect();
    assert_eq!(
        json!(rows),
        json!([
            ["whole", 0, false],
            ["half and half", 6, false],
            ["last", 20, true]
        ])
    );
    assert_eq!(logs["final"], true);
    assert_eq!(logs["truncated"], false);
}

#[test]
fn a_document_of_lines_is_bounded_and_tells_where_to_go_on() {
    let sandbox = sandbox();
    sandbox.ok(["run", "--wait", "--", "seq", "1", "1000"]);
    let logs = sandbox.ok(["logs", "@1", "--max-bytes", "100B"]);
    assert_eq!(logs["truncated"], true, "{logs:#}");
    let shown = logs["lines"].as_array().unwrap().len();
    assert!((10..100).contains(&shown), "{shown}");
    let mut texts: Vec<String> = Vec::new();
    let mut from = 0;
    loop {
        let at = from.to_string();
        let logs = sandbox.ok([
            "logs",
            "@1",
            "--stdout",
            "--since",
            &at,
            "--max-bytes",
            "1KiB",
        ]);
        texts.extend(
            logs["lines"]
                .as_array()
                .unwrap()
                .iter()
                .map(|line| text(&line["text"]).to_owned()),
        );
        from = logs["next"]["stdout"].as_u64().unwrap();
        if logs["truncated"] == false {
            break;
        }
    }
    let wanted: Vec<_> = (1..=1000).map(|number| number.to_string()).collect();
    assert_eq!(texts, wanted);
}

/// Goes on with `tail --from` until nothing is left; returns the whole text.
fn rebuild(sandbox: &Sandbox, id: &str, step: &str) -> String {
    let (mut from, mut whole) = (0, String::new());
    loop {
        let at = from.to_string();
        let answer = sandbox.ok(["tail", id, "--stdout", "--from", &at, "--max-bytes", step]);
        let excerpt = &answer["stdout"];
        assert_eq!(excerpt["range"][0], from, "{excerpt:#}");
        whole += text(&excerpt["tail"]);
        let next = excerpt["range"][1].as_u64().unwrap();
        assert_eq!(excerpt["included_bytes"], next - from, "{excerpt:#}");
        if next == from {
            return whole;
        }
        from = next;
    }
}

#[test]
fn tail_from_rebuilds_the_stream_in_any_steps() {
    let sandbox = sandbox();
    let words = "grüße, 世界 🦀\nzwei\n";
    let line = format!("for i in 1 2 3 4 5; do printf '{words}'; done");
    sandbox.ok(["run", "--wait", "--shell", &line]);
    let wanted = words.repeat(5);
    for step in ["4B", "5B", "7B", "33B", "64KiB"] {
        assert_eq!(rebuild(&sandbox, "@1", step), wanted, "{step}");
    }
}

#[test]
fn tail_goes_on_while_the_job_prints() {
    let sandbox = sandbox();
    let gate = Gate::new(&sandbox, "go");
    // The second half of a character comes later.
    let id = start(
        &sandbox,
        r"printf 'a\303'; read x < go; printf '\244b\n'; read x < go",
    );
    let run = sandbox.job_dir(&id).join("runs/1");
    let wait_for = |bytes: u64| {
        wait_on_dir(&run, SOON, || {
            (fs::metadata(run.join("stdout.log")).ok()?.len() >= bytes).then_some(())
        })
        .unwrap();
    };
    wait_for(2);
    let first = sandbox.ok(["tail", &id, "--from", "0"]);
    assert_eq!(first["stdout"]["tail"], "a", "{first:#}");
    assert_eq!(first["stdout"]["range"], json!([0, 1]), "{first:#}");
    assert_eq!(first["final"], false);
    gate.open();
    wait_for(5);
    let second = sandbox.ok(["tail", &id, "--from", "1"]);
    assert_eq!(second["stdout"]["tail"], "äb\n", "{second:#}");
    assert_eq!(second["stdout"]["range"], json!([1, 5]), "{second:#}");
    gate.open();
    sandbox.ok(["wait", &id]);
    let last = sandbox.ok(["tail", &id, "--from", "5"]);
    assert_eq!(last["final"], true);
    assert_eq!(last["stdout"]["range"], json!([5, 5]), "{last:#}");
}

#[test]
fn tail_is_bounded_by_lines_and_bytes() {
    let sandbox = sandbox();
    sandbox.ok(["run", "--wait", "--shell", "seq 1 200; echo e >&2"]);
    let tail = |args: &[&str]| sandbox.ok([&["tail", "@1"], args].concat());
    let whole = tail(&[]);
    let lines: Vec<_> = text(&whole["stdout"]["tail"]).lines().collect();
    assert_eq!(
        (lines.len(), lines[0], lines[49]),
        (50, "151", "200"),
        "{whole:#}"
    );
    assert_eq!(whole["stderr"]["tail"], "e\n");
    assert_eq!(whole["stdout"]["truncated"], true);
    assert_eq!(tail(&["--lines", "2"])["stdout"]["tail"], "199\n200\n");
    let few = tail(&["--max-bytes", "6B", "--stdout"]);
    assert_eq!(few["stdout"]["tail"], "9\n200\n", "{few:#}");
    assert_eq!(few["stderr"], Value::Null, "{few:#}");
    assert_eq!(few["stdout"]["observed_bytes"], few["stdout"]["range"][1]);
    let all = tail(&["--lines", "1000"]);
    assert_eq!(all["stdout"]["truncated"], false, "{all:#}");
    assert_eq!(all["stdout"]["range"][0], 0);
}

#[test]
fn lines_are_chosen_or_digested() {
    let sandbox = sandbox();
    let id = start(&sandbox, "echo one; echo two");
    sandbox.ok(["wait", &id]);
    let (code, answer) = sandbox.err(["tail", &id, "--digest", "--grep", "two"]);
    assert_eq!(code, "invalid_argument", "{answer}");
    sandbox.ok(["tail", &id, "--digest"]);
    sandbox.ok(["tail", &id, "--grep", "two"]);
}
