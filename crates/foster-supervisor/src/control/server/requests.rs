//! What clients ask for.

use std::time::Duration;

use foster_model::control::{Message, Request};

use super::super::ask::Ask;
use super::Server;
use crate::input_queue::Pending;

impl Server {
    /// Takes in a request. Returns what it asks of the supervisor, if anything.
    pub(super) fn take(&mut self, token: u64, request: Request) -> Option<Ask> {
        let finished = self.finished;
        let client = self.clients.get_mut(&token)?;
        let by = client.by;
        match request {
            Request::Watch { output } => {
                client.watching = true;
                client.wants_output = output;
                client.send(&Message::Started {});
                if finished {
                    client.send(&Message::Finished {});
                }
                None
            }
            Request::Stop { phases } => {
                client.waits_for_stop = true;
                client.send(&Message::Stopping {});
                Some(Ask::Stop {
                    client: token,
                    phases,
                    by,
                })
            }
            Request::Amend { change } => Some(Ask::Amend {
                client: token,
                change,
                by,
            }),
            Request::Input { data, more, eof } => {
                client.sends = true;
                Some(Ask::Input(Pending {
                    client: token,
                    bytes: data.0,
                    done: 0,
                    more,
                    eof,
                    by,
                }))
            }
            Request::WithdrawInput {} => Some(Ask::WithdrawInput { client: token }),
            Request::Deadline { after_ms } => Some(Ask::Deadline {
                client: token,
                after: after_ms.map(Duration::from_millis),
                by,
            }),
            Request::Signal { number, target } => Some(Ask::Signal {
                client: token,
                number,
                target,
                by,
            }),
        }
    }
}
