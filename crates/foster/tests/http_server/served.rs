use std::io::{BufRead as _, BufReader};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::time::Duration;

use foster_testkit::{Sandbox, Watched};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::client::{self, DEADLINE, Events, Response};

pub const FOSTER: &str = env!("CARGO_BIN_EXE_foster");

/// A server that runs. It is killed when this is dropped.
pub struct Served {
    child: Child,
    _stdout: BufReader<ChildStdout>,
    pub answer: Value,
    pub address: String,
    pub token: String,
}

impl Served {
    /// Starts one at a free port.
    pub fn start(sandbox: &Sandbox) -> Self {
        Self::with(sandbox, &["--port", "0"])
    }

    /// Starts one with these options.
    pub fn with(sandbox: &Sandbox, options: &[&str]) -> Self {
        let mut command = sandbox.foster();
        command.arg("serve").args(options);
        Self::of(command)
    }

    /// Starts one by a command.
    pub fn of(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let answer: Value =
            serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"));
        if answer["ok"] != true {
            let _ = child.wait();
            panic!("{answer:#}");
        }
        let file = answer["token_file"].as_str();
        let token = file.map(|file| std::fs::read_to_string(file).unwrap());
        Self {
            child,
            _stdout: stdout,
            address: answer["address"].as_str().unwrap_or_default().to_owned(),
            token: token.unwrap_or_default().trim().to_owned(),
            answer,
        }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn bearer(&self) -> String {
        format!("Bearer {}", self.token)
    }

    /// Asks, as a client does that may.
    pub fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Response {
        client::receive(self.begin(method, path, body))
    }

    pub fn get(&self, path: &str) -> Response {
        self.ask("GET", path, None)
    }

    pub fn post(&self, path: &str, body: &Value) -> Response {
        self.ask("POST", path, Some(body))
    }

    /// Sends a request, and returns the connection on which its answer will come.
    pub fn begin(&self, method: &str, path: &str, body: Option<&Value>) -> TcpStream {
        let body = body.map(ToString::to_string).unwrap_or_default();
        self.begin_with(
            method,
            path,
            &[("Content-Type", "application/json")],
            body.as_bytes(),
        )
    }

    /// The same with more headers.
    pub fn begin_with(
        &self,
        method: &str,
        path: &str,
        more: &[(&str, &str)],
        body: &[u8],
    ) -> TcpStream {
        let bearer = self.bearer();
        let own = [
            ("Host", self.address.as_str()),
            ("Connection", "close"),
            ("Authorization", &bearer),
        ];
        let headers: Vec<_> = own.into_iter().chain(more.iter().copied()).collect();
        self.begin_as(method, path, &headers, body)
    }

    /// Sends a request with exactly these headers, and its length.
    pub fn begin_as(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> TcpStream {
        let mut stream = client::connect(&self.address);
        client::send(&mut stream, method, path, headers, body);
        stream
    }

    /// Listens to a stream.
    pub fn events(&self, path: &str) -> Events<TcpStream> {
        Events::new(self.begin("GET", path, None))
    }

    /// Listens from where another listener was.
    pub fn events_after(&self, path: &str, id: &str) -> Events<TcpStream> {
        Events::new(self.begin_with("GET", path, &[("Last-Event-ID", id)], b""))
    }

    /// Starts a job that goes on, and returns its id.
    pub fn job(&self, script: &str) -> String {
        let body = json!({"command": ["sh", "-c", script], "no_wait": true});
        let id = self.post("/v1/jobs", &body).ok()["job_id"].clone();
        id.as_str().unwrap().to_owned()
    }

    pub fn signal(&self, signal: Signal) {
        // Our own child, which was not reaped.
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    pub fn watched(&self) -> Watched {
        Watched::from_pid(self.child.id() as i32).unwrap()
    }

    /// Waits for its end.
    pub fn wait(&mut self) -> ExitStatus {
        assert!(self.watched_or_gone(DEADLINE), "the server goes on");
        self.child.wait().unwrap()
    }

    fn watched_or_gone(&mut self, timeout: Duration) -> bool {
        match self.child.try_wait() {
            Ok(Some(_)) => true,
            _ => self.watched().wait_gone(timeout),
        }
    }

    /// Ends it as a person does, and returns how it ended.
    pub fn end(mut self) -> ExitStatus {
        self.signal(Signal::TERM);
        self.wait()
    }

    /// Returns how many descriptors it has open.
    pub fn descriptors(&self) -> usize {
        let folder = PathBuf::from(format!("/proc/{}/fd", self.pid()));
        std::fs::read_dir(folder).unwrap().count()
    }

    /// Returns how many threads it has.
    pub fn threads(&self) -> usize {
        let folder = PathBuf::from(format!("/proc/{}/task", self.pid()));
        std::fs::read_dir(folder).unwrap().count()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Returns the address file of the root.
pub fn address_file(sandbox: &Sandbox) -> PathBuf {
    sandbox.root().join("http-server.json")
}

pub fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    path.symlink_metadata().unwrap().permissions().mode() & 0o7777
}
