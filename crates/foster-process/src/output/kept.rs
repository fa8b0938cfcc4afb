use std::collections::VecDeque;
use std::fmt::Write as _;

use super::Gap;
use super::buffer::extend;
use super::ring::Ring;

/// How many gaps a [`Kept`] remembers the place of, in its head and in its tail.
const PLACES: usize = 1024;

/// Which bytes of a stream are kept. The numbers are bytes; 0 keeps none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// The first ones.
    Head(usize),
    /// The last ones.
    Tail(usize),
    /// The first ones and the last ones.
    HeadAndTail {
        /// How many of the first.
        head: usize,
        /// How many of the last.
        tail: usize,
    },
    /// Every one. The memory is as large as the stream.
    All,
}

/// How often bytes were lost on the way, and how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Gaps {
    /// How many gaps.
    pub count: u64,
    /// How many bytes were lost in them.
    pub bytes: u64,
}

impl Gaps {
    pub(super) fn add(&mut self, gap: Gap) {
        self.count += 1;
        self.bytes = self.bytes.saturating_add(gap.bytes);
    }
}

/// Keeps a bounded part of a stream, at a cost per byte that does not depend on the bound, and
/// tells exactly what is missing.
///
/// The memory is that of the bounds, and is taken only as bytes come: for a tail of more than 1 MiB in
/// huge pages (2 MiB), where the system has them. The places of up to 1024 gaps in the head and as
/// many in the tail are remembered too; with more, the head ends and the tail begins later, so that no
/// bytes ever look joined that were not.
#[derive(Debug, Clone)]
pub struct Kept {
    head: Vec<u8>,
    head_bound: usize,
    head_gaps: VecDeque<Place>,
    tail: Ring,
    tail_gaps: VecDeque<Place>,
    /// The tail begins here at the earliest, counted as `pushed`.
    tail_floor: u64,
    places: usize,
    pushed: u64,
    gaps: Gaps,
}

/// A gap, by how many bytes were pushed before it.
#[derive(Debug, Clone, Copy)]
struct Place {
    pushed: u64,
    bytes: u64,
}

impl Kept {
    /// Returns a keeper of nothing yet.
    pub fn new(keep: Keep) -> Self {
        let (head_bound, tail_bound) = match keep {
            Keep::Head(head) => (head, 0),
            Keep::Tail(tail) => (0, tail),
            Keep::HeadAndTail { head, tail } => (head, tail),
            Keep::All => (usize::MAX, 0),
        };
        Self {
            head: Vec::new(),
            head_bound,
            head_gaps: VecDeque::new(),
            tail: Ring::new(tail_bound),
            tail_gaps: VecDeque::new(),
            tail_floor: 0,
            places: if keep == Keep::All {
                usize::MAX
            } else {
                PLACES
            },
            pushed: 0,
            gaps: Gaps::default(),
        }
    }

    /// Takes the next bytes of the stream.
    pub fn push(&mut self, bytes: &[u8]) {
        self.pushed += bytes.len() as u64;
        let room = self.head_bound - self.head.len();
        let (first, rest) = bytes.split_at(room.min(bytes.len()));
        extend(&mut self.head, first, self.head_bound);
        self.tail.push(rest);
        self.forget_places();
    }

    /// Returns memory in which the next bytes may be placed, if they would go where old ones are
    /// overwritten. [`Kept::placed`] then says how many were.
    pub fn room(&mut self) -> Option<&mut [u8]> {
        if self.head.len() < self.head_bound {
            return None;
        }
        self.tail.room()
    }

    /// Takes so many bytes of the stream, which were placed at the start of the room offered last.
    pub fn placed(&mut self, length: usize) {
        self.pushed += length as u64;
        self.tail.placed(length);
        self.forget_places();
    }

    /// Notes that bytes were lost at this point of the stream.
    pub fn gap(&mut self, gap: Gap) {
        self.gaps.add(gap);
        let place = Place {
            pushed: self.pushed,
            bytes: gap.bytes,
        };
        let in_head = self.head.len() < self.head_bound;
        let places = if in_head {
            &mut self.head_gaps
        } else {
            &mut self.tail_gaps
        };
        if let Some(last) = places.back_mut()
            && last.pushed == place.pushed
        {
            last.bytes += place.bytes;
            return;
        }
        places.push_back(place);
        if places.len() > self.places {
            self.drop_a_place(in_head);
        }
        self.forget_places();
    }

