use super::buffer::{extend, overwrite};

/// The last bytes of what is pushed, up to a bound.
///
/// A push is one or two copies, whatever the bound is: nothing is ever moved to make room. The
/// memory grows by doubling, as far as the bound, and only as bytes come.
#[derive(Debug, Clone, Default)]
pub(super) struct Ring {
    bytes: Vec<u8>,
    bound: usize,
    /// Where the oldest byte is, and the next one goes, once `bytes` is as long as the bound.
    oldest: usize,
}

impl Ring {
    pub(super) fn new(bound: usize) -> Self {
        Self {
            bytes: Vec::new(),
            bound,
            oldest: 0,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        // What would be overwritten by the same push is not written at all.
        let mut rest = &bytes[bytes.len().saturating_sub(self.bound)..];
        let room = self.bound - self.bytes.len();
        if room > 0 {
            let (now, later) = rest.split_at(room.min(rest.len()));
            extend(&mut self.bytes, now, self.bound);
            rest = later;
        }
        while !rest.is_empty() {
            let to_the_edge = self.bound - self.oldest;
            let (now, later) = rest.split_at(to_the_edge.min(rest.len()));
            overwrite(&mut self.bytes[self.oldest..][..now.len()], now);
            self.oldest = (self.oldest + now.len()) % self.bound;
            rest = later;
        }
    }

    /// Returns the last `count` bytes, in two pieces that follow one another.
    pub(super) fn last(&self, count: usize) -> (&[u8], &[u8]) {
        let (newer, older) = self.bytes.split_at(self.oldest);
        let skip = self.bytes.len().saturating_sub(count);
        match skip.checked_sub(older.len()) {
            None => (&older[skip..], newer),
            Some(skip) => (&newer[skip..], &[]),
        }
    }
}
