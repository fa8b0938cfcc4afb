use std::ops::ControlFlow;

use super::{
    ChunkVisitor, Gap, Gaps, Keep, KeepLines, Kept, KeptLines, Line, LineOptions, LineParser,
    LineVisitor, StreamEnd,
};

/// Cuts a stream into lines for a [`LineVisitor`], and goes on until that breaks.
#[derive(Debug, Clone)]
pub struct Lines<V> {
    parser: LineParser,
    visitor: V,
    over: bool,
}

impl<V> Lines<V> {
    /// Returns an adaptor at the start of a stream.
    pub fn new(options: LineOptions, visitor: V) -> Self {
        Self {
            parser: LineParser::new(options),
            visitor,
            over: false,
        }
    }

    /// Returns the parser, for instance to see the unfinished line.
    pub fn parser(&self) -> &LineParser {
        &self.parser
    }
}

impl<V: LineVisitor> ChunkVisitor for Lines<V> {
    type Output = V::Output;

    fn chunk(&mut self, chunk: &[u8]) -> ControlFlow<()> {
        let flow = self.parser.feed(chunk, |line| self.visitor.line(line));
        self.over |= flow.is_break();
        flow.map_break(|_| ())
    }

    fn gap(&mut self, gap: Gap) {
        self.parser.gap(gap);
        self.visitor.gap(gap);
    }

    fn finish(mut self, end: &StreamEnd) -> V::Output {
        if !self.over
            && let Some(line) = self.parser.finish()
        {
            // It is the last one, whatever the visitor wants.
            let _ = self.visitor.line(line);
        }
        self.visitor.finish(end)
    }
}

/// Keeps a bounded part of the bytes. It never breaks, so that the process is never stopped.
#[derive(Debug, Clone)]
pub struct CollectBytes(Kept);

impl CollectBytes {
    /// Returns a collector of what `keep` says.
    pub fn new(keep: Keep) -> Self {
        Self(Kept::new(keep))
    }

    /// Returns what is kept so far.
    pub fn so_far(&self) -> &Kept {
        &self.0
    }
}

impl ChunkVisitor for CollectBytes {
    type Output = Kept;

    fn chunk(&mut self, chunk: &[u8]) -> ControlFlow<()> {
        self.0.push(chunk);
        ControlFlow::Continue(())
    }

    fn room(&mut self) -> Option<&mut [u8]> {
        self.0.room()
    }

    fn placed(&mut self, length: usize) {
        self.0.placed(length);
    }

    fn gap(&mut self, gap: Gap) {
        self.0.gap(gap);
    }

    fn finish(self, _end: &StreamEnd) -> Kept {
        self.0
    }
}

/// Keeps a bounded number of lines. It never breaks, so that the process is never stopped.
#[derive(Debug, Clone)]
pub struct CollectLines(KeptLines);

impl CollectLines {
    /// Returns a collector of what `keep` says.
    pub fn new(keep: KeepLines) -> Self {
        Self(KeptLines::new(keep))
    }

    /// Returns what is kept so far.
    pub fn so_far(&self) -> &KeptLines {
        &self.0
    }
}

impl LineVisitor for CollectLines {
    type Output = KeptLines;

    fn line(&mut self, line: Line<'_>) -> ControlFlow<()> {
        self.0.push(line);
        ControlFlow::Continue(())
    }

    fn gap(&mut self, gap: Gap) {
        self.0.gap(gap);
    }

    fn finish(self, _end: &StreamEnd) -> KeptLines {
        self.0
    }
}

/// Shows each chunk to a function. Gaps are passed over.
#[derive(Debug, Clone)]
pub struct InspectChunks<F>(pub F);

impl<F: FnMut(&[u8]) -> ControlFlow<()>> ChunkVisitor for InspectChunks<F> {
    type Output = ();

    fn chunk(&mut self, chunk: &[u8]) -> ControlFlow<()> {
        (self.0)(chunk)
    }

    fn finish(self, _end: &StreamEnd) {}
}

/// Shows each line to a function. A gap is seen by [`Line::omitted`] of the line after it.
#[derive(Debug, Clone)]
pub struct InspectLines<F>(pub F);

impl<F: FnMut(Line<'_>) -> ControlFlow<()>> LineVisitor for InspectLines<F> {
    type Output = ();

    fn line(&mut self, line: Line<'_>) -> ControlFlow<()> {
        (self.0)(line)
    }

    fn finish(self, _end: &StreamEnd) {}
}

/// Keeps nothing and counts, so that a process whose output nobody wants is not held up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Discard {
    /// How many bytes came.
    pub bytes: u64,
    /// What was lost before it came.
    pub gaps: Gaps,
}

impl ChunkVisitor for Discard {
    type Output = Self;

    fn chunk(&mut self, chunk: &[u8]) -> ControlFlow<()> {
        self.bytes += chunk.len() as u64;
        ControlFlow::Continue(())
    }

    fn gap(&mut self, gap: Gap) {
        self.gaps.add(gap);
    }

    fn finish(self, _end: &StreamEnd) -> Self {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::Tee;

    #[test]
    fn two_visitors_of_which_one_has_had_enough() {
        let mut seen = Vec::new();
        let first_line = InspectLines(|line: Line<'_>| {
            seen.push(line.text().into_owned());
            ControlFlow::Break(())
        });
        let lines = Lines::new(LineOptions::default(), first_line);
        let mut both = Tee::new(lines, CollectBytes::new(Keep::Tail(4)));
        for chunk in ["on", "e\ntwo\n", "three"] {
            assert!(both.chunk(chunk.as_bytes()).is_continue());
        }
        let ((), kept) = both.finish(&StreamEnd::Eof);
        assert_eq!(
            (seen, kept.to_vec()),
            (vec!["one".to_owned()], b"hree".to_vec())
        );
    }

    #[test]
    fn lines_tell_a_gap_once() {
        let mut lines = Lines::new(
            LineOptions::default(),
            Tee::new(
                CollectLines::new(KeepLines::All),
                InspectLines(|_: Line<'_>| ControlFlow::Break(())),
            ),
        );
        let mut counted = Discard::default();
        for visitor in [&mut lines as &mut dyn FnChunk, &mut counted] {
            visitor.feed(b"whole\nbegun");
            visitor.lose(Gap {
                bytes: 10,
                offset: 11,
            });
            visitor.feed(b"ended\nlast");
        }
        let (kept, ()) = lines.finish(&StreamEnd::Eof);
        let texts: Vec<_> = kept.lines().map(|line| line.text().into_owned()).collect();
        assert_eq!(texts, ["whole", "ended", "last"]);
        assert_eq!(
            (kept.omitted_bytes(), kept.gaps().bytes, kept.truncated()),
            (15, 10, true)
        );
        assert_eq!((counted.bytes, counted.gaps.count), (21, 1));
    }

    trait FnChunk {
        fn feed(&mut self, chunk: &[u8]);
        fn lose(&mut self, gap: Gap);
    }

    impl<V: ChunkVisitor> FnChunk for V {
        fn feed(&mut self, bytes: &[u8]) {
            assert!(self.chunk(bytes).is_continue());
        }

        fn lose(&mut self, lost: Gap) {
            self.gap(lost);
        }
    }
}
