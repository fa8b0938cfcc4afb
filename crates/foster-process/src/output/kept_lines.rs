use std::collections::VecDeque;
use std::fmt::Write as _;

use super::{Gap, Gaps, Line};

/// A bound of lines and of the bytes in them, endings not counted. What is reached first counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineBound {
    /// How many lines.
    pub lines: usize,
    /// How many bytes in all of them.
    pub bytes: usize,
}

/// Which lines of a stream are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeepLines {
    /// The first ones.
    Head(LineBound),
    /// The last ones.
    Tail(LineBound),
    /// The first ones and the last ones.
    HeadAndTail {
        /// The bound of the first.
        head: LineBound,
        /// The bound of the last.
        tail: LineBound,
    },
    /// Every one. The memory is as large as the stream.
    All,
}

/// A [`Line`] that is kept; the fields are the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptLine {
    /// What the line consists of, without its ending.
    pub bytes: Vec<u8>,
    /// The offset in the stream of the first of these bytes.
    pub offset: u64,
    /// Whether they begin the line.
    pub started: bool,
    /// Whether an ending follows them.
    pub ended: bool,
    /// How many bytes are missing, before these or after them.
    pub omitted: u64,
}

impl KeptLine {
    /// Returns the line as it was pushed.
    pub fn line(&self) -> Line<'_> {
        Line {
            bytes: &self.bytes,
            offset: self.offset,
            started: self.started,
            ended: self.ended,
            omitted: self.omitted,
        }
    }
}

impl From<Line<'_>> for KeptLine {
    fn from(line: Line<'_>) -> Self {
        Self {
            bytes: line.bytes.to_vec(),
            offset: line.offset,
            started: line.started,
            ended: line.ended,
            omitted: line.omitted,
        }
    }
}

/// Keeps a bounded number of lines, whole ones only, and tells what is missing.
///
/// The head ends at the first line that does not fit, and the tail starts after the last one that
/// did not: what is kept has one hole at most.
#[derive(Debug, Clone)]
pub struct KeptLines {
    head: Vec<KeptLine>,
    head_room: LineBound,
    head_open: bool,
    tail: VecDeque<KeptLine>,
    tail_bound: LineBound,
    tail_bytes: usize,
    omitted_lines: u64,
    /// In lines that are not kept.
    omitted_bytes: u64,
    /// In all lines, as they came.
    missing_bytes: u64,
    gaps: Gaps,
}

impl KeptLines {
    /// Returns a keeper of nothing yet.
    pub fn new(keep: KeepLines) -> Self {
        let none = LineBound { lines: 0, bytes: 0 };
        let all = LineBound {
            lines: usize::MAX,
            bytes: usize::MAX,
        };
        let (head, tail) = match keep {
            KeepLines::Head(head) => (head, none),
            KeepLines::Tail(tail) => (none, tail),
            KeepLines::HeadAndTail { head, tail } => (head, tail),
            KeepLines::All => (all, none),
        };
        Self {
            head: Vec::new(),
            head_room: head,
            head_open: true,
            tail: VecDeque::new(),
            tail_bound: tail,
            tail_bytes: 0,
            omitted_lines: 0,
            omitted_bytes: 0,
            missing_bytes: 0,
            gaps: Gaps::default(),
        }
    }

    /// Takes the next line.
    pub fn push(&mut self, line: Line<'_>) {
        self.missing_bytes += line.omitted;
        let room = &mut self.head_room;
        if self.head_open && room.lines > 0 && line.bytes.len() <= room.bytes {
            room.lines -= 1;
            room.bytes -= line.bytes.len();
            self.head.push(line.into());
            return;
        }
        self.head_open = false;
        self.push_tail(line);
    }

    /// Notes that bytes were lost. They are counted in the next line's [`Line::omitted`], and here
    /// only in [`KeptLines::gaps`].
    pub fn gap(&mut self, gap: Gap) {
        self.gaps.add(gap);
    }

    fn push_tail(&mut self, line: Line<'_>) {
        let length = line.bytes.len();
        let fits = self.tail_bound.lines > 0 && length <= self.tail_bound.bytes;
        let mut spare = Vec::new();
        while let Some(first) = self.tail.front() {
            let room = self.tail_bound.bytes - self.tail_bytes;
            if fits && self.tail.len() < self.tail_bound.lines && length <= room {
                break;
            }
            self.tail_bytes -= first.bytes.len();
            self.omit(first.bytes.len());
            spare = self.tail.pop_front().map_or(Vec::new(), |line| line.bytes);
        }
        if !fits {
            self.omit(length);
            return;
        }
        self.tail_bytes += length;
        self.tail.push_back(refill(spare, line));
    }

    fn omit(&mut self, bytes: usize) {
        self.omitted_lines += 1;
        self.omitted_bytes += bytes as u64;
    }

