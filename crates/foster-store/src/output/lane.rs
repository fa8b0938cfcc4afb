use std::collections::VecDeque;
use std::io;

use foster_model::Time;

use crate::output::text;
use crate::{RawLine, Stream, StreamLog};

/// The longest line that is given in one piece, in bytes.
pub(crate) const LONGEST_LINE: usize = 64 * 1024;
/// How much is read at once, in bytes.
const BLOCK: u64 = 64 * 1024;

/// Makes lines of one stream.
#[derive(Debug)]
pub(crate) struct Lane {
    stream: Stream,
    log: StreamLog,
    /// No line is looked for before this.
    from: u64,
    /// The next byte to be looked at.
    pub position: u64,
    /// The line that is not complete, and where it begins.
    line: Vec<u8>,
    start: u64,
    /// When the newest byte of it came.
    pub at: Option<Time>,
    /// Whether bytes before `position` were passed over unread, so that the line that they began
    /// has still to be found.
    passed_over: bool,
}

impl Lane {
    pub fn new(stream: Stream, log: StreamLog, from: u64) -> Self {
        Self {
            stream,
            log,
            from,
            position: from,
            line: Vec::new(),
            start: from,
            at: None,
            passed_over: false,
        }
    }

    pub fn has_rest(&self) -> bool {
        !self.line.is_empty()
    }

    /// Looks again at what is on disk, and returns its end.
    pub fn refresh(&mut self) -> io::Result<u64> {
        self.log.refresh()?;
        Ok(self.log.end())
    }

    /// Goes on at `to` without reading what lies before.
    pub fn pass_over(&mut self, to: u64) {
        self.position = to;
        self.start = to;
        self.line.clear();
        self.passed_over = true;
    }

    /// Finds the beginning of the line in which `position` lies, after bytes were passed over.
    fn find_line(&mut self) -> io::Result<()> {
        self.passed_over = false;
        if self.log.end() < self.position {
            self.log.refresh()?;
        }
        let earliest = self.position.saturating_sub(LONGEST_LINE as u64);
        let lower = self
            .log
            .run_start(self.position)
            .max(earliest)
            .max(self.from);
        let bytes = self.log.collect(lower, self.position)?;
        if bytes.len() as u64 != self.position - lower {
            return Ok(());
        }
        let begin = match bytes.iter().rposition(|&byte| byte == b'\n') {
            Some(newline) => newline + 1,
            None => text::continuation_prefix(&bytes),
        };
        self.start = lower + begin as u64;
        self.line = bytes[begin..].to_vec();
        Ok(())
    }

    /// Looks at some bytes up to `to`, which came at `at`, and adds the lines that they end.
    pub fn step(
        &mut self,
        to: u64,
        at: Option<Time>,
        lines: &mut VecDeque<RawLine>,
    ) -> io::Result<()> {
        if self.passed_over {
            self.find_line()?;
        }
        let mut block = vec![0; (to - self.position).min(BLOCK) as usize];
        let read = self.log.read_at(self.position, &mut block)?;
        if read == 0 {
            return self.jump(to, lines);
        }
        self.at = at;
        for part in block[..read].split_inclusive(|&byte| byte == b'\n') {
            self.add(part, lines);
        }
        Ok(())
    }

    fn add(&mut self, part: &[u8], lines: &mut VecDeque<RawLine>) {
        self.position += part.len() as u64;
        let text = part.strip_suffix(b"\n");
        self.line.extend_from_slice(text.unwrap_or(part));
        // Longer, not as long: the last piece of a line is then never empty.
        while self.line.len() > LONGEST_LINE {
            let border = LONGEST_LINE - text::incomplete_suffix(&self.line[..LONGEST_LINE]);
            let rest = self.line.split_off(border);
            let piece = std::mem::replace(&mut self.line, rest);
            self.give(piece, false, lines);
        }
        if text.is_some() {
            let line = std::mem::take(&mut self.line);
            self.give(line, true, lines);
        }
    }

    fn give(&mut self, bytes: Vec<u8>, terminated: bool, lines: &mut VecDeque<RawLine>) {
        let line = RawLine {
            at: self.at,
            stream: self.stream,
            offset: self.start,
            bytes,
            partial: !terminated,
            terminated,
        };
        self.start = line.end();
        lines.push_back(line);
    }

    /// Deals with bytes that can't be read: they came after the last look, or they are gone.
    fn jump(&mut self, to: u64, lines: &mut VecDeque<RawLine>) -> io::Result<()> {
        if self.log.end() < to {
            self.log.refresh()?;
        }
        let next = self.log.next_present(self.position);
        if next == self.position && next < self.log.end() {
            return Ok(());
        }
        // What was begun before a gap has no end.
        self.give_rest(lines);
        self.position = if next > self.position {
            next.min(to)
        } else {
            to
        };
        self.start = self.position;
        Ok(())
    }

    /// Returns how much there is of the line that was begun, up to the border of a character, in bytes.
    pub fn begun(&self) -> usize {
        self.line.len() - text::incomplete_suffix(&self.line)
    }

    /// Gives that out, as a piece.
    pub fn give_begun(&mut self, lines: &mut VecDeque<RawLine>) {
        let border = self.begun();
        if border > 0 {
            let rest = self.line.split_off(border);
            let piece = std::mem::replace(&mut self.line, rest);
            self.give(piece, false, lines);
        }
    }

    /// Gives out the line that was begun.
    pub fn give_rest(&mut self, lines: &mut VecDeque<RawLine>) {
        if self.has_rest() {
            let rest = std::mem::take(&mut self.line);
            self.give(rest, false, lines);
        }
    }
}
