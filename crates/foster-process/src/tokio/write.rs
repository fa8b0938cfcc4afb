use std::fmt;
use std::io;
use std::ops::ControlFlow;

use crate::output::{StdStream, StreamEnd};

/// A piece of output could not be written.
#[derive(Debug, thiserror::Error)]
#[error("{lost} bytes of {stream} from offset {offset} on could not be written")]
pub struct WriteFailed {
    /// Which output.
    pub stream: StdStream,
    /// Where the piece begins in the stream.
    pub offset: u64,
    /// How many bytes of it may be lost: a writer does not tell how many it took.
    pub lost: u64,
    /// The writer's reason.
    pub source: io::Error,
}

/// What to do when a piece of output can't be written.
#[derive(Default)]
pub enum OnWriteError {
    /// No more is written, and the error is returned. The output is left to be read by others.
    #[default]
    Stop,
    /// It is counted, and writing goes on with the next piece.
    GoOn,
    /// Somebody is asked each time.
    Ask(Ask),
}

/// One who decides: `Break` to write no more.
pub type Ask = Box<dyn FnMut(&WriteFailed) -> ControlFlow<()> + Send>;

impl OnWriteError {
    pub(super) fn decide(&mut self, error: &WriteFailed) -> ControlFlow<()> {
        match self {
            Self::Stop => ControlFlow::Break(()),
            Self::GoOn => ControlFlow::Continue(()),
            Self::Ask(ask) => ask(error),
        }
    }
}

impl fmt::Debug for OnWriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stop => "Stop",
            Self::GoOn => "GoOn",
            Self::Ask(_) => "Ask",
        })
    }
}

/// What writing an output came to.
#[derive(Debug)]
pub struct Written<W> {
    /// What was written to.
    pub writer: W,
    /// How many bytes were written.
    pub bytes: u64,
    /// How many bytes could not be written.
    pub lost: u64,
    /// How many bytes were missing in the stream.
    pub missing: u64,
    /// How the stream ended.
    pub end: StreamEnd,
}
