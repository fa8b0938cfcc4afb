use std::io;

use crate::StreamLog;
use crate::output::text;

/// Bytes of a stream that lie on disk without a gap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The offset of the first byte in its stream.
    pub offset: u64,
    /// The bytes; they neither begin nor end within a character of UTF-8, if the stream is UTF-8.
    pub bytes: Vec<u8>,
}

impl Part {
    /// Returns the offset after the last byte.
    pub fn end(&self) -> u64 {
        self.offset + self.bytes.len() as u64
    }
}

impl StreamLog {
    /// Reads the first `head` and the last `tail` bytes from `from` on (clamped to the end), or all
    /// if that is less: never more, however long the stream is.
    ///
    /// A gap that a cap or a full disk left parts the bytes. A character at the very end that is not
    /// complete is left out unless `is_final`.
    pub fn ends(&self, from: u64, head: u64, tail: u64, is_final: bool) -> io::Result<Vec<Part>> {
        let end = self.last_byte();
        let from = from.min(end);
        let mut parts = Vec::new();
        if end - from <= head.saturating_add(tail) {
            self.parts(from, end, &mut parts)?;
        } else {
            self.parts(from, from + head, &mut parts)?;
            self.parts(end - tail, end, &mut parts)?;
        }
        self.cut(from, is_final, &mut parts);
        Ok(parts)
    }

    /// Appends what lies on disk from `at` to `end`.
    fn parts(&self, mut at: u64, end: u64, parts: &mut Vec<Part>) -> io::Result<()> {
        loop {
            at = self.next_present(at);
            if at >= end {
                return Ok(());
            }
            // Nothing read means that the bytes have gone since: the next turn looks behind them.
            let bytes = self.collect(at, self.run_end(at).min(end))?;
            at += bytes.len() as u64;
            if !bytes.is_empty() {
                let offset = at - bytes.len() as u64;
                parts.push(Part { offset, bytes });
            }
        }
    }

    /// Cuts the parts on the borders of characters. What the caller began with `from` is his cut.
    fn cut(&self, from: u64, is_final: bool, parts: &mut Vec<Part>) {
        let (all, last) = (parts.len(), self.end());
        for (at, part) in parts.iter_mut().enumerate() {
            if part.offset > from {
                let cut = text::continuation_prefix(&part.bytes);
                part.bytes.drain(..cut);
                part.offset += cut as u64;
            }
            if at + 1 < all || (part.end() == last && !is_final) {
                let kept = part.bytes.len() - text::incomplete_suffix(&part.bytes);
                part.bytes.truncate(kept);
            }
        }
        parts.retain(|part| !part.bytes.is_empty());
    }
}
