//! A client that says what the test wants said, and nothing else.

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Instant;

use foster_testkit::{DEADLINE, Sandbox, Watched};
use serde_json::{Value, json};

/// The program under test.
pub const FOSTER: &str = env!("CARGO_BIN_EXE_foster");
/// The version of the protocol that most clients speak.
pub const VERSION: &str = "2025-06-18";

pub fn sandbox() -> Sandbox {
    Sandbox::new(FOSTER)
}

/// A session.
pub struct Client {
    child: Child,
    stdin: Option<ChildStdin>,
    messages: Receiver<Value>,
    /// What came while something else was waited for.
    seen: VecDeque<Value>,
    asked: i64,
}

impl Drop for Client {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Client {
    /// Begins a session as clients do.
    pub fn begin(sandbox: &Sandbox) -> Self {
        let mut client = Self::start(sandbox, &[]);
        client.shake_hands(VERSION);
        client
    }

    /// Starts the server and says nothing.
    pub fn start(sandbox: &Sandbox, options: &[&str]) -> Self {
        let mut command = sandbox.foster();
        command.arg("mcp").args(options);
        Self::of(command)
    }

    /// Starts a server by this command.
    pub fn of(mut command: Command) -> Self {
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let stdout = child.stdout.take().unwrap();
        let (sender, messages) = channel();
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines() {
                // Whatever is no message fails the test that waits for one.
                let line = line.unwrap();
                let message = serde_json::from_str(&line);
                let _ = sender.send(message.unwrap_or_else(|_| json!({"not JSON": line})));
            }
        });
        Self {
            stdin: child.stdin.take(),
            child,
            messages,
            seen: VecDeque::new(),
            asked: 0,
        }
    }

    /// Opens the session, and returns what the server says of itself.
    pub fn shake_hands(&mut self, version: &str) -> Value {
        let params = json!({
            "protocolVersion": version, "capabilities": {},
            "clientInfo": {"name": "foster's tests", "version": "1"},
        });
        let said = self.ask("initialize", params);
        self.notify("notifications/initialized", json!({}));
        said["result"].clone()
    }

    /// Writes a line as it is.
    pub fn say(&mut self, line: &[u8]) {
        let stdin = self.stdin.as_mut().unwrap();
        stdin.write_all(line).unwrap();
        stdin.write_all(b"\n").unwrap();
        stdin.flush().unwrap();
    }

    /// Sends a request, and returns its id.
    pub fn request(&mut self, method: &str, params: Value) -> i64 {
        self.asked += 1;
        let id = self.asked;
        let request = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params});
        self.say(request.to_string().as_bytes());
        id
    }

    pub fn notify(&mut self, method: &str, params: Value) {
        let notification = json!({"jsonrpc": "2.0", "method": method, "params": params});
        self.say(notification.to_string().as_bytes());
    }

    /// Sends a request, and returns the whole message that answers it.
    pub fn ask(&mut self, method: &str, params: Value) -> Value {
        let id = self.request(method, params);
        self.answer(id)
    }

    /// Returns the code of the error that a request is answered with.
    pub fn refused(&mut self, method: &str, params: Value) -> i64 {
        let answer = self.ask(method, params);
        let code = answer["error"]["code"].as_i64();
        code.unwrap_or_else(|| panic!("{method} is not refused: {answer:#}"))
    }

    /// Sends a call of a tool, and returns its id.
    pub fn begin_call(&mut self, tool: &str, arguments: Value) -> i64 {
        self.request("tools/call", json!({"name": tool, "arguments": arguments}))
    }

    /// Calls a tool, and returns its result.
    pub fn call(&mut self, tool: &str, arguments: Value) -> Value {
        let id = self.begin_call(tool, arguments);
        self.result(id)
    }

    /// Calls a tool that has to succeed, and returns its document.
    pub fn ok(&mut self, tool: &str, arguments: Value) -> Value {
        let result = self.call(tool, arguments);
        assert_ne!(result["isError"], true, "{tool}: {result:#}");
        assert_eq!(
            result["structuredContent"]["ok"], true,
            "{tool}: {result:#}"
        );
        result["structuredContent"].clone()
    }

    /// Calls a tool that has to fail, and returns its document.
    pub fn err(&mut self, tool: &str, arguments: Value) -> Value {
        let result = self.call(tool, arguments);
        assert_eq!(result["isError"], true, "{tool}: {result:#}");
        let document = result["structuredContent"].clone();
        assert_eq!(document["ok"], false, "{tool}: {document:#}");
        let code = document["error"]["code"].as_str().unwrap();
        let text = text_of(&result);
        assert!(text.starts_with(&format!("{code}: ")), "{text}");
        document
    }

    /// Returns the result of the call with this id.
    pub fn result(&mut self, id: i64) -> Value {
        let answer = self.answer(id);
        let result = &answer["result"];
        assert!(result.is_object(), "{answer:#}");
        result.clone()
    }

    /// Waits for the answer to the request with this id.
    pub fn answer(&mut self, id: i64) -> Value {
        self.wait_for(&format!("an answer to {id}"), |message| {
            message["id"] == id && message.get("method").is_none()
        })
    }

    /// Waits for a notification of this method, and returns its parameters.
    pub fn told(&mut self, method: &str) -> Value {
        self.wait_for(method, |message| message["method"] == method)["params"].clone()
    }

    /// Waits for a message; others are kept for later.
    pub fn wait_for(&mut self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        if let Some(at) = self.seen.iter().position(&wanted) {
            return self.seen.remove(at).unwrap();
        }
        let end = Instant::now() + DEADLINE;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            match self.messages.recv_timeout(left) {
                Ok(message) if wanted(&message) => return message,
                Ok(message) => self.seen.push_back(message),
                Err(error) => panic!("{what}: {error}; came instead: {:#?}", self.seen),
            }
        }
    }

    /// Returns whether nothing that is wanted has come so far. To be sure that something would have come, ask for something
    /// else before.
    pub fn has_not_come(&mut self, wanted: impl Fn(&Value) -> bool) -> bool {
        self.seen.extend(self.messages.try_iter());
        !self.seen.iter().any(wanted)
    }

    pub fn process(&self) -> Watched {
        Watched::from_pid(self.child.id().try_into().unwrap()).unwrap()
    }

    /// Closes the stream that the server reads.
    pub fn hang_up(&mut self) {
        self.stdin = None;
    }

    /// Ends the session, and checks that the server ends well and has told nobody anything else.
    pub fn end(mut self) {
        self.hang_up();
        assert!(self.process().wait_gone(DEADLINE), "the server goes on");
        let status = self.child.wait().unwrap();
        let mut log = String::new();
        let mut stderr = self.child.stderr.take().unwrap();
        stderr.read_to_string(&mut log).unwrap();
        assert!(status.success(), "{status}: {log}");
        assert_eq!(log, "");
    }
}

/// Returns the text of a tool's result.
pub fn text_of(result: &Value) -> &str {
    assert_eq!(
        result["content"].as_array().map(Vec::len),
        Some(1),
        "{result:#}"
    );
    assert_eq!(result["content"][0]["type"], "text");
    result["content"][0]["text"].as_str().unwrap()
}

/// Returns the id of the job that a document is about.
pub fn job_of(document: &Value) -> String {
    document["job_id"].as_str().unwrap().to_owned()
}