    /// Closes the head, or moves the start of the tail to its oldest gap.
    fn drop_a_place(&mut self, in_head: bool) {
        if in_head {
            self.head_bound = self.head.len();
            self.tail_gaps.extend(self.head_gaps.pop_back());
        } else if let Some(oldest) = self.tail_gaps.pop_front() {
            self.tail_floor = oldest.pushed;
        }
    }

    /// Returns the first bytes. If there are no more than the bound, they are all there is.
    pub fn head(&self) -> &[u8] {
        &self.head
    }

    /// Returns the last bytes, those of the head excepted, in two pieces that follow one another.
    pub fn tail(&self) -> (&[u8], &[u8]) {
        self.tail.last((self.pushed - self.tail_start()) as usize)
    }

    /// Returns how many bytes are kept.
    pub fn kept_bytes(&self) -> u64 {
        self.head.len() as u64 + self.pushed - self.tail_start()
    }

    /// Returns how many bytes of the stream are missing: those that the bound left out, and those
    /// that were lost before they came here.
    pub fn omitted_bytes(&self) -> u64 {
        self.total() - self.kept_bytes()
    }

    /// Returns what was lost before it came here.
    pub fn gaps(&self) -> Gaps {
        self.gaps
    }

    /// Returns how long the stream was, in bytes, lost ones included.
    pub fn total(&self) -> u64 {
        self.pushed.saturating_add(self.gaps.bytes)
    }

    /// Returns whether any byte is missing, for whichever reason.
    pub fn truncated(&self) -> bool {
        self.omitted_bytes() > 0
    }

    /// Returns what is kept, head and tail joined. Where something is missing can't be seen in it.
    pub fn to_vec(&self) -> Vec<u8> {
        let (older, newer) = self.tail();
        [&self.head, older, newer].concat()
    }

    /// Returns the same without a copy, if there is no tail.
    pub fn into_vec(self) -> Vec<u8> {
        if self.tail.len() == 0 {
            return self.head;
        }
        self.to_vec()
    }

    /// Returns what is kept as text, with `U+FFFD` in place of what is no UTF-8. Wherever bytes are
    /// missing stands a line that says how many: `[... 123 bytes omitted ...]`.
    pub fn to_string_lossy_with_marker(&self) -> String {
        let mut text = String::new();
        let between = self.omitted_between();
        let start = self.tail_start();
        if between == 0 {
            // In one piece, because a character may stand on the border.
            let gaps = self.head_gaps.iter().chain(&self.tail_gaps);
            render(&mut text, &self.to_vec(), 0, gaps);
            return text;
        }
        render(&mut text, &self.head, 0, &self.head_gaps);
        mark(&mut text, between);
        let (older, newer) = self.tail();
        let tail = [older, newer].concat();
        render(&mut text, &tail, start, &self.tail_gaps);
        text
    }

    /// Returns how many bytes are missing between the head and the tail.
    fn omitted_between(&self) -> u64 {
        let elsewhere = self.head_gaps.iter().chain(&self.tail_gaps);
        self.omitted_bytes() - elsewhere.map(|place| place.bytes).sum::<u64>()
    }

    fn tail_start(&self) -> u64 {
        (self.pushed - self.tail.len() as u64).max(self.tail_floor)
    }

    /// A gap before the tail's first byte has no place of its own any more: it is between.
    fn forget_places(&mut self) {
        let start = self.tail_start();
        while let Some(first) = self.tail_gaps.front()
            && first.pushed <= start
        {
            self.tail_gaps.pop_front();
        }
    }
}

/// Writes bytes, of which the first is number `start`, and the gaps among them.
fn render<'a>(
    text: &mut String,
    bytes: &[u8],
    start: u64,
    gaps: impl IntoIterator<Item = &'a Place>,
) {
    let mut done = 0;
    for gap in gaps {
        let here = ((gap.pushed - start) as usize).min(bytes.len());
        text.push_str(&String::from_utf8_lossy(&bytes[done..here]));
        mark(text, gap.bytes);
        done = here;
    }
    text.push_str(&String::from_utf8_lossy(&bytes[done..]));
}

fn mark(text: &mut String, bytes: u64) {
    if bytes > 0 {
        let noun = if bytes == 1 { "byte" } else { "bytes" };
        // Writing to a String can't fail.
        let _ = write!(text, "\n[... {bytes} {noun} omitted ...]\n");
    }
}

#[cfg(test)]
mod tests;
