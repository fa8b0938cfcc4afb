use std::mem;
use std::ops::ControlFlow;

use super::buffer::extend;
use super::line::character_border;
use super::{Gap, Line, LineEnding, LineOptions, LineOverflow};

/// Cuts a stream into lines, whichever way it was cut into chunks.
///
/// A line that lies within one chunk is handed on without being copied. What is held is the
/// unfinished line, so never more than [`LineOptions::max_length`] bytes; each byte is copied once
/// at most, also when a long line comes byte by byte.
///
/// After a [`Gap`] what was held of the unfinished line is dropped, because it and what follows are
/// not the same line. The next line then lacks its beginning ([`Line::started`]) and counts in
/// [`Line::omitted`] both what was lost and what was dropped for it. It is handed on all the same:
/// it is often the only thing that is left.
#[derive(Debug, Clone)]
pub struct LineParser {
    options: LineOptions,
    /// What is held of the unfinished line.
    partial: Vec<u8>,
    /// The offset of the first byte of that.
    start: u64,
    started: bool,
    omitted: u64,
    /// The line was truncated: the rest of it is counted only.
    full: bool,
    /// `LfOrCrLf`: the last byte was a `\r`, and what follows decides what it is. `AnyCr`: it ended
    /// a line, and a `\n` belongs to it.
    after_cr: bool,
    /// The offset of the next byte to come.
    position: u64,
    /// The line that `finish` has lent out.
    finished: Vec<u8>,
}

impl LineParser {
    /// Returns a parser at the start of a stream.
    pub fn new(options: LineOptions) -> Self {
        Self::starting_at(options, 0)
    }

    /// Returns a parser that begins at this offset of a stream, taken to be the start of a line.
    pub fn starting_at(options: LineOptions, offset: u64) -> Self {
        Self {
            options,
            partial: Vec::new(),
            start: offset,
            started: true,
            omitted: 0,
            full: false,
            after_cr: false,
            position: offset,
            finished: Vec::new(),
        }
    }

    /// Takes a chunk, and calls `on_line` for each line that ends in it or overflows.
    ///
    /// If `on_line` breaks, returns how many bytes of the chunk were consumed by then; the rest can
    /// be fed later.
    pub fn feed(
        &mut self,
        chunk: &[u8],
        mut on_line: impl FnMut(Line<'_>) -> ControlFlow<()>,
    ) -> ControlFlow<usize> {
        let began = self.position;
        match self.scan(chunk, &mut on_line) {
            ControlFlow::Continue(()) => ControlFlow::Continue(()),
            ControlFlow::Break(()) => ControlFlow::Break((self.position - began) as usize),
        }
    }

    /// Says that the stream has ended, and returns the last line if it has no ending. The parser
    /// is then at the start of a line again.
    pub fn finish(&mut self) -> Option<Line<'_>> {
        let half_ending = self.holds_cr();
        let (offset, started, omitted) = (self.start, self.started, self.omitted);
        self.finished = mem::take(&mut self.partial);
        self.begin_line();
        self.after_cr = false;
        let bytes = self.finished.as_slice();
        (half_ending || omitted > 0 || !bytes.is_empty()).then_some(Line {
            bytes,
            offset,
            started,
            ended: false,
            omitted,
        })
    }

    /// Says that bytes were lost before what is fed next.
    pub fn gap(&mut self, gap: Gap) {
        let dropped = self.partial.len() + usize::from(self.holds_cr());
        let omitted = self.omitted + dropped as u64 + gap.bytes;
        self.restart(gap.end());
        self.started = false;
        self.omitted = omitted;
    }

