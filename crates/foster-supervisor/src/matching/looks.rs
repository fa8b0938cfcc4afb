use foster_model::{InvalidNotification, MatchKind, OutputRule};
use memchr::memmem::Finder;
use regex::bytes::{Regex, RegexBuilder};
use regex_syntax::ParserBuilder;
use regex_syntax::hir::Look;

/// What a rule looks for in a line.
pub(super) enum Looks {
    For(Box<Finder<'static>>),
    By {
        regex: Regex,
        /// The same for many lines at once; `None` where that could miss what `regex` finds in one.
        across: Option<Regex>,
    },
}

impl Looks {
    /// Returns what a rule looks for.
    ///
    /// # Errors
    /// An expression that is none, or takes too much memory.
    pub fn new(rule: &OutputRule) -> Result<Self, InvalidNotification> {
        match rule.kind {
            MatchKind::Contains => Ok(Self::For(Box::new(Finder::new(&rule.pattern).into_owned()))),
            MatchKind::Regex => {
                let invalid = |error: regex::Error| InvalidNotification::Regex {
                    reason: error.to_string(),
                };
                let regex = Regex::new(&rule.pattern).map_err(invalid)?;
                let across = across(&rule.pattern);
                Ok(Self::By { regex, across })
            }
        }
    }

    /// Returns whether a line, or the piece of one that follows `border`, has it.
    pub fn meets(&self, line: &[u8], border: &[u8]) -> bool {
        match self {
            Self::By { regex, .. } => regex.is_match(line),
            Self::For(finder) => finder.find(line).is_some() || goes_over(finder, border, line),
        }
    }

    /// Returns a place from `from` on, in whole lines, before which no line begins that has it. What is
    /// found there need not be it: it may go over the end of a line.
    pub fn next_place(&self, lines: &[u8], from: usize) -> Option<usize> {
        match self {
            Self::For(finder) => finder.find(&lines[from..]).map(|at| from + at),
            Self::By {
                across: Some(across),
                ..
            } => across.find_at(lines, from).map(|found| found.start()),
            Self::By { across: None, .. } => (from < lines.len()).then_some(from),
        }
    }
}

/// Returns an expression that matches among lines wherever this one matches in a line by itself. There is
/// none if it asks for the beginning or the end of all that it is given, by `\A`, `\z` or a flag.
fn across(pattern: &str) -> Option<Regex> {
    let mut parser = ParserBuilder::new()
        .utf8(false)
        .multi_line(true)
        .crlf(true)
        .build();
    let looks = parser.parse(pattern).ok()?.properties().look_set();
    let whole = [Look::Start, Look::End, Look::StartLF, Look::EndLF];
    if whole.into_iter().any(|look| looks.contains(look)) {
        return None;
    }
    let mut builder = RegexBuilder::new(pattern);
    builder.multi_line(true).crlf(true).build().ok()
}

/// Returns whether a text begins at the end of one piece and ends at the beginning of the next.
fn goes_over(finder: &Finder<'_>, border: &[u8], next: &[u8]) -> bool {
    let reach = finder.needle().len().saturating_sub(1);
    if border.is_empty() || reach == 0 {
        return false;
    }
    let before = &border[border.len().saturating_sub(reach)..];
    let after = &next[..next.len().min(reach)];
    finder.find(&[before, after].concat()).is_some()
}
