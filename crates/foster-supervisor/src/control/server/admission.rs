//! Who is let in, and who has to go for it.

use std::io;

use foster_model::ErrorCode;
use foster_model::control::{Message, VERSION};
use foster_process::Poller;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::super::guest::Guest;
use super::Server;

/// How many clients are served at once at most.
const MOST_CLIENTS: u64 = 512;

/// How many descriptors the supervisor needs for the job itself.
const NOT_FOR_CLIENTS: u64 = 48;

/// Returns how many clients may be served at once: a flood of them must not take the descriptors
/// that the job's own files need.
pub(super) fn most_clients() -> usize {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    let spare = limit.unwrap_or(u64::MAX).saturating_sub(NOT_FOR_CLIENTS);
    (spare / 2).clamp(4, MOST_CLIENTS) as usize
}

impl Server {
    pub(super) fn accept(&mut self, poller: &Poller) {
        loop {
            let came = self.listener.accept();
            match came.and_then(|(stream, _)| Guest::new(stream)) {
                Ok(client) => self.welcome(client, poller),
                Err(error) if is_exhausted(&error) => {
                    // The kernel takes the descriptor before it looks who is there: perhaps nobody
                    // is, and the last one must not be turned out for that.
                    if !self.somebody_waits() {
                        return;
                    }
                    // The listener would be ready for ever, and nobody could be let in.
                    if !self.make_room(poller) {
                        self.deaf = poller.remove(&self.listener).is_ok();
                        return;
                    }
                }
                Err(_) => return,
            }
        }
    }

    fn somebody_waits(&self) -> bool {
        let mut listener = [PollFd::new(&self.listener, PollFlags::IN)];
        let ready = poll(&mut listener, Some(&Timespec::default()));
        ready.is_ok_and(|ready| ready > 0)
    }

    fn welcome(&mut self, mut client: Guest, poller: &Poller) {
        // The folder is closed to others already; the kernel's word on who asks is kept for the
        // journal, and checked all the same.
        let ours = rustix::process::geteuid().as_raw();
        if client.by.uid != 0 && client.by.uid != ours {
            return;
        }
        if self.clients.len() < self.most_clients || self.make_room(poller) {
            self.admit(client, poller);
        } else {
            client.send(&self.hello());
            let message = "too many ask about this job at once".to_owned();
            let code = ErrorCode::SupervisorUnreachable;
            client.send(&Message::Refused { code, message });
        }
    }

    /// Lets go of the client that has been there longest without asking for anything. Returns
    /// whether there was one.
    fn make_room(&mut self, poller: &Poller) -> bool {
        let idle = |client: &Guest| !(client.watching || client.waits_for_stop || client.sends);
        let found = self.clients.iter().find(|(_, client)| idle(client));
        let Some(token) = found.map(|(token, _)| *token) else {
            return false;
        };
        self.dismiss(token, poller);
        true
    }

    fn hello(&self) -> Message {
        Message::Hello {
            version: VERSION,
            job_id: self.job_id,
        }
    }

    pub(super) fn admit(&mut self, mut client: Guest, poller: &Poller) {
        client.send(&self.hello());
        let token = self.next_token;
        self.next_token += 1;
        if poller.add(&client.connection, token).is_ok() {
            self.clients.insert(token, client);
        }
    }

    pub(super) fn dismiss(&mut self, token: u64, poller: &Poller) {
        if let Some(client) = self.clients.remove(&token) {
            // Closing the descriptor takes it out of the poller as well.
            let _ = poller.remove(&client.connection);
        }
        if self.deaf {
            self.deaf = poller.add(&self.listener, self.listener_token).is_err();
        }
    }
}

fn is_exhausted(error: &io::Error) -> bool {
    use rustix::io::Errno;
    let errno = Errno::from_io_error(error);
    matches!(errno, Some(Errno::MFILE | Errno::NFILE | Errno::NOMEM))
}
