use std::fmt;
use std::str::FromStr;

use crate::JobId;

/// A place in the list of jobs, between one that was shown and those that follow: what `--cursor`
/// takes and `next` gives.
///
/// It names the last job that was shown, and not a number of rows, so that it stays right while jobs
/// come and go; also if it is that very job that has gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// The last job that was shown.
    pub after: JobId,
    /// Whether the oldest jobs come first.
    pub oldest_first: bool,
}

/// The text is no cursor.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no cursor")]
pub struct InvalidCursor(pub String);

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let order = if self.oldest_first { 'o' } else { 'n' };
        write!(f, "1{order}{}", self.after)
    }
}

impl FromStr for Cursor {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        let invalid = || InvalidCursor(text.to_owned());
        let (oldest_first, id) = match text.get(..2) {
            Some("1n") => (false, &text[2..]),
            Some("1o") => (true, &text[2..]),
            _ => return Err(invalid()),
        };
        let after = id.parse().map_err(|_| invalid())?;
        Ok(Self {
            after,
            oldest_first,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_cursor_reads_back(ms in 0u64..(1 << 47), random: u128, oldest_first: bool) {
            let cursor = Cursor { after: JobId::from_parts(ms, random), oldest_first };
            prop_assert_eq!(cursor.to_string().parse::<Cursor>(), Ok(cursor));
        }

        #[test]
        fn noise_never_panics(text: String) {
            let _ = text.parse::<Cursor>();
        }
    }

    #[test]
    fn what_is_no_cursor_is_refused() {
        for text in [
            "",
            "1",
            "1n",
            "é",
            "1é",
            "2n01h00000000000000000000000",
            "@1",
        ] {
            assert!(text.parse::<Cursor>().is_err(), "{text:?}");
        }
    }
}
