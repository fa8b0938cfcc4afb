use std::io;
use std::os::unix::net::UnixStream;

use foster_model::Requester;
use foster_model::control::Message;
use foster_process::peer_credentials;

use super::connection::Connection;

/// Somebody who is connected to the control socket.
pub(super) struct Guest {
    pub connection: Connection,
    pub by: Requester,
    pub watching: bool,
    pub wants_output: bool,
    pub told: Option<([u64; 2], bool)>,
    pub waits_for_stop: bool,
    pub sends: bool,
    pub behind: bool,
}

impl Guest {
    pub fn new(stream: UnixStream) -> io::Result<Self> {
        let (pid, uid) = peer_credentials(&stream)?;
        Ok(Self {
            connection: Connection::new(stream)?,
            by: Requester { pid, uid },
            watching: false,
            wants_output: false,
            told: None,
            waits_for_stop: false,
            sends: false,
            behind: false,
        })
    }

    pub fn send(&mut self, message: &Message) {
        // Whoever can't be told has gone; the poller says so next.
        drop(self.connection.send(message));
    }
}
