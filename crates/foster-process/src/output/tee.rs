use std::ops::ControlFlow;

use super::{ChunkVisitor, Gap, Line, LineVisitor, StreamEnd};

/// Gives the same stream to two visitors. One that breaks is left alone from then on, and when both
/// have, this one does.
#[derive(Debug, Clone)]
pub struct Tee<A, B> {
    first: A,
    second: B,
    first_wants: bool,
    second_wants: bool,
}

impl<A, B> Tee<A, B> {
    /// Returns a visitor that is both.
    pub fn new(first: A, second: B) -> Self {
        Self {
            first,
            second,
            first_wants: true,
            second_wants: true,
        }
    }

    fn each(
        &mut self,
        visit_first: impl FnOnce(&mut A) -> ControlFlow<()>,
        visit_second: impl FnOnce(&mut B) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        self.first_wants = self.first_wants && visit_first(&mut self.first).is_continue();
        self.second_wants = self.second_wants && visit_second(&mut self.second).is_continue();
        if self.first_wants || self.second_wants {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    }
}

impl<A: ChunkVisitor, B: ChunkVisitor> ChunkVisitor for Tee<A, B> {
    type Output = (A::Output, B::Output);

    fn chunk(&mut self, chunk: &[u8]) -> ControlFlow<()> {
        self.each(|first| first.chunk(chunk), |second| second.chunk(chunk))
    }

    fn gap(&mut self, gap: Gap) {
        if self.first_wants {
            self.first.gap(gap);
        }
        if self.second_wants {
            self.second.gap(gap);
        }
    }

    fn finish(self, end: &StreamEnd) -> Self::Output {
        (self.first.finish(end), self.second.finish(end))
    }
}

impl<A: LineVisitor, B: LineVisitor> LineVisitor for Tee<A, B> {
    type Output = (A::Output, B::Output);

    fn line(&mut self, line: Line<'_>) -> ControlFlow<()> {
        self.each(|first| first.line(line), |second| second.line(line))
    }

    fn gap(&mut self, gap: Gap) {
        if self.first_wants {
            self.first.gap(gap);
        }
        if self.second_wants {
            self.second.gap(gap);
        }
    }

    fn finish(self, end: &StreamEnd) -> Self::Output {
        (self.first.finish(end), self.second.finish(end))
    }
}
