//! As little of a client as will do, so that a test says each byte that it sends.

use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

/// How long an answer may take before the test fails.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// A response that was read to its end.
#[derive(Debug, Clone)]
pub struct Response {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Response {
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Returns the document of an answer that went well.
    pub fn ok(&self) -> Value {
        let value = self.json();
        assert!(
            self.status == 200 && value["ok"] == true,
            "{}: {value:#}",
            self.status
        );
        value
    }

    /// Makes sure that it is an error with this status and code, and returns the document.
    pub fn refused(&self, status: u16, code: &str) -> Value {
        let value = self.json();
        assert_eq!(
            (self.status, value["error"]["code"].as_str()),
            (status, Some(code)),
            "{value:#}"
        );
        assert_eq!(
            (&value["ok"], &value["schema_version"]),
            (&Value::Bool(false), &"1".into())
        );
        value
    }
}

pub fn connect(address: &str) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    stream.set_write_timeout(Some(DEADLINE)).unwrap();
    stream
}

/// Sends the head of a request, and a body.
pub fn send(
    stream: &mut dyn Write,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) {
    let mut head = format!("{method} {path} HTTP/1.1\r\n");
    for (name, value) in headers {
        head.extend([name, ": ", value, "\r\n"]);
    }
    if !body.is_empty() {
        let length = body.len().to_string();
        head.extend(["Content-Length: ", &length, "\r\n"]);
    }
    head.push_str("\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    // A server that refuses what is too large need not read it.
    let _ = stream.write_all(body);
}

/// Reads a response to its end.
pub fn receive(stream: impl Read) -> Response {
    let mut reader = Body::new(stream);
    let mut body = Vec::new();
    reader.read_to_end(&mut body);
    Response {
        status: reader.status,
        headers: reader.headers,
        body,
    }
}

/// The body of a response, which may go on.
pub struct Body<S: Read> {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    stream: BufReader<S>,
    chunked: bool,
    left: Option<usize>,
    pub over: bool,
}

impl<S: Read> Body<S> {
    pub fn new(stream: S) -> Self {
        let mut stream = BufReader::new(stream);
        let mut line = || {
            let mut line = String::new();
            stream.read_line(&mut line).unwrap();
            line.trim_end().to_owned()
        };
        let first = line();
        let status = first.split(' ').nth(1).and_then(|text| text.parse().ok());
        let status = status.unwrap_or_else(|| panic!("no response: {first:?}"));
        let mut headers = Vec::new();
        loop {
            let line = line();
            let Some((name, value)) = line.split_once(':') else {
                break;
            };
            headers.push((name.to_lowercase(), value.trim().to_owned()));
        }
        let find = |wanted: &str| headers.iter().find(|(name, _)| name == wanted);
        let chunked = find("transfer-encoding").is_some();
        let left = find("content-length").map(|(_, length)| length.parse().unwrap());
        Self {
            status,
            headers,
            stream,
            chunked,
            left: left.or((status == 204).then_some(0)),
            over: false,
        }
    }

    /// Reads the next piece; an empty one is the end.
    pub fn piece(&mut self) -> Vec<u8> {
        if self.over {
            return Vec::new();
        }
        if !self.chunked {
            self.over = true;
            let mut all = Vec::new();
            match self.left {
                Some(left) => {
                    all.resize(left, 0);
                    // Nothing follows the head of what was asked for by HEAD.
                    if self.stream.read_exact(&mut all).is_err() {
                        all.clear();
                    }
                }
                None => drop(self.stream.read_to_end(&mut all)),
            }
            return all;
        }
        let mut size = String::new();
        if self.stream.read_line(&mut size).unwrap_or(0) == 0 {
            self.over = true;
            return Vec::new();
        }
        let size = usize::from_str_radix(size.trim(), 16).unwrap();
        let mut piece = vec![0; size + 2];
        if self.stream.read_exact(&mut piece).is_err() || size == 0 {
            self.over = true;
            return Vec::new();
        }
        piece.truncate(size);
        piece
    }

    fn read_to_end(&mut self, body: &mut Vec<u8>) {
        loop {
            let piece = self.piece();
            if piece.is_empty() {
                return;
            }
            body.extend(piece);
        }
    }
}

/// An event of a stream.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    pub name: String,
    pub id: Option<String>,
    pub data: Value,
}

/// A stream of events.
pub struct Events<S: Read> {
    pub body: Body<S>,
    text: Vec<u8>,
    /// How far the text was read.
    at: usize,
}

impl<S: Read> Events<S> {
    pub fn new(stream: S) -> Self {
        let body = Body::new(stream);
        assert_eq!(body.status, 200, "{:?}", body.headers);
        let text = Vec::new();
        Self { body, text, at: 0 }
    }

    /// Returns the next event; `None` at the end.
    pub fn next(&mut self) -> Option<Event> {
        loop {
            let rest = &self.text[self.at..];
            if let Some(end) = rest.windows(2).position(|two| two == b"\n\n") {
                let event = event(std::str::from_utf8(&rest[..end]).unwrap());
                self.at += end + 2;
                match event {
                    Some(event) => return Some(event),
                    None => continue,
                }
            }
            let piece = self.body.piece();
            if piece.is_empty() {
                return None;
            }
            self.text.drain(..std::mem::take(&mut self.at));
            self.text.extend(piece);
        }
    }

    /// Returns all that is still to come.
    pub fn rest(&mut self) -> Vec<Event> {
        std::iter::from_fn(|| self.next()).collect()
    }
}

/// Reads one; `None` for a comment.
fn event(block: &str) -> Option<Event> {
    let field = |wanted: &str| {
        let mut lines = block.lines().filter_map(|line| line.split_once(": "));
        lines
            .find(|(name, _)| *name == wanted)
            .map(|(_, value)| value.to_owned())
    };
    Some(Event {
        name: field("event")?,
        id: field("id"),
        data: serde_json::from_str(&field("data")?).unwrap(),
    })
}
