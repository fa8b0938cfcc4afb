use std::io::{self, BufRead as _, BufReader, Read};

/// How much is read at once.
const CHUNK: usize = 64 << 10;
/// What a long line took is given back when it is done with.
const KEPT: usize = 1 << 20;

/// Reads lines, and holds no more of one than it is allowed to.
pub struct BoundedLines<R> {
    input: BufReader<R>,
    longest: usize,
    line: Vec<u8>,
}

/// A line without its end.
#[derive(Debug, PartialEq, Eq)]
pub enum Line<'a> {
    /// All of it.
    Whole(&'a [u8]),
    /// It is longer than allowed: it was passed over.
    TooLong,
}

impl<R: Read> BoundedLines<R> {
    pub fn new(input: R, longest: usize) -> Self {
        Self {
            input: BufReader::with_capacity(CHUNK, input),
            longest,
            line: Vec::new(),
        }
    }

    /// Returns the next line, or `None` at the end of the input. What follows the last line end is a line too.
    pub fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        self.line.clear();
        self.line.shrink_to(KEPT);
        let (mut any, mut too_long) = (false, false);
        loop {
            let available = match self.input.fill_buf() {
                Ok(available) => available,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if available.is_empty() {
                break;
            }
            any = true;
            let end = available.iter().position(|byte| *byte == b'\n');
            let part = &available[..end.unwrap_or(available.len())];
            too_long |= self.line.len() + part.len() > self.longest;
            if too_long {
                self.line = Vec::new();
            } else {
                self.line.extend_from_slice(part);
            }
            let used = end.map_or(part.len(), |end| end + 1);
            self.input.consume(used);
            if end.is_some() {
                break;
            }
        }
        Ok(match (any, too_long) {
            (false, _) => None,
            (true, true) => Some(Line::TooLong),
            (true, false) => Some(Line::Whole(&self.line)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(input: &[u8], longest: usize) -> Vec<Option<String>> {
        let mut lines = BoundedLines::new(input, longest);
        let mut found = Vec::new();
        while let Some(line) = lines.next().unwrap() {
            found.push(match line {
                Line::Whole(line) => Some(String::from_utf8(line.to_vec()).unwrap()),
                Line::TooLong => None,
            });
        }
        found
    }

    #[test]
    fn lines_are_whole_or_passed_over() {
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(all(b"", 3), []);
        assert_eq!(
            all(b"ab\n\nabc\nabcd\nx", 3),
            [some("ab"), some(""), some("abc"), None, some("x")]
        );
        assert_eq!(all(b"abcd", 3), [None]);
    }

    #[test]
    fn an_endless_line_takes_no_memory() {
        let endless = io::repeat(b'x').take(CHUNK as u64 * 40);
        let mut lines = BoundedLines::new(endless.chain(&b"\nnext\n"[..]), CHUNK);
        assert_eq!(lines.next().unwrap(), Some(Line::TooLong));
        assert!(lines.line.capacity() <= CHUNK);
        assert_eq!(lines.next().unwrap(), Some(Line::Whole(b"next")));
        assert_eq!(lines.next().unwrap(), None);
    }
}