    /// Returns what is known of the unfinished line, such as a prompt that waits for an answer.
    pub fn partial(&self) -> Line<'_> {
        Line {
            bytes: &self.partial,
            offset: self.start,
            started: self.started,
            ended: false,
            omitted: self.omitted,
        }
    }

    /// Returns the offset in the stream of the next byte to be fed.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Does what [`LineParser::feed`] does for somebody who wants none of the lines: it looks at the last
    /// of them alone.
    pub fn skip(&mut self, chunk: &[u8]) {
        let last = match self.options.ending() {
            LineEnding::AnyCr => memchr::memrchr2(b'\n', b'\r', chunk),
            _ => memchr::memrchr(b'\n', chunk),
        };
        let mut rest = chunk;
        if let Some(last) = last {
            // The scan then sees an empty line end here, and goes on as if it had seen all of it.
            self.restart(self.position + last as u64);
            rest = &chunk[last..];
        }
        let _ = self.scan(rest, &mut |_| ControlFlow::Continue(()));
    }

    /// Scans to the end of the chunk, or to where `on_line` breaks.
    fn scan(
        &mut self,
        mut rest: &[u8],
        on_line: &mut impl FnMut(Line<'_>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        loop {
            rest = self.swallow(rest);
            let Some(at) = self.find_ending(rest) else {
                return self.hold(rest, on_line);
            };
            let (body, ending) = rest.split_at(at);
            self.complete(body, ending[0], on_line)?;
            rest = &ending[1..];
        }
    }

    /// Takes away the second half of an ending whose first half ended the line.
    fn swallow<'a>(&mut self, rest: &'a [u8]) -> &'a [u8] {
        let (true, LineEnding::AnyCr, Some(first)) =
            (self.after_cr, self.options.ending(), rest.first())
        else {
            return rest;
        };
        self.after_cr = false;
        if *first != b'\n' {
            return rest;
        }
        self.position += 1;
        self.start = self.position;
        &rest[1..]
    }

    fn find_ending(&self, bytes: &[u8]) -> Option<usize> {
        match self.options.ending() {
            LineEnding::AnyCr => memchr::memchr2(b'\n', b'\r', bytes),
            LineEnding::Lf | LineEnding::LfOrCrLf => memchr::memchr(b'\n', bytes),
        }
    }

    /// Ends the line with what stood before its ending in this chunk.
    fn complete(
        &mut self,
        body: &[u8],
        ending: u8,
        on_line: &mut impl FnMut(Line<'_>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        if self.holds_cr() && !body.is_empty() {
            self.restore_cr(on_line)?;
        }
        let text = self.without_cr(body);
        let whole =
            self.partial.is_empty() && !self.full && text.len() <= self.options.max_length();
        if !whole {
            self.extend(text, on_line)?;
            self.position -= text.len() as u64;
        }
        let line = Line {
            bytes: if whole { text } else { &self.partial },
            offset: self.start,
            started: self.started,
            ended: true,
            omitted: self.omitted,
        };
        let flow = on_line(line);
        self.partial.clear();
        self.position += body.len() as u64 + 1;
        self.after_cr = ending == b'\r';
        self.begin_line();
        flow
    }

    /// Holds what has no ending yet.
    fn hold(
        &mut self,
        rest: &[u8],
        on_line: &mut impl FnMut(Line<'_>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        if rest.is_empty() {
            return ControlFlow::Continue(());
        }
        if self.holds_cr() {
            self.restore_cr(on_line)?;
        }
        let text = self.without_cr(rest);
        self.extend(text, on_line)?;
        if text.len() < rest.len() {
            self.after_cr = true;
            self.position += 1;
        }
        ControlFlow::Continue(())
    }

    /// Adds to the line. A break leaves the rest of `bytes` unconsumed.
    fn extend(
        &mut self,
        mut bytes: &[u8],
        on_line: &mut impl FnMut(Line<'_>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        while !bytes.is_empty() {
            let room = self.options.max_length() - self.partial.len();
            let taken = if self.full {
                self.omitted += bytes.len() as u64;
                bytes.len()
            } else if room == 0 {
                self.overflow(on_line)?;
                0
            } else {
                self.append(&bytes[..room.min(bytes.len())]);
                room.min(bytes.len())
            };
            self.position += taken as u64;
            bytes = &bytes[taken..];
        }
        ControlFlow::Continue(())
    }

    /// Makes room in a line that has none and goes on.
    fn overflow(
        &mut self,
        on_line: &mut impl FnMut(Line<'_>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let cut = character_border(&self.partial);
        if self.options.overflow() == LineOverflow::Truncate {
            self.omitted += (self.partial.len() - cut) as u64;
            self.partial.truncate(cut);
            self.full = true;
            return ControlFlow::Continue(());
        }
        let flow = on_line(Line {
            bytes: &self.partial[..cut],
            offset: self.start,
            started: self.started,
            ended: false,
            omitted: self.omitted,
        });
        self.partial.drain(..cut);
        self.start += cut as u64;
        self.started = false;
        self.omitted = 0;
        flow
    }

    /// Adds the `\r` that was held back, now that it is known to belong to the line. It counts as
    /// consumed already, so it is added also after a break.
    fn restore_cr(
        &mut self,
        on_line: &mut impl FnMut(Line<'_>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        self.after_cr = false;
        let mut flow = ControlFlow::Continue(());
        if !self.full && self.partial.len() == self.options.max_length() {
            flow = self.overflow(on_line);
        }
        if self.full {
            self.omitted += 1;
        } else {
            self.append(b"\r");
        }
        flow
    }

    fn append(&mut self, bytes: &[u8]) {
        extend(&mut self.partial, bytes, self.options.max_length());
    }

    fn holds_cr(&self) -> bool {
        self.after_cr && self.options.ending() == LineEnding::LfOrCrLf
    }

    fn without_cr<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        match bytes {
            [text @ .., b'\r'] if self.options.ending() == LineEnding::LfOrCrLf => text,
            _ => bytes,
        }
    }

    fn restart(&mut self, position: u64) {
        self.partial.clear();
        self.position = position;
        self.after_cr = false;
        self.begin_line();
    }

    fn begin_line(&mut self) {
        self.start = self.position;
        self.started = true;
        self.omitted = 0;
        self.full = false;
    }
}
