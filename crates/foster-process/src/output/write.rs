use std::fmt;
use std::io;
use std::ops::ControlFlow;

use bytes::Bytes;

use super::{StdStream, StreamEnd, StreamEvent};

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
    fn decide(&mut self, error: &WriteFailed) -> ControlFlow<()> {
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

/// Keeps account of an output that is written somewhere: all of it but the reading and the writing.
#[derive(Debug)]
pub(crate) struct Writing {
    stream: StdStream,
    on_error: OnWriteError,
    /// Where in the stream the next piece begins.
    offset: u64,
    bytes: u64,
    lost: u64,
    missing: u64,
}

impl Writing {
    pub fn new(stream: StdStream, on_error: OnWriteError) -> Self {
        Self {
            stream,
            on_error,
            offset: 0,
            bytes: 0,
            lost: 0,
            missing: 0,
        }
    }

    /// Takes in what came, and returns what is to be written, if anything is. It breaks at the end.
    pub fn take(&mut self, event: StreamEvent) -> ControlFlow<StreamEnd, Option<Bytes>> {
        match event {
            StreamEvent::Chunk(chunk) => ControlFlow::Continue(Some(chunk)),
            StreamEvent::Gap(gap) => {
                self.missing += gap.bytes;
                self.offset = gap.end();
                ControlFlow::Continue(None)
            }
            StreamEvent::End(end) => ControlFlow::Break(end),
        }
    }

    /// Takes in what came of writing so many bytes.
    ///
    /// # Errors
    /// The same error, if that is to be the end of it.
    pub fn wrote(&mut self, length: usize, result: io::Result<()>) -> Result<(), WriteFailed> {
        let length = length as u64;
        match result {
            Ok(()) => self.bytes += length,
            Err(source) => {
                self.lost += length;
                let failed = self.failed(length, source);
                if self.on_error.decide(&failed).is_break() {
                    return Err(failed);
                }
            }
        }
        self.offset += length;
        Ok(())
    }

    /// Returns the error of one who could not read, or not flush what was written.
    pub fn broken_off(&self, source: io::Error) -> WriteFailed {
        self.failed(0, source)
    }

    pub fn finish<W>(self, writer: W, end: StreamEnd) -> Written<W> {
        Written {
            writer,
            bytes: self.bytes,
            lost: self.lost,
            missing: self.missing,
            end,
        }
    }

    fn failed(&self, lost: u64, source: io::Error) -> WriteFailed {
        WriteFailed {
            stream: self.stream,
            offset: self.offset,
            lost,
            source,
        }
    }
}
