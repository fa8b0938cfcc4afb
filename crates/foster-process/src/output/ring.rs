use super::DEFAULT_READ_SIZE;
use super::buffer::{extend, overwrite};

/// Less room than that is not worth a read of its own.
const LEAST_ROOM: usize = 16 * 1024;

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

    /// Returns the memory of the oldest bytes, up to the edge and no more than one read takes, once the
    /// ring is as long as it will be.
    pub(super) fn room(&mut self) -> Option<&mut [u8]> {
        let length = (self.bound - self.oldest).min(DEFAULT_READ_SIZE);
        if self.bytes.len() < self.bound || length < LEAST_ROOM || self.is_unlucky() {
            return None;
        }
        self.bytes.get_mut(self.oldest..self.oldest + length)
    }

    /// Returns whether the kernel would copy to an address that lies a few bytes behind a page's start,
    /// from a pipe's page: there `rep movsb` is many times slower on some processors (see `buffer`).
    fn is_unlucky(&self) -> bool {
        let address = self.bytes.as_ptr().addr() + self.oldest;
        (1..32).contains(&(address % 4096))
    }

    /// Takes so many bytes, which were placed at the start of the room.
    pub(super) fn placed(&mut self, length: usize) {
        self.oldest = (self.oldest + length) % self.bound.max(1);
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
