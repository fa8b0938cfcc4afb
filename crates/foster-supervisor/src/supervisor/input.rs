use std::io;

use foster_model::control::{LONGEST_INPUT, Refusal};
use foster_model::{ErrorCode, Event, StdinMode};
use rustix::io::Errno;

use super::{Supervisor, token};
use crate::input_queue::{InputQueue, Pending};
use crate::stdin_pipe::StdinPipe;

/// What is on its way to the command's standard input.
#[derive(Debug, Default)]
pub(super) struct Input {
    queue: InputQueue,
    /// Whether the poller tells when the pipe takes more. Only while something waits: a pipe whose
    /// reader has gone is ready for ever.
    watched: bool,
}

/// How far one turn of writing came.
enum Turn {
    /// The piece is in the pipe.
    Done,
    /// The pipe is full.
    Full,
    /// It can't be written.
    Failed(Refusal),
}

impl Supervisor {
    /// Takes in what a client wants written.
    pub(super) fn take_input(&mut self, piece: Pending) {
        let client = piece.client;
        let refused = if piece.bytes.len() > LONGEST_INPUT {
            Some(refusal(
                ErrorCode::InvalidArgument,
                "that is too much input at once",
            ))
        } else {
            self.refuses_input()
        };
        if refused.is_some() {
            self.server.input_taken(client, 0, refused);
        } else if self.input.queue.push(piece) {
            self.move_input();
        } else {
            let message = "the input before is not taken yet";
            let code = ErrorCode::InvalidArgument;
            self.server.refuse(client, code, message);
        }
    }

    fn refuses_input(&self) -> Option<Refusal> {
        let message = if self.parts.definition.stdin != StdinMode::Open {
            "its standard input is not open: it was not made with --stdin open"
        } else if self.history.record().stdin_closed {
            "its standard input was closed"
        } else if self.history.record().exited_at.is_some() {
            "its command has ended"
        } else if self.run.is_none() || self.writer_is_gone() {
            "its standard input is gone"
        } else {
            return None;
        };
        Some(refusal(ErrorCode::InvalidState, message))
    }

    fn writer_is_gone(&self) -> bool {
        let stdin = self.parts.stdin.as_ref();
        stdin.and_then(StdinPipe::writer).is_none()
    }

    /// Writes what waits, as far as the pipe takes it: nobody is waited for here.
    pub(super) fn move_input(&mut self) {
        while let Some(turn) = self.write_some() {
            match turn {
                Turn::Full => return self.watch_pipe(true),
                Turn::Done => self.end_piece(None),
                Turn::Failed(why) => self.end_piece(Some(why)),
            }
        }
        self.watch_pipe(false);
    }

    /// Writes of the piece whose turn it is; `None` if there is none.
    fn write_some(&mut self) -> Option<Turn> {
        let piece = self.input.queue.next()?;
        let writer = self.parts.stdin.as_ref().and_then(StdinPipe::writer);
        let Some(writer) = writer else {
            let why = "its standard input was closed";
            return Some(Turn::Failed(refusal(ErrorCode::InvalidState, why)));
        };
        while !piece.rest().is_empty() {
            match rustix::io::write(writer, piece.rest()) {
                Ok(n) => {
                    foster_fault::step("supervisor.input_written");
                    piece.done += n;
                }
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return Some(Turn::Full),
                Err(Errno::PIPE) => {
                    let why = "the command has closed its standard input";
                    return Some(Turn::Failed(refusal(ErrorCode::BrokenPipe, why)));
                }
                Err(error) => {
                    let why = io::Error::from(error).to_string();
                    return Some(Turn::Failed(refusal(ErrorCode::Io, &why)));
                }
            }
        }
        Some(Turn::Done)
    }

    /// The piece whose turn it was is done with: closes the pipe, if it asked for that, and tells.
    fn end_piece(&mut self, refused: Option<Refusal>) {
        let Some(piece) = self.input.queue.finish() else {
            return;
        };
        if refused.is_some() {
            // Whatever was to follow it does not.
            self.input.queue.withdraw(piece.client);
        } else if piece.eof {
            let by = Some(piece.by);
            // Written first: a successor closes it too, if this process ends between the two.
            self.note(Event::StdinClosed { by });
            foster_fault::step("supervisor.input_end_noted");
            self.history.save(&self.parts.folder);
            self.close_input();
        }
        let (client, done) = (piece.client, piece.done as u64);
        self.server.input_taken(client, done, refused);
        foster_fault::step("supervisor.input_told");
    }

    /// Closes the command's standard input, and refuses what waits.
    pub(super) fn close_input(&mut self) {
        self.watch_pipe(false);
        if let Some(stdin) = &mut self.parts.stdin {
            stdin.close();
        }
        for piece in self.input.queue.drain() {
            let why = "its standard input was closed before all was written";
            let why = refusal(ErrorCode::InvalidState, why);
            let done = piece.done as u64;
            self.server.input_taken(piece.client, done, Some(why));
        }
    }

    /// Leaves a client's input as far as it has come, and tells how far that is.
    pub(super) fn withdraw_input(&mut self, client: u64) {
        if let Some(piece) = self.input.queue.withdraw(client) {
            let why = refusal(ErrorCode::TimedOut, "it was withdrawn");
            let done = piece.done as u64;
            self.server.input_taken(client, done, Some(why));
        }
        self.move_input();
    }

    /// Drops the input of clients that are gone, so that those behind them get their turn.
    pub(super) fn forget_senders(&mut self) {
        if !self.input.queue.is_empty() {
            let server = &self.server;
            self.input.queue.keep_only(|client| server.knows(client));
            self.move_input();
        }
    }

    /// Has the poller, which is a new one, tell when the pipe takes more, if something waits.
    pub(super) fn watch_pipe_anew(&mut self) {
        if std::mem::take(&mut self.input.watched) {
            self.watch_pipe(true);
        }
    }

    fn watch_pipe(&mut self, wanted: bool) {
        let stdin = self.parts.stdin.as_ref();
        let Some(writer) = stdin.and_then(StdinPipe::writer) else {
            return;
        };
        if wanted == self.input.watched {
            return;
        }
        let poller = &self.poller;
        let done = if wanted {
            let added = poller.add(writer, token::STDIN);
            added.and_then(|()| poller.also_writable(writer, token::STDIN, true))
        } else {
            // By hand: the copy on the shelf would keep a closed one in the poller.
            poller.remove(writer)
        };
        if done.is_ok() {
            self.input.watched = wanted;
        }
    }
}

fn refusal(code: ErrorCode, message: &str) -> Refusal {
    Refusal {
        code,
        message: message.to_owned(),
    }
}
