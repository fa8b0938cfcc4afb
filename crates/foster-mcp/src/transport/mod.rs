//! Lines of JSON-RPC on a pair of blocking streams.
//!
//! Theory of operation. A thread reads lines and one writes them; a pipe, a file and a terminal are all served so, and
//! neither stream is made non-blocking, which others that share it would notice. What is no message is answered here
//! with the protocol's error and never reaches the server.

mod bounded_lines;
mod message;

use std::future::Future;
use std::io::{self, Read, Write};
use std::thread;

use rmcp::RoleServer;
use rmcp::model::{
    ClientJsonRpcMessage, ClientRequest, GetMeta as _, JsonRpcMessage, ServerJsonRpcMessage,
};
use rmcp::transport::Transport;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use bounded_lines::{BoundedLines, Line};
use message::{read_message, too_long};

/// The longest line that is read, in bytes. What is sent to a command at once fits many times.
pub const LONGEST_LINE: usize = 16 << 20;
/// How many messages are read ahead, and how many wait to be written, before whoever makes more has to wait.
const AHEAD: usize = 64;

/// The server's end of the two streams.
pub struct Lines {
    incoming: mpsc::Receiver<ClientJsonRpcMessage>,
    outgoing: Option<mpsc::Sender<Vec<u8>>>,
    written: Option<oneshot::Receiver<()>>,
    /// Whether the client has said which version it speaks.
    begun: bool,
}

impl Lines {
    /// Begins to read and to write. `ended` is told when the client has closed either stream.
    ///
    /// # Errors
    /// No thread is left.
    pub fn begin(
        input: impl Read + Send + 'static,
        output: impl Write + Send + 'static,
        ended: CancellationToken,
    ) -> io::Result<Self> {
        let (outgoing, to_write) = mpsc::channel(AHEAD);
        let (read, incoming) = mpsc::channel(AHEAD);
        let (done, written) = oneshot::channel();
        let answers = outgoing.downgrade();
        let gone = ended.clone();
        thread::Builder::new()
            .name("mcp-read".to_owned())
            .spawn(move || {
                read_all(input, &read, &answers);
                ended.cancel();
            })?;
        thread::Builder::new()
            .name("mcp-write".to_owned())
            .spawn(move || {
                if write_all(output, to_write).is_err() {
                    // Nobody reads any more: there is nobody to serve.
                    gone.cancel();
                }
                // Whoever waits for it may be gone.
                let _ = done.send(());
            })?;
        Ok(Self {
            incoming,
            outgoing: Some(outgoing),
            written: Some(written),
            begun: false,
        })
    }
}

impl Transport<RoleServer> for Lines {
    type Error = io::Error;

    fn send(
        &mut self,
        message: ServerJsonRpcMessage,
    ) -> impl Future<Output = io::Result<()>> + Send + 'static {
        let outgoing = self.outgoing.clone();
        async move {
            let line = line_of(&message)?;
            let closed = || io::Error::from(io::ErrorKind::BrokenPipe);
            let outgoing = outgoing.ok_or_else(closed)?;
            outgoing.send(line).await.map_err(|_| closed())
        }
    }

    async fn receive(&mut self) -> Option<ClientJsonRpcMessage> {
        loop {
            let message = self.incoming.recv().await?;
            self.begun |= begins(&message);
            // A notification before the first request makes the server of `rmcp` end; it means nothing.
            if self.begun || matches!(message, JsonRpcMessage::Request(_)) {
                return Some(message);
            }
        }
    }

    async fn close(&mut self) -> io::Result<()> {
        self.incoming.close();
        // The writer ends when it has written what it was given.
        self.outgoing = None;
        if let Some(written) = self.written.take() {
            // It ends without a word if it can't write, which it has told before.
            let _ = written.await;
        }
        Ok(())
    }
}

/// Returns whether a message begins the session: by the handshake, or by naming its version itself.
fn begins(message: &ClientJsonRpcMessage) -> bool {
    let JsonRpcMessage::Request(asked) = message else {
        return false;
    };
    match &asked.request {
        ClientRequest::InitializeRequest(_) => true,
        ClientRequest::DiscoverRequest(_) => false,
        request => request.get_meta().protocol_version().is_some(),
    }
}

fn line_of(message: &ServerJsonRpcMessage) -> io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(message)?;
    line.push(b'\n');
    Ok(line)
}

/// Reads until the end of the stream, an error, or until nobody wants more.
fn read_all(
    input: impl Read,
    read: &mpsc::Sender<ClientJsonRpcMessage>,
    answers: &mpsc::WeakSender<Vec<u8>>,
) {
    let mut lines = BoundedLines::new(input, LONGEST_LINE);
    // An error of reading is the end: there is nobody to be told.
    while let Ok(Some(line)) = lines.next() {
        let message = match line {
            Line::Whole(bytes) if bytes.trim_ascii().is_empty() => continue,
            Line::Whole(bytes) => read_message(bytes),
            Line::TooLong => Err(Some(too_long(LONGEST_LINE))),
        };
        let taken = match message {
            Ok(message) => read.blocking_send(message).is_ok(),
            Err(Some(refusal)) => answer(&refusal, answers),
            Err(None) => true,
        };
        if !taken {
            return;
        }
    }
}

fn answer(refusal: &ServerJsonRpcMessage, answers: &mpsc::WeakSender<Vec<u8>>) -> bool {
    let Some(answers) = answers.upgrade() else {
        return false;
    };
    line_of(refusal).is_ok_and(|line| answers.blocking_send(line).is_ok())
}

fn write_all(mut output: impl Write, mut lines: mpsc::Receiver<Vec<u8>>) -> io::Result<()> {
    while let Some(line) = lines.blocking_recv() {
        output.write_all(&line)?;
        output.flush()?;
    }
    Ok(())
}
