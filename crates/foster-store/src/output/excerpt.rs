use std::io;

use foster_model::answer::Excerpt;

use crate::StreamLog;
use crate::output::text;

/// How much is read at once when lines are counted backwards, in bytes.
const BLOCK: u64 = 64 * 1024;
/// The longest character of UTF-8, in bytes. An excerpt that may have any byte may have so many:
/// else one could not get past such a character.
const LONGEST_CHARACTER: u64 = 4;

impl StreamLog {
    /// Returns the last `lines` lines within the last `max_bytes` bytes; with 0 lines only
    /// `max_bytes` counts. A line's end belongs to the line: `a\nb\n` has two.
    ///
    /// The text does not reach back over a gap. At its beginning it is cut on the border of a
    /// character, and a character at the end that is not complete is left out unless `is_final`.
    /// `observed` are the bytes that were read from the command so far.
    pub fn tail(
        &self,
        lines: usize,
        max_bytes: u64,
        observed: u64,
        is_final: bool,
    ) -> io::Result<Excerpt> {
        let end = self.last_byte();
        let lower = self.run_start(end).max(end.saturating_sub(max_bytes));
        let mut upper = end;
        if !is_final && end == self.end() {
            let last = self.collect(lower.max(end.saturating_sub(LONGEST_CHARACTER)), end)?;
            upper -= text::incomplete_suffix(&last) as u64;
        }
        let line = if lines == 0 {
            None
        } else {
            self.line_start(lines, lower, upper)?
        };
        let mut start = line.unwrap_or(lower);
        let mut bytes = self.collect(start, upper)?;
        if line.is_none() && start > 0 {
            let cut = text::continuation_prefix(&bytes);
            bytes.drain(..cut);
            start += cut as u64;
        }
        Ok(self.excerpt(start, &bytes, observed))
    }

    /// Returns where the last `lines` lines before `upper` begin; `None` if that is before `lower`.
    fn line_start(&self, lines: usize, lower: u64, upper: u64) -> io::Result<Option<u64>> {
        let mut left = lines;
        // The very last newline ends the last line, and begins none.
        let mut to = upper.saturating_sub(1).max(lower);
        while to > lower {
            let from = to.saturating_sub(BLOCK).max(lower);
            let block = self.collect(from, to)?;
            for (at, _) in block
                .iter()
                .enumerate()
                .rev()
                .filter(|(_, byte)| **byte == b'\n')
            {
                left -= 1;
                if left == 0 {
                    return Ok(Some(from + at as u64 + 1));
                }
            }
            to = from;
        }
        Ok(None)
    }

    /// Returns at most `max_bytes` bytes from `offset` on (clamped to the end; a gap is jumped
    /// over, and the text ends before the next one).
    ///
    /// At its end it is cut on the border of a character, so that `range[1]` can be the next
    /// `from`; an incomplete character at the end of the stream waits for the rest unless
    /// `is_final`. A `max_bytes` of 1 to 3 counts as 4, the longest character.
    pub fn from(
        &self,
        offset: u64,
        max_bytes: u64,
        observed: u64,
        is_final: bool,
    ) -> io::Result<Excerpt> {
        let start = self.next_present(offset.min(self.end()));
        let limit = if max_bytes == 0 {
            0
        } else {
            max_bytes.max(LONGEST_CHARACTER)
        };
        let run_end = self.run_end(start);
        let mut bytes = self.collect(start, run_end.min(start.saturating_add(limit)))?;
        let reached = start + bytes.len() as u64;
        // Before a gap nothing more can come: an incomplete character stays one.
        let more_to_come = reached < run_end || (run_end == self.end() && !is_final);
        if more_to_come {
            bytes.truncate(bytes.len() - text::incomplete_suffix(&bytes));
        }
        Ok(self.excerpt(start, &bytes, observed))
    }

    fn excerpt(&self, start: u64, bytes: &[u8], observed: u64) -> Excerpt {
        // The log may have grown since the caller was told how much there is.
        let observed = observed.max(self.end());
        let included = bytes.len() as u64;
        let omitted = self.omitted(observed);
        Excerpt {
            tail: Some(String::from_utf8_lossy(bytes).into_owned()),
            digest: None,
            range: [start, start + included],
            observed_bytes: observed,
            included_bytes: included,
            omitted_bytes: omitted.iter().map(|[from, to]| to - from).sum(),
            omitted,
            truncated: included < observed,
            matches: None,
            damage: None,
        }
    }
}
