mod admission;
mod requests;

use std::collections::BTreeMap;
use std::io;
use std::os::unix::net::{UnixListener, UnixStream};

use foster_model::answer::StopReport;
use foster_model::control::{Message, Refusal, Request};
use foster_model::{ErrorCode, JobId};
use foster_process::{Poller, Ready};

use self::admission::most_clients;
use super::ask::Ask;
use super::guest::Guest;

/// Serves a job's control socket.
pub struct Server {
    job_id: JobId,
    listener: UnixListener,
    clients: BTreeMap<u64, Guest>,
    next_token: u64,
    listener_token: u64,
    totals: [u64; 2],
    closed: bool,
    finished: bool,
    most_clients: usize,
    /// Whether the listener is out of the poller, for want of descriptors.
    deaf: bool,
}

impl Server {
    /// Returns a server on this listener, which it adds to the poller under `listener_token`;
    /// clients get the tokens from `first_token` on.
    pub fn new(
        job_id: JobId,
        listener: UnixListener,
        poller: &Poller,
        listener_token: u64,
        first_token: u64,
    ) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        poller.add(&listener, listener_token)?;
        Ok(Self {
            job_id,
            listener,
            clients: BTreeMap::new(),
            next_token: first_token,
            listener_token,
            totals: [0; 2],
            closed: false,
            finished: false,
            most_clients: most_clients(),
            deaf: false,
        })
    }

    /// Has another poller tell of the listener and the clients: that of a copied process, whose
    /// original lets go of them.
    pub fn move_to(&mut self, poller: &Poller) -> io::Result<()> {
        poller.add(&self.listener, self.listener_token)?;
        self.deaf = false;
        for (token, client) in &mut self.clients {
            poller.add(&client.connection, *token)?;
            if client.behind {
                poller.also_writable(&client.connection, *token, true)?;
            }
        }
        Ok(())
    }

    /// Takes in a client that is connected already: the launcher.
    pub fn adopt(&mut self, stream: UnixStream, poller: &Poller) {
        if let Ok(mut client) = Guest::new(stream) {
            client.watching = true;
            self.admit(client, poller);
        }
    }

    /// Deals with a token of this server's. Returns what clients ask for.
    pub fn handle(&mut self, ready: Ready, poller: &Poller) -> Vec<Ask> {
        if ready.token == self.listener_token {
            self.accept(poller);
            return Vec::new();
        }
        let Some(client) = self.clients.get_mut(&ready.token) else {
            return Vec::new();
        };
        // What was asked for counts, also if whoever asked has gone and can't be answered.
        let requests = client.connection.receive::<Request>();
        let unheard = ready.writable && client.connection.flush().is_err();
        let ended = client.connection.has_ended() || unheard;
        let Ok(requests) = requests else {
            let code = ErrorCode::InvalidArgument;
            self.refuse(ready.token, code, "that is no request");
            self.dismiss(ready.token, poller);
            return Vec::new();
        };
        let asks = requests
            .into_iter()
            .filter_map(|request| self.take(ready.token, request))
            .collect();
        if ended {
            self.dismiss(ready.token, poller);
        }
        self.settle(poller);
        asks
    }

    /// Returns whether nobody can be let in, for want of descriptors.
    pub fn is_deaf(&self) -> bool {
        self.deaf
    }

    /// Tells who watches how much output has come.
    pub fn output(&mut self, totals: [u64; 2], closed: bool, poller: &Poller) {
        self.totals = totals;
        self.closed = closed;
        self.settle(poller);
    }

    /// Tells every watcher that the command was executed.
    pub fn started(&mut self, poller: &Poller) {
        self.tell(poller, &Message::Started {}, |client| client.watching);
    }

    /// Tells every watcher that the job is over.
    pub fn finished(&mut self, poller: &Poller) {
        self.finished = true;
        self.tell(poller, &Message::Finished {}, |client| client.watching);
    }

    /// Tells who asked for it that an escalation has ended.
    pub fn stopped(&mut self, report: StopReport, poller: &Poller) {
        self.tell(poller, &Message::Stopped { report }, |client| {
            client.waits_for_stop
        });
        self.clients
            .values_mut()
            .for_each(|client| client.waits_for_stop = false);
    }

    /// Answers one client.
    pub fn reply(&mut self, client: u64, message: &Message) {
        if let Some(client) = self.clients.get_mut(&client) {
            // Whoever can't be told has gone, and is let go of when the poller says so.
            client.send(message);
        }
    }

    /// Tells a client what became of its input.
    pub fn input_taken(&mut self, client: u64, bytes: u64, refused: Option<Refusal>) {
        self.reply(client, &Message::InputTaken { bytes, refused });
    }

    /// Returns whether a client is still there.
    pub fn knows(&self, client: u64) -> bool {
        self.clients.contains_key(&client)
    }

    /// Refuses what one client asked for.
    pub fn refuse(&mut self, client: u64, code: ErrorCode, message: &str) {
        self.reply(
            client,
            &Message::Refused {
                code,
                message: message.to_owned(),
            },
        );
    }

    /// Tells the watchers why the command could not be executed.
    pub fn start_failed(&mut self, failure: foster_model::StartFailure, poller: &Poller) {
        self.tell(poller, &Message::StartFailed { failure }, |client| {
            client.watching
        });
    }

    fn tell(&mut self, poller: &Poller, message: &Message, whom: impl Fn(&Guest) -> bool) {
        for client in self.clients.values_mut().filter(|client| whom(client)) {
            client.send(message);
        }
        self.settle(poller);
    }

    /// Brings watchers of output up to date, as far as they keep up, and asks the poller to say
    /// when those who lag behind can take more.
    fn settle(&mut self, poller: &Poller) {
        let now = (self.totals, self.closed);
        let output = Message::Output {
            stdout: self.totals[0],
            stderr: self.totals[1],
            closed: self.closed,
        };
        for (token, client) in &mut self.clients {
            // One notice at a time: a slow follower gets the latest totals, not a queue of old ones.
            if client.wants_output && client.told != Some(now) && !client.connection.is_behind() {
                client.told = Some(now);
                client.send(&output);
            }
            let behind = client.connection.is_behind();
            if behind != client.behind
                && poller
                    .also_writable(&client.connection, *token, behind)
                    .is_ok()
            {
                client.behind = behind;
            }
        }
    }
}
