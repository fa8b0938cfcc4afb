use std::ops::ControlFlow;

use super::{Gap, Line, StreamEnd};

/// Takes a stream chunk by chunk. Whoever drives it calls it in the order of the stream, from any
/// thread, and never again after a break but for [`ChunkVisitor::finish`].
pub trait ChunkVisitor {
    /// What is left when the stream is over.
    type Output;

    /// Takes the next bytes; a break says that no more are wanted.
    fn chunk(&mut self, chunk: &[u8]) -> ControlFlow<()>;

    /// Takes note that bytes were lost here.
    fn gap(&mut self, _gap: Gap) {}

    /// Ends the visit. After a break `end` is what the driver knows by then.
    fn finish(self, end: &StreamEnd) -> Self::Output;
}

/// Takes a stream line by line. [`Lines`](super::Lines) makes a [`ChunkVisitor`] of it.
pub trait LineVisitor {
    /// What is left when the stream is over.
    type Output;

    /// Takes the next line; a break says that no more are wanted.
    fn line(&mut self, line: Line<'_>) -> ControlFlow<()>;

    /// Takes note that bytes were lost here. The next line counts them, too.
    fn gap(&mut self, _gap: Gap) {}

    /// Ends the visit.
    fn finish(self, end: &StreamEnd) -> Self::Output;
}
