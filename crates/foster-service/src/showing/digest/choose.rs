use std::collections::BTreeSet;
use std::ops::Range;

use foster_model::answer::DigestPart;

use super::clean::Lines;
use super::compose::{gap_mark, shortened};
use super::fold::Item;
use super::shape::Shape;

/// How many lines of the beginning are shown at most.
const BEGINNING: usize = 10;
/// How many of a failure's first lines are shown before those of others. Its last two are shown with
/// them: there a traceback has its exception.
const BRIEF: usize = 6;
/// How many of its first lines, and how many of its last, are shown at most.
const LONG: usize = 12;
/// How many lines failures may take, for each line of the end.
const FAILURES_PER_LINE: usize = 4;
/// What the numbers beside the text take in an answer, of this stream and of another that is empty:
/// of a stream that is longer than the room, the answer as a whole is to be no longer than the plain
/// one.
const NUMBERS: usize = 400;
/// With less room than this for text no choice is made.
const LEAST_ROOM: usize = 256;

/// How much may be shown.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// In bytes.
    room: usize,
    end: usize,
    beginning: usize,
    failures: usize,
}

impl Limits {
    /// Returns the limits for so many bytes, and so many lines of the end (0 for any number).
    pub fn new(room: usize, lines: usize) -> Self {
        let bounded = |count: usize| if lines == 0 { usize::MAX } else { count };
        Self {
            room,
            end: bounded(lines),
            beginning: bounded(BEGINNING),
            failures: bounded(lines.saturating_mul(FAILURES_PER_LINE)),
        }
    }
}

/// Which items are shown.
#[derive(Debug, Default)]
pub(super) struct Choice {
    /// Their ranges, in order, none next to another.
    pub shown: Vec<Range<usize>>,
    /// How long a line may be.
    pub line: usize,
    pub kept: Vec<DigestPart>,
    /// Whether all of them are shown.
    pub whole: bool,
}

/// Chooses what is shown; `None` if there is too little room for that.
pub(super) fn choose(
    lines: &Lines,
    items: &[Item],
    limits: Limits,
    steps: &mut u64,
) -> Option<Choice> {
    *steps += items.len() as u64;
    let marks: usize = lines
        .gaps
        .iter()
        .map(|(_, bytes)| gap_mark(0, *bytes).len() + 1)
        .sum();
    let all: usize = items.iter().map(|item| item.len(lines)).sum();
    let rows: usize = items.iter().map(|item| item.shown().len()).sum();
    // The very last line may have no end.
    let fits = all + marks <= limits.room + usize::from(lines.open);
    if fits && rows <= limits.end.saturating_add(limits.beginning) {
        return Some(everything(lines, items));
    }
    // No mark is longer than one for everything that was read and that was not.
    let mark = gap_mark(lines.total, 0).len() + 1;
    let most = gap_mark(lines.total, lines.unread()).len() + 1;
    let longer = lines.original_text > limits.room;
    let numbers = if longer {
        NUMBERS.min(limits.room / 8)
    } else {
        0
    };
    let room = limits
        .room
        .checked_sub(numbers + most * (lines.gaps.len() + 1))?;
    (room >= LEAST_ROOM).then(|| Chooser::new(lines, items, room, mark).choose(limits, steps))
}

fn everything(lines: &Lines, items: &[Item]) -> Choice {
    let shapes = lines.rows.iter().map(|line| line.shape);
    let failures = shapes.filter_map(|shape| match shape {
        Shape::Start(part) | Shape::Hint(part) => Some(part),
        _ => None,
    });
    let whole = (!items.is_empty()).then_some(DigestPart::Whole);
    let kept: BTreeSet<_> = failures.chain(whole).collect();
    Choice {
        shown: whole.map(|_| 0..items.len()).into_iter().collect(),
        line: usize::MAX,
        kept: kept.into_iter().collect(),
        whole: true,
    }
}

struct Chooser<'a> {
    lines: &'a Lines,
    items: &'a [Item],
    chosen: Vec<bool>,
    /// How many bytes are left.
    room: usize,
    /// How long the mark between two ranges may be.
    mark: usize,
    /// How long a line may be.
    line: usize,
    kept: BTreeSet<DigestPart>,
}

impl<'a> Chooser<'a> {
    fn new(lines: &'a Lines, items: &'a [Item], room: usize, mark: usize) -> Self {
        Self {
            lines,
            items,
            chosen: vec![false; items.len()],
            room,
            mark,
            line: (room / 8).clamp(32, 4096),
            kept: BTreeSet::new(),
        }
    }

