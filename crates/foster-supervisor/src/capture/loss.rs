use std::io;

use foster_process::{Moved, discard};
use foster_store::Stream;

use super::{Capture, show};

/// Output that could not be kept.
pub struct Loss {
    /// `stdout`, `stderr`, `log` or `timeline`.
    pub stream: &'static str,
    /// Where in the stream it began.
    pub from: u64,
    /// The system's reason.
    pub reason: String,
}

impl Capture {
    /// Counts bytes of a stream that are not kept.
    pub(super) fn lose(&mut self, stream: Stream, bytes: usize, error: &io::Error) {
        let writer = &mut self.writers[stream.index()];
        if !std::mem::replace(&mut self.losing[stream.index()], true) {
            self.losses.push(Loss {
                stream: stream.as_str(),
                from: writer.position(),
                reason: error.to_string(),
            });
        }
        writer.skip(bytes as u64);
    }

    /// The file can't take it (no space, most likely). Reading goes on, so that the job never
    /// blocks; what is dropped is counted, and its place is known.
    pub(super) fn lose_chunk(&mut self, stream: Stream, error: &io::Error) -> io::Result<Moved> {
        let Some(pipe) = &self.pipes[stream.index()] else {
            return Ok(Moved::End);
        };
        self.scratch.resize(64 * 1024, 0);
        let relay = self
            .relays
            .as_mut()
            .map(|relays| &mut relays[stream.index()]);
        let moved = match relay.filter(|relay| relay.held() > 0) {
            Some(relay) => relay.discard(&mut self.scratch)?,
            None => discard(pipe, &mut self.scratch)?,
        };
        if let Moved::Bytes(n) = moved {
            let offset = self.writers[stream.index()].position();
            let bytes = &self.scratch[..n];
            show(&mut self.log, &mut self.matching, stream, offset, bytes);
            self.lose(stream, n, error);
        }
        Ok(moved)
    }

    pub(super) fn lose_timeline(&mut self, stream: Stream, error: &io::Error) {
        if !std::mem::replace(&mut self.timeline_lost, true) {
            let from = self.writers[stream.index()].position();
            self.losses.push(Loss {
                stream: "timeline",
                from,
                reason: error.to_string(),
            });
        }
    }
}
