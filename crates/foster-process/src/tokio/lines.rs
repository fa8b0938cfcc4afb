use std::ops::ControlFlow;

use bytes::Bytes;

use super::visit::{AsyncChunkVisitor, AsyncLineVisitor, OwnedLine};
use crate::output::{Gap, LineOptions, LineParser, StreamEnd};

/// Cuts chunks into lines for a visitor who may wait.
pub(super) struct AsyncLines<V> {
    visitor: V,
    parser: LineParser,
    over: bool,
}

impl<V: AsyncLineVisitor> AsyncLines<V> {
    pub(super) fn new(visitor: V, options: LineOptions) -> Self {
        let parser = LineParser::new(options);
        let over = false;
        Self {
            visitor,
            parser,
            over,
        }
    }
}

impl<V: AsyncLineVisitor> AsyncChunkVisitor for AsyncLines<V> {
    type Output = V::Output;

    async fn chunk(&mut self, chunk: Bytes) -> ControlFlow<()> {
        let mut lines = Vec::new();
        let _ = self.parser.feed(&chunk, |line| {
            lines.push(OwnedLine::from(line));
            ControlFlow::Continue(())
        });
        for line in lines {
            if self.visitor.line(line).await == ControlFlow::Break(()) {
                self.over = true;
                return ControlFlow::Break(());
            }
        }
        ControlFlow::Continue(())
    }

    async fn gap(&mut self, gap: Gap) {
        self.parser.gap(gap);
        self.visitor.gap(gap).await;
    }

    async fn finish(mut self, end: &StreamEnd) -> V::Output {
        if !self.over
            && let Some(line) = self.parser.finish()
        {
            // It is the last one, whatever the visitor wants.
            let _ = self.visitor.line(OwnedLine::from(line)).await;
        }
        self.visitor.finish(end).await
    }
}
