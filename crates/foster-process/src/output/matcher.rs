use std::ops::{ControlFlow, Range};

use super::line::DEFAULT_MAX_LINE;
use super::literals::{Hit, Literals};
use super::{
    ChunkVisitor, Gap, Line, LineEnding, LineOptions, LineOverflow, LineParser, PatternSet,
    StreamEnd,
};

/// How much of a line a [`Matcher`] looks at at once, in bytes. A longer line is looked at in pieces
/// of this size, and for a regular expression `^` and `$` are then the borders of the piece.
pub const MATCH_WINDOW: usize = 4 * DEFAULT_MAX_LINE;

/// An unfinished line of up to so many bytes is tried whenever something is added to it.
const SHORT_LINE: usize = 4096;

/// For each byte that comes, so many of an unfinished line may be tried again.
const RETRIED_PER_BYTE: usize = 64;

/// What a [`Matcher`] has found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Match {
    /// Which pattern of the set, counted from 0.
    pub pattern: usize,
    /// Where it is, as offsets in the stream.
    pub range: Range<u64>,
    /// What matched, with `U+FFFD` in place of what is no UTF-8.
    pub text: String,
    /// The line in which it ends, as far as it was seen and at most [`MATCH_WINDOW`] of it.
    pub line: String,
}

/// Looks for the first match of a [`PatternSet`] in one stream, as the bytes come.
///
/// A line ends at `\n`, `\r\n` or a `\r` by itself, so that each state of a progress bar is a line.
/// Of several matches in a line the one that ends first counts, of those that end together the
/// longest. An unfinished line is tried, too, since a prompt never ends its line. For a regular
/// expression or a predicate that means: what is seen of a line may match although the whole of it
/// would not, or match less of it. Whoever knows that more is there to be read calls
/// [`Matcher::advance`], and [`Matcher::settle`] when nothing is.
///
/// It holds one unfinished line of at most [`MATCH_WINDOW`] and, for literals, as many bytes as the
/// longest has. The time is linear: each literal looks at a byte once or twice, each expression at a
/// line when it is finished, and before that no more often than an allowance per byte lets it.
#[derive(Debug, Clone)]
pub struct Matcher {
    set: PatternSet,
    looks_at_lines: bool,
    literals: Literals,
    parser: LineParser,
    /// A literal that was met in a line that may yet prove to hold a sooner match.
    met: Option<Hit>,
    allowance: usize,
    over: bool,
}

impl Matcher {
    /// Returns a matcher at the start of a stream.
    pub fn new(set: PatternSet) -> Self {
        Self::starting_at(set, 0)
    }

    /// Returns a matcher that begins at this offset, taken to be the start of a line: after
    /// [`Match::range`], to look for the next match.
    pub fn starting_at(set: PatternSet, offset: u64) -> Self {
        let lines = LineOptions::default()
            .with_ending(LineEnding::AnyCr)
            .with_overflow(LineOverflow::Split);
        // The window is above the least bound, so this can't be refused.
        let lines = lines.with_max_length(MATCH_WINDOW).unwrap_or(lines);
        Self {
            looks_at_lines: set.looks_at_lines(),
            literals: Literals::new(&set),
            set,
            parser: LineParser::starting_at(lines, offset),
            met: None,
            allowance: 0,
            over: false,
        }
    }

    /// Takes the next bytes, and tries all that is known by then, the unfinished line included.
    /// After a match nothing is taken any more.
    pub fn feed(&mut self, chunk: &[u8]) -> Option<Match> {
        let found = self.advance(chunk);
        let length = self.parser.partial().bytes.len();
        let more = chunk.len().saturating_mul(RETRIED_PER_BYTE);
        // No more than one large line can use is saved up.
        self.allowance = self.allowance.saturating_add(more).min(16 * MATCH_WINDOW);
        if found.is_some() || self.over {
            return found;
        }
        if self.met.is_none() && length > SHORT_LINE {
            self.allowance = self.allowance.checked_sub(length)?;
        }
        self.settle()
    }

    /// Takes the next bytes, and tries the lines that are finished by them. What is found does not
    /// depend on where the chunks are cut.
    pub fn advance(&mut self, chunk: &[u8]) -> Option<Match> {
        if self.over {
            return None;
        }
        if self.met.is_none() {
            self.met = self.literals.scan(chunk, self.parser.position());
        }
        if self.met.is_none() && !self.looks_at_lines {
            self.parser.skip(chunk);
            return None;
        }
        let (set, met) = (&self.set, self.met);
        let mut found = None;
        let _ = self.parser.feed(chunk, |line| {
            let end = line.offset + line.bytes.len() as u64 + u64::from(line.ended);
            found = judge(set, line, met.filter(|hit| hit.end <= end));
            match &found {
                Some(_) => ControlFlow::Break(()),
                None => ControlFlow::Continue(()),
            }
        });
        self.over = found.is_some();
        found
    }

    /// Tries the unfinished line: nothing more can be read at present, or ever.
    pub fn settle(&mut self) -> Option<Match> {
        let line = self.parser.partial();
        let begun = !line.bytes.is_empty() && self.looks_at_lines;
        if self.over || !(begun || self.met.is_some()) {
            return None;
        }
        let found = judge(&self.set, line, self.met);
        self.over = found.is_some();
        found
    }

    /// Says that bytes were lost. Nothing is found across the gap, so what comes before is tried.
    pub fn gap(&mut self, gap: Gap) -> Option<Match> {
        let found = self.settle();
        self.literals.gap();
        self.parser.gap(gap);
        found
    }
}

/// Returns the match in this line that ends first; `met` is a literal that ends in it.
fn judge(set: &PatternSet, line: Line<'_>, met: Option<Hit>) -> Option<Match> {
    let mut best = met;
    for (pattern, tried) in set.patterns().iter().enumerate() {
        let found = tried.find_in_line(line.bytes).map(|range| Hit {
            end: line.offset + range.end as u64,
            start: line.offset + range.start as u64,
            pattern,
        });
        best = Hit::sooner(best, found);
    }
    let Hit {
        end,
        start,
        pattern,
    } = best?;
    let text = if let Some(text) = set.patterns().get(pattern)?.literal() {
        text.into_owned()
    } else {
        let range = (start - line.offset) as usize..(end - line.offset) as usize;
        String::from_utf8_lossy(line.bytes.get(range)?).into_owned()
    };
    Some(Match {
        pattern,
        range: start..end,
        text,
        line: line.text().into_owned(),
    })
}

/// Waits for the first match. The output is `None` if the stream ended without one.
#[derive(Debug, Clone)]
pub struct Find {
    matcher: Matcher,
    found: Option<Match>,
}

impl Find {
    /// Returns a visitor at the start of a stream.
    pub fn new(set: PatternSet) -> Self {
        Self {
            matcher: Matcher::new(set),
            found: None,
        }
    }
}

impl ChunkVisitor for Find {
    type Output = Option<Match>;

    fn chunk(&mut self, chunk: &[u8]) -> ControlFlow<()> {
        if self.found.is_none() {
            self.found = self.matcher.feed(chunk);
        }
        match &self.found {
            Some(_) => ControlFlow::Break(()),
            None => ControlFlow::Continue(()),
        }
    }

    fn gap(&mut self, gap: Gap) {
        let found = self.matcher.gap(gap);
        self.found = self.found.take().or(found);
    }

    fn finish(mut self, _end: &StreamEnd) -> Option<Match> {
        self.found.or_else(|| self.matcher.settle())
    }
}
