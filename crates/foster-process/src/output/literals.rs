use memchr::memmem::Finder;

use super::PatternSet;
use super::pattern::Kind;

/// Where a pattern was found. The order is that of preference: what was complete first, and of
/// several that end together the longest, then the one that was named first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hit {
    pub(super) end: u64,
    pub(super) start: u64,
    pub(super) pattern: usize,
}

impl Hit {
    fn key(self) -> (u64, u64, usize) {
        (self.end, self.start, self.pattern)
    }

    pub(super) fn sooner(one: Option<Self>, other: Option<Self>) -> Option<Self> {
        one.into_iter().chain(other).min_by_key(|hit| hit.key())
    }
}

/// Looks for the literal patterns of a set in a stream, across the borders of its chunks. It
/// remembers one byte less than the longest of them has.
#[derive(Debug, Clone)]
pub(super) struct Literals {
    finders: Vec<(usize, Finder<'static>)>,
    /// How many bytes a match may have on the other side of a border.
    reach: usize,
    /// The last bytes that came, and while searching, the first of those that follow.
    border: Vec<u8>,
}

impl Literals {
    pub(super) fn new(set: &PatternSet) -> Self {
        let mut finders = Vec::new();
        for (index, pattern) in set.patterns().iter().enumerate() {
            if let Kind::Literal(bytes) = &pattern.0 {
                finders.push((index, Finder::new(bytes).into_owned()));
            }
        }
        let lengths = finders.iter().map(|(_, finder)| finder.needle().len());
        Self {
            reach: lengths.max().map_or(0, |longest| longest - 1),
            finders,
            border: Vec::new(),
        }
    }

    /// Returns the first hit that ends in this chunk, which begins at `offset`. Not to be asked
    /// again after a hit.
    pub(super) fn scan(&mut self, chunk: &[u8], offset: u64) -> Option<Hit> {
        let mut hit = None;
        let before = self.border.len();
        let shared = &chunk[..chunk.len().min(self.reach)];
        self.border.extend_from_slice(shared);
        if before > 0 {
            hit = self.search(&self.border, offset - before as u64, None);
        }
        hit = self.search(chunk, offset, hit);
        if shared.len() < chunk.len() {
            self.border.clear();
            self.border
                .extend_from_slice(&chunk[chunk.len() - self.reach..]);
        } else {
            let too_many = self.border.len().saturating_sub(self.reach);
            self.border.drain(..too_many);
        }
        hit
    }

    /// Returns the soonest of `hit` and what is in these bytes.
    fn search(&self, bytes: &[u8], offset: u64, mut hit: Option<Hit>) -> Option<Hit> {
        for (pattern, finder) in &self.finders {
            // What ends later is not looked for.
            let limit = hit.map_or(bytes.len(), |hit| hit.end.saturating_sub(offset) as usize);
            let found = finder.find(&bytes[..limit.min(bytes.len())]);
            let found = found.map(|at| Hit {
                end: offset + (at + finder.needle().len()) as u64,
                start: offset + at as u64,
                pattern: *pattern,
            });
            hit = Hit::sooner(hit, found);
        }
        hit
    }

    /// Says that what comes does not follow what came.
    pub(super) fn gap(&mut self) {
        self.border.clear();
    }
}
