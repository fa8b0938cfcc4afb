use std::future::Future;
use std::ops::ControlFlow;

use bytes::Bytes;

use crate::output::{Gap, Line, StreamEnd};

/// One who is shown what a stream brings, and may wait for something else each time. The stream
/// waits for him: that is the backpressure.
pub trait AsyncChunkVisitor: Send {
    /// What is left when the stream is over.
    type Output;

    /// Is shown the next bytes. `Break` if he has enough.
    fn chunk(&mut self, chunk: Bytes) -> impl Future<Output = ControlFlow<()>> + Send;

    /// Is told of bytes that are missing here.
    fn gap(&mut self, gap: Gap) -> impl Future<Output = ()> + Send {
        let _ = gap;
        std::future::ready(())
    }

    /// Is told of the end.
    fn finish(self, end: &StreamEnd) -> impl Future<Output = Self::Output> + Send;
}

/// One who is shown the lines of a stream, and may wait for something else each time.
pub trait AsyncLineVisitor: Send {
    /// What is left when the stream is over.
    type Output;

    /// Is shown the next line. `Break` if he has enough.
    fn line(&mut self, line: OwnedLine) -> impl Future<Output = ControlFlow<()>> + Send;

    /// Is told of bytes that are missing here.
    fn gap(&mut self, gap: Gap) -> impl Future<Output = ()> + Send {
        let _ = gap;
        std::future::ready(())
    }

    /// Is told of the end.
    fn finish(self, end: &StreamEnd) -> impl Future<Output = Self::Output> + Send;
}

/// A line of its own, as [`Line`](crate::output::Line) is one that borrows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnedLine {
    /// The line without its ending; what is no UTF-8 is replaced.
    pub text: String,
    /// Where it begins in the stream.
    pub offset: u64,
    /// Whether it had an ending.
    pub ended: bool,
    /// How many bytes of it are missing.
    pub omitted: u64,
}

impl From<Line<'_>> for OwnedLine {
    fn from(line: Line<'_>) -> Self {
        Self {
            text: line.text().into_owned(),
            offset: line.offset,
            ended: line.ended,
            omitted: line.omitted,
        }
    }
}
