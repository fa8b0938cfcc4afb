use std::borrow::Cow;

/// The longest line unless told otherwise, in bytes.
pub const DEFAULT_MAX_LINE: usize = 16 * 1024;

/// The least bound of a line: any character of UTF-8 fits.
pub const MIN_MAX_LINE: usize = 4;

/// What ends a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LineEnding {
    /// `\n` alone; a `\r` before it belongs to the line.
    Lf,
    /// `\n` or `\r\n`. A `\r` elsewhere belongs to the line; as the very last byte of the stream it
    /// is taken for the first half of an ending.
    #[default]
    LfOrCrLf,
    /// Also a `\r` by itself, so that each state of a progress bar is a line. The line is there as
    /// soon as the `\r` is; a `\n` right after it belongs to the same ending.
    AnyCr,
}

/// What becomes of a line that is longer than the bound. Either way the cut is on a border between
/// characters of UTF-8, unless the bytes around it are none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LineOverflow {
    /// The rest is dropped and counted in [`Line::omitted`].
    #[default]
    Truncate,
    /// The rest follows as further lines, each but the last without [`Line::ended`], each but the
    /// first without [`Line::started`].
    Split,
}

/// How a stream is cut into lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineOptions {
    ending: LineEnding,
    overflow: LineOverflow,
    max_length: usize,
}

/// Lines can't be bounded in this way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidLineOptions {
    /// Not every character would fit.
    #[error("a line of at most {given} bytes is too short, the least bound is {MIN_MAX_LINE}")]
    MaxLength {
        /// The bound that was asked for, in bytes.
        given: usize,
    },
}

impl Default for LineOptions {
    fn default() -> Self {
        Self {
            ending: LineEnding::default(),
            overflow: LineOverflow::default(),
            max_length: DEFAULT_MAX_LINE,
        }
    }
}

impl LineOptions {
    /// Returns the same with another ending.
    #[must_use]
    pub fn with_ending(mut self, ending: LineEnding) -> Self {
        self.ending = ending;
        self
    }

    /// Returns the same with another treatment of lines that are too long.
    #[must_use]
    pub fn with_overflow(mut self, overflow: LineOverflow) -> Self {
        self.overflow = overflow;
        self
    }

    /// Returns the same with another bound, in bytes without the ending. `usize::MAX`: none, and
    /// the memory is as large as the longest line.
    ///
    /// # Errors
    /// [`InvalidLineOptions::MaxLength`] below [`MIN_MAX_LINE`].
    pub fn with_max_length(mut self, bytes: usize) -> Result<Self, InvalidLineOptions> {
        if bytes < MIN_MAX_LINE {
            return Err(InvalidLineOptions::MaxLength { given: bytes });
        }
        self.max_length = bytes;
        Ok(self)
    }

    /// Returns what ends a line.
    pub fn ending(&self) -> LineEnding {
        self.ending
    }

    /// Returns what becomes of a line that is too long.
    pub fn overflow(&self) -> LineOverflow {
        self.overflow
    }

    /// Returns the bound of a line, in bytes without the ending.
    pub fn max_length(&self) -> usize {
        self.max_length
    }
}

/// One line of a stream, or a part of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line<'a> {
    /// What the line consists of, without its ending.
    pub bytes: &'a [u8],
    /// The offset in the stream of the first of these bytes.
    pub offset: u64,
    /// Whether they begin the line: not after a gap, and not where a long line was split.
    pub started: bool,
    /// Whether an ending follows them: not at the end of the stream, and not where a long line was
    /// split.
    pub ended: bool,
    /// How many bytes are missing: before these if the line lacks its beginning, after them if it
    /// was truncated.
    pub omitted: u64,
}

impl<'a> Line<'a> {
    /// Returns the text, with `U+FFFD` in place of what is no UTF-8. Free unless there is some.
    pub fn text(&self) -> Cow<'a, str> {
        lossy(self.bytes)
    }
}

/// Returns the text of bytes. What is valid, which is nearly all there is, is checked many bytes at
/// a time; `from_utf8_lossy` by itself goes from character to character.
pub(super) fn lossy(bytes: &[u8]) -> Cow<'_, str> {
    str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed)
}

/// Returns where to cut bytes that go on: their length, or less if a character would be split.
pub(super) fn character_border(bytes: &[u8]) -> usize {
    let all = bytes.len();
    for back in 1..=all.min(3) {
        let byte = bytes[all - back];
        let length = match byte {
            0b1100_0000..=0b1101_1111 => 2,
            0b1110_0000..=0b1110_1111 => 3,
            0b1111_0000..=0b1111_0111 => 4,
            0b1000_0000..=0b1011_1111 => continue,
            _ => return all,
        };
        // Nothing left would be no progress.
        return if length > back && back < all {
            all - back
        } else {
            all
        };
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_stands_between_two_characters() {
        for (text, at, border) in [
            ("abc", 2, 2),
            ("aé", 2, 1),
            ("aéb", 3, 3),
            ("a€", 3, 1),
            ("a€", 2, 1),
            ("a𝄞", 4, 1),
            ("𝄞b", 4, 4),
        ] {
            assert_eq!(
                character_border(&text.as_bytes()[..at]),
                border,
                "{text} {at}"
            );
        }
        assert_eq!(character_border(b"\x80\x80\x80\x80"), 4);
        assert_eq!(character_border(b"\xff\x80"), 2);
        assert_eq!(character_border(b""), 0);
    }

    #[test]
    fn a_bound_that_holds_no_character_is_refused() {
        let refused = LineOptions::default().with_max_length(3);
        assert_eq!(refused, Err(InvalidLineOptions::MaxLength { given: 3 }));
    }
}