    fn choose(mut self, limits: Limits, steps: &mut u64) -> Choice {
        let (end, beginning) = (self.room / 4, self.room / 16);
        self.room -= end + beginning;
        self.failures(limits.failures, steps);
        self.room += end;
        let last = self.items.len();
        self.take((0..last).rev(), limits.end, DigestPart::End);
        self.room += beginning;
        self.take(0..last, limits.beginning, DigestPart::Beginning);
        *steps += 3 * last as u64;
        let shown = self.ranges();
        Choice {
            whole: shown.first().is_some_and(|first| *first == (0..last)),
            shown,
            line: self.line,
            kept: self.kept.into_iter().collect(),
        }
    }

    /// Takes failures: of each that has its particulars what matters most, then the lines that name
    /// one, then more of the particulars. So one long backtrace leaves room for the other failures.
    fn failures(&mut self, mut lines: usize, steps: &mut u64) {
        let (hints, told): (Vec<_>, Vec<_>) = self
            .blocks()
            .into_iter()
            .partition(|(block, _)| self.is_hint(block));
        *steps += (2 * self.items.len() + 2 * told.len() + hints.len()) as u64;
        for (blocks, first, last) in [(&told, BRIEF, 2), (&hints, 1, 0), (&told, LONG, LONG)] {
            for (block, part) in blocks {
                for range in ends(block.clone(), first, last) {
                    if self.range(range, &mut lines) {
                        self.kept.insert(*part);
                    }
                }
            }
        }
    }

    /// Returns what an item is: a block that repeats is what matters most in it.
    fn shape(&self, item: usize) -> Shape {
        let rows = &self.lines.rows[self.items[item].shown()];
        let begins = |shape: &Shape| matches!(shape, Shape::Start(_) | Shape::Hint(_));
        let first = rows.iter().map(|row| row.shape).find(begins);
        first.unwrap_or_else(|| rows.first().map_or(Shape::Plain, |row| row.shape))
    }

    fn is_hint(&self, block: &Range<usize>) -> bool {
        matches!(self.shape(block.start), Shape::Hint(_))
    }

    /// Returns the failures, as ranges of items.
    fn blocks(&self) -> Vec<(Range<usize>, DigestPart)> {
        let mut blocks: Vec<(Range<usize>, DigestPart)> = Vec::new();
        let mut lead = None;
        for at in 0..self.items.len() {
            match self.shape(at) {
                Shape::Lead => {
                    lead.get_or_insert(at);
                }
                Shape::Start(part) => blocks.push((lead.take().unwrap_or(at)..at + 1, part)),
                Shape::Hint(part) => blocks.push((at..at + 1, part)),
                Shape::Context => {
                    if let Some((block, _)) = blocks.last_mut() {
                        block.end = at + 1;
                    }
                }
                Shape::Plain => lead = None,
            }
        }
        blocks
    }

    /// Takes a range, as far as there is room, and returns whether any of it was taken.
    fn range(&mut self, range: Range<usize>, lines: &mut usize) -> bool {
        let mut taken = false;
        for at in range {
            if self.chosen[at] {
                continue;
            }
            let mark = if taken { 0 } else { self.mark };
            let (cost, rows) = (self.cost(at) + mark, self.items[at].shown().len());
            if cost > self.room || rows > *lines {
                break;
            }
            self.chosen[at] = true;
            self.room -= cost;
            *lines -= rows;
            taken = true;
        }
        taken
    }

    /// Takes items in an order until the lines or the room are used up.
    fn take(&mut self, order: impl Iterator<Item = usize>, lines: usize, part: DigestPart) {
        let mut left = lines;
        for at in order {
            let rows = self.items[at].shown().len();
            let cost = if self.chosen[at] { 0 } else { self.cost(at) };
            if rows > left || cost > self.room {
                break;
            }
            self.chosen[at] = true;
            self.kept.insert(part);
            left -= rows;
            self.room -= cost;
        }
    }

    fn cost(&self, at: usize) -> usize {
        let item = self.items[at];
        let over = |at: usize| {
            let line = self.lines.text(at);
            line.len() - shortened(line, self.line).len()
        };
        item.len(self.lines) - item.shown().map(over).sum::<usize>()
    }

    /// Returns what was chosen, with whatever between takes no more room than its mark would.
    fn ranges(&self) -> Vec<Range<usize>> {
        let mut ranges: Vec<Range<usize>> = Vec::new();
        let least = gap_mark(1, 0).len() + 1;
        for at in (0..self.items.len()).filter(|at| self.chosen[*at]) {
            match ranges.last_mut() {
                Some(last) if last.end == at => last.end = at + 1,
                Some(last) if last.end + 1 == at && self.cost(last.end) <= least => {
                    last.end = at + 1;
                }
                _ => ranges.push(at..at + 1),
            }
        }
        ranges
    }
}

/// Returns the `first` and the `last` items of a failure; all of it, if it is no longer.
fn ends(block: Range<usize>, first: usize, last: usize) -> [Range<usize>; 2] {
    let head = block.end.min(block.start + first);
    let tail = head.max(block.end.saturating_sub(last));
    [block.start..head, tail..block.end]
}
