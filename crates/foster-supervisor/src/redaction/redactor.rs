use aho_corasick::{AhoCorasick, BuildError, MatchKind};
use foster_model::{REDACTED, Secrets};

/// Puts `***` in the place of values, in a stream that comes in pieces. Pure.
///
/// A value that begins in one piece and ends in the next is found: the end of a piece that could be
/// the beginning of a value is left undecided, and is to be given in again with what follows. So at
/// most the longest value's length less one is held back, and only while the output ends like the
/// beginning of one.
#[derive(Debug)]
pub struct Redactor {
    search: AhoCorasick,
    values: Secrets,
    longest: usize,
}

/// The values can't be searched for.
#[derive(Debug, thiserror::Error)]
#[error("the values to be redacted can't be searched for")]
pub struct RedactorError(#[from] BuildError);

/// What became of a piece.
#[derive(Debug, PartialEq, Eq)]
pub struct Redacted {
    /// What may be written.
    pub text: Vec<u8>,
    /// Where in the piece the bytes begin that are to be given in again.
    pub undecided: usize,
    /// How many values were replaced.
    pub replaced: u64,
}

impl Redactor {
    /// Returns a redactor for these values.
    ///
    /// # Errors
    /// They are too many or too long for the search.
    pub fn new(values: Secrets) -> Result<Self, RedactorError> {
        let longest = values.iter().map(<[u8]>::len).max().unwrap_or(0);
        // Of two values that begin at the same place the longer one counts, so that none of it stays.
        let search = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .build(values.iter())?;
        Ok(Self {
            search,
            values,
            longest,
        })
    }

    /// Returns the most that is ever left undecided, in bytes.
    pub fn holds_back(&self) -> usize {
        self.longest.saturating_sub(1)
    }

    /// Redacts a piece: what was left undecided, and what came since. `at_end` if nothing follows.
    pub fn redact(&self, piece: &[u8], at_end: bool) -> Redacted {
        self.redact_into(Vec::with_capacity(piece.len()), piece, at_end)
    }

    /// Does the same with the memory of an older text.
    pub fn redact_into(&self, mut text: Vec<u8>, piece: &[u8], at_end: bool) -> Redacted {
        text.clear();
        let (mut from, mut replaced) = (0, 0);
        let mut undecided = self.undecided(piece, from, at_end);
        loop {
            let rest = aho_corasick::Input::new(piece).range(from..);
            let found = self.search.find(rest);
            let Some(found) = found.filter(|found| found.start() < undecided) else {
                text.extend_from_slice(&piece[from..undecided]);
                return Redacted {
                    text,
                    undecided,
                    replaced,
                };
            };
            text.extend_from_slice(&piece[from..found.start()]);
            text.extend_from_slice(REDACTED);
            replaced += 1;
            from = found.end();
            if from > undecided {
                // What looked like a beginning was a part of this one.
                undecided = self.undecided(piece, from, at_end);
            }
        }
    }

    /// Returns the first place, from `from` on, where the rest of the piece is the beginning of a
    /// value, and not all of it.
    fn undecided(&self, piece: &[u8], from: usize, at_end: bool) -> usize {
        if at_end {
            return piece.len();
        }
        let first = piece.len().saturating_sub(self.holds_back()).max(from);
        let begins = |at: &usize| {
            let rest = &piece[*at..];
            let mut values = self.values.iter();
            values.any(|value| value.len() > rest.len() && value.starts_with(rest))
        };
        (first..piece.len()).find(begins).unwrap_or(piece.len())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn redactor(values: &[&str]) -> Redactor {
        Redactor::new(Secrets::new(values.iter().map(|value| value.as_bytes()))).unwrap()
    }

    /// Redacts `text`, which comes in pieces of these lengths.
    fn in_pieces(redactor: &Redactor, text: &[u8], lengths: &[usize]) -> (Vec<u8>, u64) {
        let (mut out, mut carry, mut replaced) = (Vec::new(), Vec::new(), 0);
        let (mut rest, mut lengths) = (text, lengths.iter().cycle());
        while !rest.is_empty() {
            let length = lengths.next().copied().unwrap_or(1).clamp(1, rest.len());
            carry.extend_from_slice(&rest[..length]);
            rest = &rest[length..];
            let redacted = redactor.redact(&carry, rest.is_empty());
            assert!(carry.len() - redacted.undecided <= redactor.holds_back());
            out.extend_from_slice(&redacted.text);
            replaced += redacted.replaced;
            carry.drain(..redacted.undecided);
        }
        (out, replaced)
    }

    #[test]
    fn values_are_replaced_wherever_they_are_cut() {
        let rows = [
            (vec!["secret"], "a secret b", "a *** b", 1),
            (vec!["secret"], "secretsecret", "******", 2),
            (vec!["secret"], "secre", "secre", 0),
            (vec!["secret"], "sesecretcret", "se***cret", 1),
            (vec!["abcd", "abcdef"], "abcdef abcdx", "*** ***x", 2),
            (vec!["abcd", "cdef"], "abcdef", "***ef", 1),
            (vec!["xaab", "aabc"], "xxaabc", "x***c", 1),
            (vec!["aaaa"], "aaaaaaa", "***aaa", 1),
        ];
        for (values, text, expected, count) in rows {
            let redactor = redactor(&values);
            for length in 1..=text.len() {
                let (out, replaced) = in_pieces(&redactor, text.as_bytes(), &[length]);
                assert_eq!(
                    String::from_utf8(out).unwrap(),
                    expected,
                    "{text} by {length}"
                );
                assert_eq!(replaced, count, "{text} by {length}");
            }
        }
    }

    proptest! {
        #[test]
        fn the_cuts_change_nothing(
            values in prop::collection::vec("[ab]{4,7}", 1..4),
            text in "[abc]{0,200}",
            lengths in prop::collection::vec(1..20_usize, 1..10),
        ) {
            let values: Vec<&str> = values.iter().map(String::as_str).collect();
            let redactor = redactor(&values);
            let whole = redactor.redact(text.as_bytes(), true);
            let (out, replaced) = in_pieces(&redactor, text.as_bytes(), &lengths);
            prop_assert_eq!(&out, &whole.text);
            prop_assert_eq!(replaced, whole.replaced);
            for value in values {
                prop_assert!(!String::from_utf8_lossy(&out).contains(value));
            }
        }
    }
}
