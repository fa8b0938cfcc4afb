use std::borrow::Cow;

use super::choose::Choice;
use super::clean::Lines;
use super::fold::Item;

/// What became of the lines.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// How many have another that stands for them.
    pub folded: u64,
    /// How many were left out.
    pub omitted: u64,
    /// Whether a line was shortened.
    pub cut: bool,
}

/// Returns the text of a choice, with marks where something was left out.
pub(super) fn compose(lines: &Lines, items: &[Item], choice: &Choice) -> (String, Tally) {
    let mut text = String::new();
    let mut tally = Tally {
        folded: lines.blank,
        ..Tally::default()
    };
    let mut gaps = lines.gaps.iter().peekable();
    let mut at = 0;
    let ends = std::iter::once(items.len()..items.len());
    for range in choice.shown.iter().cloned().chain(ends) {
        let mut pending: u64 = items[at..range.start]
            .iter()
            .map(|item| item.covers() as u64)
            .sum();
        tally.omitted += pending;
        for item in &items[range.clone()] {
            let before = |gap: &&(usize, u64)| gap.0 <= item.first as usize;
            let unread = std::iter::from_fn(|| gaps.next_if(before)).map(|gap| gap.1);
            mark(&mut text, std::mem::take(&mut pending), unread.sum());
            push(&mut text, lines, *item, choice.line, &mut tally);
        }
        if range.is_empty() {
            mark(&mut text, pending, gaps.by_ref().map(|gap| gap.1).sum());
        }
        at = range.end;
    }
    if lines.open {
        text.pop();
    }
    (text, tally)
}

/// Appends what stands for a range that is left out, if there is one.
fn mark(text: &mut String, lines: u64, unread: u64) {
    if lines > 0 || unread > 0 {
        *text += &gap_mark(lines, unread);
        text.push('\n');
    }
}

fn push(text: &mut String, lines: &Lines, item: Item, longest: usize, tally: &mut Tally) {
    tally.folded += (item.covers() - item.shown().len()) as u64;
    let block = item.shown().len() > 1;
    for at in item.shown() {
        let line = shortened(lines.text(at), longest);
        tally.cut |= matches!(line, Cow::Owned(_));
        *text += &line;
        if block {
            text.push('\n');
        }
    }
    if let Some(mark) = item.mark() {
        *text += &mark;
    }
    text.push('\n');
}

/// Returns what stands for lines that are left out and bytes that were not read.
pub(super) fn gap_mark(lines: u64, unread: u64) -> String {
    let plural = if lines == 1 { "" } else { "s" };
    match (lines, unread) {
        (_, 0) => format!("… {} line{plural} …", grouped(lines)),
        (0, _) => format!("… {} bytes not read …", grouped(unread)),
        _ => format!(
            "… {} line{plural}, and {} bytes not read …",
            grouped(lines),
            grouped(unread)
        ),
    }
}

/// Returns the line, or its beginning and its end if it is longer than `longest` bytes and that is
/// shorter.
pub(super) fn shortened(line: &str, longest: usize) -> Cow<'_, str> {
    if line.len() <= longest {
        return Cow::Borrowed(line);
    }
    let head = &line[..line.floor_char_boundary(longest / 4 * 3)];
    let tail = &line[line.ceil_char_boundary(line.len() - longest / 4)..];
    let between = line.len() - head.len() - tail.len();
    let short = format!("{head}…[{} bytes]…{tail}", grouped(between as u64));
    if short.len() < line.len() {
        Cow::Owned(short)
    } else {
        Cow::Borrowed(line)
    }
}

/// Returns the last lines that fit, cleaned, and of the last one its end if it is too long.
pub(super) fn end_alone(lines: &Lines, room: usize) -> (String, Tally) {
    let mut left = room + usize::from(lines.open);
    let all = lines.rows.len();
    // As the plain excerpt, it does not reach back over what was not read.
    let least = lines.gaps.last().map_or(0, |(at, _)| *at);
    let fitting = (least..all).rev().take_while(|at| {
        let rest = left.checked_sub(lines.text(*at).len() + 1);
        left = rest.unwrap_or(0);
        rest.is_some()
    });
    let first = all - fitting.count();
    let mut text = String::new();
    for at in first..all {
        text += lines.text(at);
        text.push('\n');
    }
    let cut = first == all && all > 0;
    if cut {
        let last = lines.text(all - 1);
        text += &last[last.ceil_char_boundary(last.len().saturating_sub(room))..];
    } else if lines.open {
        text.pop();
    }
    let tally = Tally {
        folded: lines.blank,
        omitted: (first - usize::from(cut)) as u64,
        cut,
    };
    (text, tally)
}

/// Returns a number with its thousands apart: `1,204`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
