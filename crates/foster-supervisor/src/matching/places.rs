use super::Rule;

/// How much is looked at line by line once something was met, in bytes: where one line is looked for, the
/// next is often another, and a search that ends after a few bytes costs more than the lines.
const AT_ONCE: usize = 1024;

/// The lines among many that may have what rules look for.
///
/// Most lines have nothing of it. All of them together are searched at the speed of memory, and only those
/// at the places that were met are looked at one by one.
pub(super) struct Places<'a> {
    lines: &'a [u8],
    /// How far they were handed out.
    at: usize,
    /// The next place of each rule that looks here, and which rule that is.
    next: Vec<(usize, Option<usize>)>,
}

/// Lines that nothing is in, and lines after them that something may be in.
pub(super) struct Part<'a> {
    pub without: &'a [u8],
    pub perhaps: &'a [u8],
}

impl<'a> Places<'a> {
    /// Looks for the places of these rules in whole lines.
    pub fn new(lines: &'a [u8], rules: &[Rule], here: impl Fn(&Rule) -> bool) -> Self {
        let looking = rules.iter().enumerate().filter(|(_, rule)| here(rule));
        let next = looking.map(|(index, rule)| (index, rule.looks.next_place(lines, 0)));
        Self {
            lines,
            at: 0,
            next: next.collect(),
        }
    }

    /// Returns the next part; the last one has no lines that something may be in.
    pub fn next(&mut self, rules: &[Rule]) -> Part<'a> {
        for (index, place) in &mut self.next {
            if place.is_some_and(|place| place < self.at) {
                *place = rules[*index].looks.next_place(self.lines, self.at);
            }
        }
        let places = self.next.iter().filter_map(|(_, place)| *place);
        let from = self.at;
        let Some(place) = places.min().filter(|place| *place < self.lines.len()) else {
            self.at = self.lines.len();
            return Part {
                without: &self.lines[from..],
                perhaps: &[],
            };
        };
        let before = memchr::memrchr2(b'\n', b'\r', &self.lines[from..place]);
        let begin = before.map_or(from, |before| from + before + 1);
        let far = (place + AT_ONCE).min(self.lines.len() - 1);
        let ending = memchr::memchr2(b'\n', b'\r', &self.lines[far..]);
        self.at = ending.map_or(self.lines.len(), |ending| far + ending + 1);
        Part {
            without: &self.lines[from..begin],
            perhaps: &self.lines[begin..self.at],
        }
    }
}
