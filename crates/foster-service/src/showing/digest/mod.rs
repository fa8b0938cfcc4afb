//! An excerpt of a stream for a language model, made without input, output or clock.
//!
//! Theory of operation. The bytes become lines as a terminal would show them at last (`clean`). Each
//! line is told by its own shape, not by the program's name, to begin a failure, to belong to one, or
//! to be plain (`shape`). What repeats is folded (`fold`). If that fits, it is the digest; else the
//! failures are chosen first, then the end, then the beginning (`choose`), and the ranges between
//! are marked (`compose`). Text is selected, and never made up: all but the marks was printed.
//!
//! Every pass looks at each byte a bounded number of times; [`Made::steps`] counts that, so that a
//! test can show growth without a clock. Of a long stream only [`HEAD`] and [`TAIL`] are read.

mod choose;
mod clean;
mod compose;
mod fold;
mod shape;

use foster_model::answer::{Digest, DigestPart, DigestReason};
use foster_store::Part;

use choose::{Choice, Limits};

/// How much of a stream's beginning is read for a digest, in bytes.
pub(crate) const HEAD: u64 = 256 * 1024;
/// How much of a stream's end is read for a digest, in bytes. With [`HEAD`] it also bounds the memory:
/// a line takes two dozen bytes beside its text, so the worst (nothing but lines of one character)
/// is some ninety MiB, and ordinary output a tenth of that.
pub(crate) const TAIL: u64 = 4 * 1024 * 1024;

/// What a digest is made of.
pub(crate) struct Source<'a> {
    /// What was read, in order.
    pub parts: &'a [Part],
    /// The offset from which on it was wanted.
    pub from: u64,
    /// How long the text may be, in bytes.
    pub max_bytes: u64,
    /// How many lines of the end are wanted; 0 for as many as fit.
    pub end_lines: usize,
}

/// A digest, and what it cost.
#[derive(Debug)]
pub(crate) struct Made {
    pub digest: Digest,
    /// Whether the text shows or stands for all that was read.
    pub whole: bool,
    /// How many bytes and lines were looked at, in all passes together.
    #[cfg_attr(not(test), expect(dead_code, reason = "it is there to be tested"))]
    pub steps: u64,
}

/// Makes a digest. Its text is no longer than `max_bytes`, nor than what was read.
pub(crate) fn digest(source: &Source<'_>) -> Made {
    let mut steps = 0;
    let mut lines = clean::lines(source, &mut steps);
    shape::tell(&mut lines, &mut steps);
    let folded = fold::fold(&lines, &mut steps);
    let room = usize::try_from(source.max_bytes).unwrap_or(usize::MAX);
    // A character that was cut or is no UTF-8 is longer as text than it was as bytes.
    let limits = Limits::new(room.min(lines.original_text), source.end_lines);
    let (choice, reason) = match choose::choose(&lines, &folded, limits, &mut steps) {
        Some(choice) => (choice, None),
        None => (Choice::default(), Some(DigestReason::NoRoom)),
    };
    let (text, tally) = match reason {
        None => compose::compose(&lines, &folded, &choice),
        Some(_) => compose::end_alone(&lines, room.min(lines.original_text)),
    };
    steps += text.len() as u64;
    let unread = lines.unread() > 0;
    let as_it_was = choice.whole && !tally.cut && tally.folded == 0;
    let unchanged = as_it_was && !lines.changed && !unread;
    let reason = reason.or(unchanged.then_some(DigestReason::Unchanged));
    let mut kept = choice.kept;
    if kept.is_empty() && !text.is_empty() {
        kept.push(DigestPart::End);
    }
    let read = source.parts.iter().map(|part| part.bytes.len() as u64);
    Made {
        whole: !tally.cut && tally.omitted == 0 && !unread,
        digest: Digest {
            text,
            original_bytes: read.sum(),
            lines_total: lines.total,
            lines_folded: tally.folded,
            lines_omitted: tally.omitted,
            kept,
            applied: reason.is_none(),
            reason,
        },
        steps,
    }
}

#[cfg(test)]
mod tests;
