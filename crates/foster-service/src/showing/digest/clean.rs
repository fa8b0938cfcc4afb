use std::hash::{DefaultHasher, Hasher as _};

use anstyle_parse::{DefaultCharAccumulator, Params, Parser, Perform};

use super::Source;
use super::shape::Shape;

/// A line as a terminal shows it at last. Its text lies in [`Lines::text`].
#[derive(Debug, Clone, Copy)]
pub(super) struct Line {
    start: u32,
    len: u32,
    /// Equal for lines that are equal; lines that differ may share it.
    pub same: u32,
    /// Equal for lines that differ in numbers, blanks and bars of progress alone.
    pub alike: u32,
    pub shape: Shape,
}

/// What was read, as lines.
#[derive(Debug, Default)]
pub(super) struct Lines {
    text: String,
    pub rows: Vec<Line>,
    /// Before which line how many bytes were not read, or not as whole lines.
    pub gaps: Vec<(usize, u64)>,
    /// How many lines were read. Empty ones that follow each other are one in `rows`.
    pub total: u64,
    /// How many lines are not in `rows` for that reason.
    pub blank: u64,
    /// Whether the last line has no end.
    pub open: bool,
    /// Whether anything but empty lines was removed or replaced.
    pub changed: bool,
    /// How long the text is without any cleaning.
    pub original_text: usize,
}

impl Lines {
    pub fn text(&self, at: usize) -> &str {
        let line = &self.rows[at];
        let (start, len) = (line.start as usize, line.len as usize);
        &self.text[start..start + len]
    }

    /// Returns how many bytes were not read.
    pub fn unread(&self) -> u64 {
        self.gaps.iter().map(|(_, bytes)| bytes).sum()
    }

    fn push(&mut self, text: &str, original: &str, steps: &mut u64) {
        let text = text.trim_end_matches([' ', '\t']);
        // Whatever is removed makes it shorter, and nothing makes it longer.
        self.changed |= text.len() < original.len();
        *steps += text.len() as u64 + 1;
        self.total += 1;
        let after_gap = self
            .gaps
            .last()
            .is_some_and(|(at, _)| *at == self.rows.len());
        if text.is_empty() && !after_gap && self.rows.last().is_some_and(|line| line.len == 0) {
            self.blank += 1;
            return;
        }
        let (same, alike) = hashes(text);
        self.rows.push(Line {
            start: self.text.len() as u32,
            len: text.len() as u32,
            same,
            alike,
            shape: Shape::Plain,
        });
        self.text.push_str(text);
    }
}

/// Returns the lines of what was read.
pub(super) fn lines(source: &Source<'_>, steps: &mut u64) -> Lines {
    let mut lines = Lines::default();
    let mut screen = Screen::default();
    let mut reached = source.from;
    for (at, part) in source.parts.iter().enumerate() {
        let text = String::from_utf8_lossy(&part.bytes);
        lines.original_text += text.len();
        lines.changed |= matches!(text, std::borrow::Cow::Owned(_));
        let mut text = &*text;
        let mut unread = part.offset.saturating_sub(reached);
        if unread > 0 {
            let begun = text.find('\n').map_or(0, |end| end + 1);
            // Half a line would be taken for a whole one. A line that fills the part is shown.
            if begun < text.len() {
                text = &text[begun..];
                unread += begun as u64;
            }
            lines.gaps.push((lines.rows.len(), unread));
        }
        let mut rest = 0;
        if at + 1 < source.parts.len() {
            let whole = text.rfind('\n').map_or(text.len(), |end| end + 1);
            rest = (text.len() - whole) as u64;
            text = &text[..whole];
        }
        reached = part.end() - rest.min(part.bytes.len() as u64);
        read(text, &mut screen, &mut lines, steps);
    }
    lines
}

