use std::sync::LazyLock;

use foster_model::answer::DigestPart;
use regex::bytes::{RegexSet, RegexSetBuilder};

use super::clean::Lines;
use rules::{Extent, RULES, Rank, Rule};

mod rules;

/// What a line is, told by how it looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// Nothing that is known.
    Plain,
    /// It comes right before a failure and belongs to it.
    Lead,
    /// A failure begins.
    Start(DigestPart),
    /// It belongs to the failure before it.
    Context,
    /// It names a failure whose particulars stand elsewhere, or may be no failure at all.
    Hint(DigestPart),
}

/// How much of a line is looked at, in bytes: what tells it stands at its beginning.
const LOOKED_AT: usize = 400;
/// How many lines belong to a failure at most.
const LONGEST: usize = 400;

struct Shapes {
    set: RegexSet,
    /// Lines that would look like a failure and say the opposite.
    harmless: RegexSet,
}

/// Built once, when the first digest is made. The automata run in time linear in the text.
static SHAPES: LazyLock<Option<Shapes>> = LazyLock::new(|| {
    let build = |patterns: &mut dyn Iterator<Item = &'static str>| {
        RegexSetBuilder::new(patterns).unicode(false).build().ok()
    };
    Some(Shapes {
        set: build(&mut RULES.iter().map(|rule| rule.pattern))?,
        harmless: build(&mut rules::HARMLESS.into_iter())?,
    })
});

/// Tells the shape of each line.
pub(super) fn tell(lines: &mut Lines, steps: &mut u64) {
    let Some(shapes) = &*SHAPES else { return };
    let mut open: Option<Open> = None;
    for at in 0..lines.rows.len() {
        let text = head(lines.text(at));
        *steps += text.len() as u64 + 1;
        let shape = match rule(shapes, text) {
            Some(rule) if rule.rank == Rank::Hint && goes_on(&mut open, text) => Shape::Context,
            Some(rule) if rule.rank == Rank::Hint => Shape::Hint(rule.part),
            // What matters most in a chapter shows up in it, and does not end it.
            Some(rule) if rule.extent != Extent::Chapter && in_chapter(&mut open, text) => {
                Shape::Start(rule.part)
            }
            Some(rule) => {
                lead(lines, at, rule.lead);
                open = Some(Open::new(rule.extent));
                Shape::Start(rule.part)
            }
            None if goes_on(&mut open, text) => Shape::Context,
            None => Shape::Plain,
        };
        lines.rows[at].shape = shape;
    }
    trim(lines);
}

/// Blank lines at the end of a failure are not part of it.
fn trim(lines: &mut Lines) {
    let mut after = true;
    for at in (0..lines.rows.len()).rev() {
        let blank = lines.text(at).is_empty();
        let line = &mut lines.rows[at];
        if after && blank && line.shape == Shape::Context {
            line.shape = Shape::Plain;
        }
        after = line.shape != Shape::Context;
    }
}

fn head(text: &str) -> &str {
    &text[..text.floor_char_boundary(LOOKED_AT)]
}

fn rule(shapes: &Shapes, text: &str) -> Option<&'static Rule> {
    // Most lines match nothing, and to ask that much makes no set of matches.
    if text.is_empty() || !shapes.set.is_match(text.as_bytes()) {
        return None;
    }
    let first = shapes.set.matches(text.as_bytes()).iter().next()?;
    let rule = RULES.get(first)?;
    let harmless = rule.rank == Rank::Hint && shapes.harmless.is_match(text.as_bytes());
    (!harmless).then_some(rule)
}

/// Takes the plain lines right before a failure into it.
fn lead(lines: &mut Lines, at: usize, most: usize) {
    for line in lines.rows[at.saturating_sub(most)..at].iter_mut().rev() {
        if line.shape != Shape::Plain {
            break;
        }
        line.shape = Shape::Lead;
    }
}

/// A failure whose end has not come yet.
struct Open {
    extent: Extent,
    lines: usize,
    /// Whether the line that ends it was seen.
    over: bool,
}

impl Open {
    fn new(extent: Extent) -> Self {
        Self {
            extent,
            lines: 0,
            over: false,
        }
    }
}

/// Returns whether the line belongs to a chapter that is open.
fn in_chapter(open: &mut Option<Open>, text: &str) -> bool {
    let chapter = |open: &mut Open| open.extent == Extent::Chapter;
    open.as_mut().is_some_and(chapter) && goes_on(open, text)
}

/// Returns whether the line still belongs to the failure that is open.
fn goes_on(open: &mut Option<Open>, text: &str) -> bool {
    let Some(failure) = open else { return false };
    failure.lines += 1;
    let indented = text.starts_with([' ', '\t']);
    let belongs = !failure.over
        && failure.lines <= LONGEST
        && match failure.extent {
            Extent::Line => false,
            Extent::Next(lines) => failure.lines <= lines,
            Extent::Paragraph => !text.is_empty(),
            // The empty line that many put below a heading does not end what it heads.
            Extent::Section => !text.is_empty() || failure.lines == 1,
            Extent::Indented => indented || text.is_empty(),
            Extent::Trace => {
                // The exception itself stands below its calls, and is not indented.
                failure.over = !indented && !text.is_empty();
                !text.is_empty()
            }
            Extent::Chapter => {
                let underlined = failure.lines > 1 && text.starts_with("-----");
                let line = underlined && text.bytes().all(|byte| byte == b'-');
                let ruled = ["___", "===", "\u{23af}\u{23af}\u{23af}"];
                !line && !ruled.iter().any(|rule| text.starts_with(rule))
            }
        };
    if !belongs {
        *open = None;
    }
    belongs
}