    /// Returns the lines that are kept, first ones first. Between head and tail
    /// [`KeptLines::omitted_lines`] are missing.
    pub fn lines(&self) -> impl Iterator<Item = Line<'_>> {
        self.head.iter().chain(&self.tail).map(KeptLine::line)
    }

    /// Returns the first lines.
    pub fn head(&self) -> &[KeptLine] {
        &self.head
    }

    /// Returns the last lines, those of the head excepted.
    pub fn tail(&self) -> impl Iterator<Item = &KeptLine> {
        self.tail.iter()
    }

    /// Returns all lines that are kept.
    pub fn into_lines(mut self) -> Vec<KeptLine> {
        self.head.extend(self.tail);
        self.head
    }

    /// Returns how many lines came and are not kept.
    pub fn omitted_lines(&self) -> u64 {
        self.omitted_lines
    }

    /// Returns how many bytes are missing, endings not counted: those of the lines that are not
    /// kept, and those that lines lacked when they came.
    pub fn omitted_bytes(&self) -> u64 {
        self.omitted_bytes + self.missing_bytes
    }

    /// Returns what was lost on the way.
    pub fn gaps(&self) -> Gaps {
        self.gaps
    }

    /// Returns whether anything is missing, for whichever reason.
    pub fn truncated(&self) -> bool {
        self.omitted_lines > 0 || self.omitted_bytes() > 0 || self.gaps.count > 0
    }

    /// Returns the lines as text, each with a `\n`. Where lines are missing stands
    /// `[... 7 lines, 123 bytes omitted ...]`, and where a line lacks bytes,
    /// `[... 123 bytes omitted ...]`.
    pub fn to_string_lossy_with_marker(&self) -> String {
        let mut text = String::new();
        for line in &self.head {
            render(&mut text, line);
        }
        if self.omitted_lines > 0 {
            let (lines, bytes) = (self.omitted_lines, self.omitted_bytes);
            let noun = if lines == 1 { "line" } else { "lines" };
            let _ = writeln!(text, "[... {lines} {noun}, {bytes} bytes omitted ...]");
        }
        for line in &self.tail {
            render(&mut text, line);
        }
        text
    }
}

/// Uses the memory of a line that has just gone, unless it is far too large.
fn refill(mut spare: Vec<u8>, line: Line<'_>) -> KeptLine {
    if spare.capacity() < line.bytes.len() || spare.capacity() > 2 * line.bytes.len() + 64 {
        return line.into();
    }
    spare.clear();
    spare.extend_from_slice(line.bytes);
    KeptLine {
        bytes: spare,
        offset: line.offset,
        started: line.started,
        ended: line.ended,
        omitted: line.omitted,
    }
}

fn render(text: &mut String, kept: &KeptLine) {
    let line = kept.line();
    let marker = match line.omitted {
        0 => String::new(),
        bytes => format!("[... {bytes} bytes omitted ...]"),
    };
    // Writing to a String can't fail.
    let _ = if line.started {
        writeln!(text, "{}{marker}", line.text())
    } else {
        writeln!(text, "{marker}{}", line.text())
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> Line<'_> {
        Line {
            bytes: text.as_bytes(),
            offset: 0,
            started: true,
            ended: true,
            omitted: 0,
        }
    }

    fn bound(lines: usize, bytes: usize) -> LineBound {
        LineBound { lines, bytes }
    }

    #[test]
    fn both_bounds_hold_and_the_hole_is_counted() {
        let (head, tail) = (bound(2, 100), bound(9, 5));
        let mut kept = KeptLines::new(KeepLines::HeadAndTail { head, tail });
        for text in ["a", "bb", "ccc", "dddd", "e"] {
            kept.push(line(text));
        }
        assert_eq!((kept.omitted_lines(), kept.omitted_bytes()), (1, 3));
        let text = kept.to_string_lossy_with_marker();
        assert_eq!(text, "a\nbb\n[... 1 line, 3 bytes omitted ...]\ndddd\ne\n");
        assert_eq!(kept.into_lines().len(), 4);
    }

    #[test]
    fn a_line_that_never_fits_leaves_one_hole() {
        let mut kept = KeptLines::new(KeepLines::Tail(bound(9, 3)));
        for text in ["a", "long", "b"] {
            kept.push(line(text));
        }
        assert_eq!(kept.lines().map(|line| line.bytes.len()).sum::<usize>(), 1);
        assert_eq!((kept.omitted_lines(), kept.omitted_bytes()), (2, 5));
    }

    #[test]
    fn bytes_that_a_line_lacks_are_missing() {
        let mut kept = KeptLines::new(KeepLines::All);
        assert!(!kept.truncated());
        let lacking = Line {
            omitted: 4,
            ..line("x")
        };
        kept.push(lacking);
        assert!(kept.truncated() && kept.omitted_bytes() == 4);
        let text = kept.to_string_lossy_with_marker();
        assert_eq!(text, "x[... 4 bytes omitted ...]\n");
    }
}
