use std::ops::ControlFlow;

use super::{Gap, Line, StreamEnd};

/// Takes a stream chunk by chunk. Whoever drives it calls it in the order of the stream, from any
/// thread, and never again after a break but for [`ChunkVisitor::finish`].
pub trait ChunkVisitor {
    /// What is left when the stream is over.
    type Output;

    /// Takes the next bytes; a break says that no more are wanted.
    fn chunk(&mut self, chunk: &[u8]) -> ControlFlow<()>;

    /// Offers memory in which the next bytes may be placed at once, instead of being shown: that spares
    /// a copy. Whoever does so calls [`ChunkVisitor::placed`] next, and nothing between.
    fn room(&mut self) -> Option<&mut [u8]> {
        None
    }

    /// Takes the next bytes: so many, at the start of the memory that was offered last.
    fn placed(&mut self, _length: usize) {}

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
