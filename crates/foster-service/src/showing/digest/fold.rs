use super::clean::Lines;
use super::shape::Shape;

/// The longest block of lines whose repetition is seen.
const LONGEST_BLOCK: usize = 8;
/// So many lines that differ in numbers alone are worth a fold. Fewer may be what was asked for.
const FEWEST_ALIKE: usize = 4;

/// How lines are equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    /// In every byte.
    Text,
    /// But for numbers, and plain.
    Numbers,
}

/// What of a line, or of several, is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fold {
    /// One line, once.
    Line,
    /// One line for so many that are the same.
    Same(u32),
    /// The last of so many that differ in numbers.
    Alike(u32),
    /// A block of lines for so many that are the same; the last, if they differ in numbers.
    Block {
        /// How many lines it has.
        lines: u32,
        /// How often it came.
        times: u32,
        /// How the blocks are equal.
        by: By,
    },
}

/// Lines that follow each other, and how they are shown.
#[derive(Debug, Clone, Copy)]
pub(super) struct Item {
    /// The first line.
    pub first: u32,
    pub fold: Fold,
}

impl Item {
    /// Returns how many lines it stands for.
    pub fn covers(self) -> usize {
        match self.fold {
            Fold::Line => 1,
            Fold::Same(times) | Fold::Alike(times) => times as usize,
            Fold::Block { lines, times, .. } => lines as usize * times as usize,
        }
    }

    /// Returns the lines that are shown.
    pub fn shown(self) -> std::ops::Range<usize> {
        let first = self.first as usize;
        match self.fold {
            Fold::Line | Fold::Same(_) => first..first + 1,
            Fold::Alike(times) => first + times as usize - 1..first + times as usize,
            Fold::Block {
                lines,
                by: By::Text,
                ..
            } => first..first + lines as usize,
            Fold::Block { lines, .. } => {
                let end = first + self.covers();
                end - lines as usize..end
            }
        }
    }

    /// Returns the mark that says what the lines stand for.
    pub fn mark(self) -> Option<String> {
        match self.fold {
            Fold::Line => None,
            Fold::Same(times) => Some(format!("  [{times} times]")),
            Fold::Alike(times) => Some(format!("  [the last of {times} like it]")),
            Fold::Block {
                lines,
                times,
                by: By::Text,
            } => Some(format!("[the {lines} lines above {times} times]")),
            Fold::Block { lines, times, .. } => Some(format!(
                "[the {lines} lines above are the last of {times} like them]"
            )),
        }
    }

    /// Returns how long the text is, with the ends of its lines.
    pub fn len(self, lines: &Lines) -> usize {
        let text: usize = self.shown().map(|at| lines.text(at).len() + 1).sum();
        let mark = self.mark().map_or(0, |mark| mark.len());
        text + mark + usize::from(matches!(self.fold, Fold::Block { .. }))
    }
}

/// Folds what repeats, wherever that makes the text shorter.
pub(super) fn fold(lines: &Lines, steps: &mut u64) -> Vec<Item> {
    let mut items = Vec::new();
    let mut gaps = lines.gaps.iter().map(|(at, _)| *at).peekable();
    let mut at = 0;
    while at < lines.rows.len() {
        while gaps.next_if(|gap| *gap <= at).is_some() {}
        // What was not read may be anything: nothing is folded across it.
        let end = gaps.peek().copied().unwrap_or(lines.rows.len());
        let item = folded(lines, at, end, steps).unwrap_or(Item {
            first: at as u32,
            fold: Fold::Line,
        });
        at += item.covers();
        items.push(item);
    }
    items
}

/// Returns the fold that begins at a line, if one makes the text shorter.
///
/// The work is bounded by what is folded: a fold of more than a few dozen lines always does, so that
/// little is counted in vain.
fn folded(lines: &Lines, at: usize, end: usize, steps: &mut u64) -> Option<Item> {
    let saves = |item: &Item| {
        let all: usize = (at..at + item.covers())
            .map(|at| lines.text(at).len() + 1)
            .sum();
        item.len(lines) < all
    };
    let item = |fold| Item {
        first: at as u32,
        fold,
    };
    let candidates = (1..=LONGEST_BLOCK)
        .map(|block| (block, By::Text))
        .chain((1..=LONGEST_BLOCK).map(|block| (block, By::Numbers)));
    for (block, by) in candidates {
        let times = repeats(lines, at, end, block, by, steps);
        if times < fewest(by) {
            continue;
        }
        let (block, times) = (block as u32, times as u32);
        let found = item(match (block, by) {
            (1, By::Text) => Fold::Same(times),
            (1, By::Numbers) => Fold::Alike(times),
            (lines, by) => Fold::Block { lines, times, by },
        });
        *steps += found.covers() as u64;
        if saves(&found) {
            return Some(found);
        }
    }
    None
}

fn fewest(by: By) -> usize {
    match by {
        By::Text => 2,
        By::Numbers => FEWEST_ALIKE,
    }
}

/// Returns how often the block of lines at `at` comes, one after the other.
fn repeats(lines: &Lines, at: usize, end: usize, block: usize, by: By, steps: &mut u64) -> usize {
    let mut same = 0;
    while at + block + same < end {
        *steps += 1;
        if !equal(lines, at + block + same, at + same % block, by, steps) {
            break;
        }
        same += 1;
    }
    same / block + 1
}

fn equal(lines: &Lines, one: usize, other: usize, by: By, steps: &mut u64) -> bool {
    let (line, other_line) = (lines.rows[one], lines.rows[other]);
    match by {
        By::Numbers => {
            let plain = line.shape == Shape::Plain && other_line.shape == Shape::Plain;
            plain && line.alike == other_line.alike
        }
        // A hash is no proof.
        By::Text if line.same == other_line.same => {
            *steps += lines.text(one).len() as u64;
            lines.text(one) == lines.text(other)
        }
        By::Text => false,
    }
}
