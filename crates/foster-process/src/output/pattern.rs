use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use regex::bytes::Regex;

use super::MATCH_WINDOW;
use super::line::lossy;

/// Something to look for in a stream.
#[derive(Clone)]
pub struct Pattern(pub(super) Kind);

#[derive(Clone)]
pub(super) enum Kind {
    Literal(Arc<[u8]>),
    Regex(Regex),
    Predicate(Arc<dyn Fn(&str) -> bool + Send + Sync>),
}

/// Nothing can be looked for in this way.
#[derive(Debug, thiserror::Error)]
pub enum InvalidPattern {
    /// The expression is none, or takes too much memory.
    #[error("{expression:?} is no regular expression")]
    Regex {
        /// The expression.
        expression: String,
        /// What is wrong with it.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// There is nothing to look for.
    #[error("no pattern is given")]
    NoPattern,
    /// It would be found before the first byte.
    #[error("pattern {pattern} is empty")]
    Empty {
        /// Which one, counted from 0.
        pattern: usize,
    },
    /// It is longer than what is remembered of the stream.
    #[error("pattern {pattern} has {length} bytes, the most is {MATCH_WINDOW}")]
    TooLong {
        /// Which one, counted from 0.
        pattern: usize,
        /// How long it is, in bytes.
        length: usize,
    },
}

impl Pattern {
    /// Returns a pattern for this text, wherever it stands; it may go over ends of lines.
    pub fn substring(text: &str) -> Self {
        Self::bytes(text)
    }

    /// Returns a pattern for these bytes, wherever they stand; they may go over ends of lines.
    pub fn bytes(bytes: impl AsRef<[u8]>) -> Self {
        Self(Kind::Literal(bytes.as_ref().into()))
    }

    /// Returns a pattern for a regular expression in the syntax of the `regex` crate, which is
    /// tried on each line without its ending: `^` and `$` are the borders of the line.
    ///
    /// # Errors
    /// [`InvalidPattern::Regex`] if it is none, or would take too much memory.
    pub fn regex(expression: &str) -> Result<Self, InvalidPattern> {
        match Regex::new(expression) {
            Ok(regex) => Ok(Self(Kind::Regex(regex))),
            Err(error) => Err(InvalidPattern::Regex {
                expression: expression.to_owned(),
                source: error.into(),
            }),
        }
    }

    /// Returns a pattern for whole lines of which the function says yes. It gets the text without
    /// the ending, and the same line again when more of it has come.
    pub fn predicate(matches: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        Self(Kind::Predicate(Arc::new(matches)))
    }

    /// Returns where the pattern is in a line, if it is one that is tried on lines.
    pub(super) fn find_in_line(&self, line: &[u8]) -> Option<Range<usize>> {
        match &self.0 {
            Kind::Literal(_) => None,
            Kind::Regex(regex) => regex.find(line).map(|found| found.range()),
            Kind::Predicate(matches) => matches(&lossy(line)).then_some(0..line.len()),
        }
    }

    /// Returns the text of a literal.
    pub(super) fn literal(&self) -> Option<Cow<'_, str>> {
        match &self.0 {
            Kind::Literal(bytes) => Some(String::from_utf8_lossy(bytes)),
            Kind::Regex(_) | Kind::Predicate(_) => None,
        }
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Literal(bytes) => write!(f, "{:?}", String::from_utf8_lossy(bytes)),
            Kind::Regex(regex) => write!(f, "/{regex}/"),
            Kind::Predicate(_) => f.write_str("predicate"),
        }
    }
}

/// One pattern or several, of which the first to be met counts. Cheap to clone.
#[derive(Debug, Clone)]
pub struct PatternSet(Arc<[Pattern]>);

impl PatternSet {
    /// Returns a set; [`Match::pattern`](super::Match::pattern) is the place in this order.
    ///
    /// # Errors
    /// [`InvalidPattern`] if there is no pattern, or if a literal is empty or longer than
    /// [`MATCH_WINDOW`].
    pub fn new(patterns: impl IntoIterator<Item = Pattern>) -> Result<Self, InvalidPattern> {
        let patterns: Arc<[Pattern]> = patterns.into_iter().collect();
        if patterns.is_empty() {
            return Err(InvalidPattern::NoPattern);
        }
        for (index, pattern) in patterns.iter().enumerate() {
            match &pattern.0 {
                Kind::Literal(bytes) if bytes.is_empty() => {
                    return Err(InvalidPattern::Empty { pattern: index });
                }
                Kind::Literal(bytes) if bytes.len() > MATCH_WINDOW => {
                    return Err(InvalidPattern::TooLong {
                        pattern: index,
                        length: bytes.len(),
                    });
                }
                _ => {}
            }
        }
        Ok(Self(patterns))
    }

    /// Returns the patterns, in the order in which they were given.
    pub fn patterns(&self) -> &[Pattern] {
        &self.0
    }

    /// Returns whether any is tried on lines.
    pub(super) fn looks_at_lines(&self) -> bool {
        self.0.iter().any(|pattern| pattern.literal().is_none())
    }
}

impl TryFrom<Pattern> for PatternSet {
    type Error = InvalidPattern;

    fn try_from(pattern: Pattern) -> Result<Self, InvalidPattern> {
        Self::new([pattern])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_not_be_looked_for_is_refused() {
        let set = PatternSet::new;
        assert!(matches!(set(vec![]), Err(InvalidPattern::NoPattern)));
        let empty = set(vec![Pattern::substring("a"), Pattern::bytes([])]);
        assert!(matches!(empty, Err(InvalidPattern::Empty { pattern: 1 })));
        let long = set(vec![Pattern::bytes(vec![0; MATCH_WINDOW + 1])]);
        assert!(matches!(
            long,
            Err(InvalidPattern::TooLong { pattern: 0, .. })
        ));
        assert!(matches!(
            Pattern::regex("("),
            Err(InvalidPattern::Regex { .. })
        ));
    }
}
