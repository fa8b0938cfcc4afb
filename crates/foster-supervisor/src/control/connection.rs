use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;

use serde::Serialize;
use serde::de::DeserializeOwned;

use foster_model::control::LONGEST_LINE;

/// How many unsent bytes a slow reader may leave before it is let go. A supervisor's answers are
/// small; nothing that is this far behind still listens.
const LONGEST_BACKLOG: usize = 256 * 1024;

/// One end of a control connection: lines of JSON, never blocking.
#[derive(Debug)]
pub struct Connection {
    stream: UnixStream,
    inbox: Vec<u8>,
    outbox: Vec<u8>,
    ended: bool,
}

impl Connection {
    /// Wraps a connected socket.
    pub fn new(stream: UnixStream) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        Ok(Self {
            stream,
            inbox: Vec::new(),
            outbox: Vec::new(),
            ended: false,
        })
    }

    /// Returns whether the peer will say no more.
    pub fn has_ended(&self) -> bool {
        self.ended
    }

    /// Returns whether there is something to be sent when the socket can take it.
    pub fn is_behind(&self) -> bool {
        !self.outbox.is_empty()
    }

    /// Sends a message, as far as the socket takes it; the rest follows with [`Connection::flush`].
    pub fn send(&mut self, message: &impl Serialize) -> io::Result<()> {
        serde_json::to_writer(&mut self.outbox, message)?;
        self.outbox.push(b'\n');
        self.flush()?;
        if self.outbox.len() > LONGEST_BACKLOG {
            return Err(io::ErrorKind::TimedOut.into());
        }
        Ok(())
    }

    /// Sends what is left to be sent, as far as the socket takes it.
    pub fn flush(&mut self) -> io::Result<()> {
        while !self.outbox.is_empty() {
            match self.stream.write(&self.outbox) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(n) => drop(self.outbox.drain(..n)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Returns the messages that have come, in order.
    ///
    /// # Errors
    /// `InvalidData` if something else came than a message, or an endless line.
    pub fn receive<T: DeserializeOwned>(&mut self) -> io::Result<Vec<T>> {
        self.fill()?;
        let mut messages = Vec::new();
        let mut begin = 0;
        while let Some(length) = self.inbox[begin..].iter().position(|b| *b == b'\n') {
            messages.push(serde_json::from_slice(&self.inbox[begin..begin + length])?);
            begin += length + 1;
        }
        self.inbox.drain(..begin);
        if self.inbox.len() > LONGEST_LINE {
            return Err(io::ErrorKind::InvalidData.into());
        }
        Ok(messages)
    }

    fn fill(&mut self) -> io::Result<()> {
        let mut buffer = [0; 4096];
        while self.inbox.len() <= LONGEST_LINE {
            match self.stream.read(&mut buffer) {
                Ok(0) => {
                    self.ended = true;
                    break;
                }
                Ok(n) => self.inbox.extend_from_slice(&buffer[..n]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // The peer went without reading all that it was told. What it said before that counts.
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset => {
                    self.ended = true;
                    break;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

impl AsFd for Connection {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use foster_model::control::{Message, Request};

    use super::*;

    #[test]
    fn what_was_said_before_the_peer_hung_up_on_us_is_heard() {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let mut ours = Connection::new(ours).unwrap();
        let mut theirs = Connection::new(theirs).unwrap();
        ours.send(&Request::WithdrawInput {}).unwrap();
        theirs.send(&Message::Finished {}).unwrap();
        drop(theirs);
        assert_eq!(ours.receive::<Message>().unwrap(), [Message::Finished {}]);
        assert!(ours.has_ended());
    }
}