/// Appends the lines of a text.
fn read(text: &str, screen: &mut Screen, lines: &mut Lines, steps: &mut u64) {
    if text.is_empty() {
        return;
    }
    lines.open = !text.ends_with('\n');
    let body = text.strip_suffix('\n').unwrap_or(text);
    for line in body.split('\n') {
        let original = line;
        let line = line.strip_suffix('\r').unwrap_or(line);
        *steps += original.len() as u64;
        // C1 controls begin with this byte; so do some letters, which the slower way gets right.
        let plain = |byte: u8| (byte >= b' ' && byte != 0x7f && byte != 0xc2) || byte == b'\t';
        if line.bytes().all(plain) {
            lines.push(line, original, steps);
        } else {
            *steps += line.len() as u64;
            lines.push(screen.show(line), original, steps);
        }
    }
}

/// Returns a hash of the line, and one in which each number and each bar counts as one character.
fn hashes(text: &str) -> (u32, u32) {
    let mut same = DefaultHasher::new();
    same.write(text.as_bytes());
    let mut alike = DefaultHasher::new();
    let mut pending = [0_u8; 64];
    let (mut filled, mut last) = (0, '\0');
    for c in text.chars() {
        let c = match c {
            '0'..='9' => '0',
            // Bars and spinners made of blocks and of Braille.
            '\u{2580}'..='\u{259f}' => '\u{2588}',
            '\u{2800}'..='\u{28ff}' => '\u{2800}',
            c => c,
        };
        if c == last && !c.is_alphabetic() {
            continue;
        }
        last = c;
        if filled + 4 > pending.len() {
            alike.write(&pending[..filled]);
            filled = 0;
        }
        filled += c.encode_utf8(&mut pending[filled..]).len();
    }
    alike.write(&pending[..filled]);
    (same.finish() as u32, alike.finish() as u32)
}

/// One line of a terminal. An escape sequence ends with its line at the latest, so that one that is
/// never closed swallows no more than that.
#[derive(Default)]
struct Screen {
    cells: Vec<char>,
    cursor: usize,
    shown: String,
}

impl Screen {
    fn show(&mut self, line: &str) -> &str {
        self.cells.clear();
        self.cursor = 0;
        let mut parser = Parser::<DefaultCharAccumulator>::new();
        for byte in line.bytes() {
            parser.advance(self, byte);
        }
        self.shown.clear();
        self.shown.extend(&self.cells);
        &self.shown
    }

    fn forward(&mut self, columns: usize) {
        let wanted = self.cursor.saturating_add(columns);
        self.cursor = wanted.min(self.cells.len());
        if wanted > self.cells.len() {
            // One blank for any distance: a cursor can be sent further than a text should grow.
            self.print(' ');
        }
    }
}

impl Perform for Screen {
    fn print(&mut self, c: char) {
        if c.is_control() && c != '\t' {
            return;
        }
        match self.cells.get_mut(self.cursor) {
            Some(cell) => *cell = c,
            None => self.cells.push(c),
        }
        self.cursor += 1;
    }

    fn execute(&mut self, byte: u8) {
        match byte {
            b'\r' => self.cursor = 0,
            0x08 => self.cursor = self.cursor.saturating_sub(1),
            b'\t' => self.print('\t'),
            _ => {}
        }
    }

    fn csi_dispatch(&mut self, params: &Params, intermediates: &[u8], _: bool, action: u8) {
        if !intermediates.is_empty() {
            return;
        }
        let first = params.iter().next().and_then(|values| values.first());
        let given = first.copied().unwrap_or(0);
        let distance = usize::from(given.max(1));
        match (action, given) {
            (b'K' | b'J', 0) => self.cells.truncate(self.cursor),
            (b'K', 1) => {
                let upto = self.cursor.min(self.cells.len());
                self.cells[..upto].fill(' ');
            }
            (b'K' | b'J', _) => {
                self.cells.clear();
                self.cursor = 0;
            }
            (b'C', _) => self.forward(distance),
            (b'D', _) => self.cursor = self.cursor.saturating_sub(distance),
            (b'G', _) => self.cursor = (distance - 1).min(self.cells.len()),
            _ => {}
        }
    }
}
