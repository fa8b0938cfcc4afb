use std::fmt::Display;
use std::io;

use foster_api::{Failure, document, harmless_json};
use foster_model::{ErrorBody, ErrorCode};
use serde_json::Value;
use tokio::sync::oneshot;

use super::End;
use super::pipe::Writer;

/// Where a stream's events are written.
pub struct Sink {
    kind: &'static str,
    pipe: Writer,
    /// Whoever waits to hear whether there is a stream at all.
    opening: Option<oneshot::Sender<Result<(), Failure>>>,
}

impl Sink {
    pub fn new(
        kind: &'static str,
        pipe: Writer,
        opening: oneshot::Sender<Result<(), Failure>>,
    ) -> Self {
        Self {
            kind,
            pipe,
            opening: Some(opening),
        }
    }

    /// Says that there is a stream, from now on.
    pub fn begin(&mut self) {
        if let Some(opening) = self.opening.take() {
            // Nobody hears it who did not want to wait any longer, and has begun the response.
            let _ = opening.send(Ok(()));
        }
    }

    /// Writes an event, and waits while the reader is behind.
    ///
    /// # Errors
    /// The reader has gone.
    pub fn event(&mut self, name: &str, data: &Value) -> io::Result<()> {
        self.write(harmless_json(format!("event: {name}\ndata: {data}\n\n")))
    }

    /// Writes an event after which a reader can go on.
    ///
    /// # Errors
    /// The reader has gone.
    pub fn event_with_id(&mut self, name: &str, id: impl Display, data: &Value) -> io::Result<()> {
        self.write(harmless_json(format!(
            "event: {name}\nid: {id}\ndata: {data}\n\n"
        )))
    }

    /// Writes that something can't be told.
    ///
    /// # Errors
    /// The reader has gone.
    pub fn failure(&mut self, error: &ErrorBody) -> io::Result<()> {
        let data = document::<()>(self.kind, None, Some(error));
        self.event("failure", &data)
    }

    /// Writes what a stream has come to.
    pub fn end(mut self, end: End) {
        // A reader that has gone needs no end.
        let _ = match end {
            Ok(document) => self.event("end", &document),
            // Who called it back has gone, or the server ends: whoever reads then goes on elsewhere.
            Err(failure)
                if failure.body().code == ErrorCode::Interrupted && self.opening.is_none() =>
            {
                Ok(())
            }
            Err(failure) => match self.refuse(failure) {
                None => Ok(()),
                Some(failure) => self.failure(failure.body()),
            },
        };
    }

    /// Refuses the stream; returns the failure if it has begun.
    fn refuse(&mut self, failure: Failure) -> Option<Failure> {
        let Some(opening) = self.opening.take() else {
            return Some(failure);
        };
        match opening.send(Err(failure)) {
            Err(Err(failure)) => Some(failure),
            Ok(()) | Err(Ok(())) => None,
        }
    }

    fn write(&mut self, text: String) -> io::Result<()> {
        self.begin();
        self.pipe.write(text.as_bytes())
    }
}
