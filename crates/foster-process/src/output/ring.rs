use super::DEFAULT_READ_SIZE;
use super::buffer::{extend, overwrite};
use crate::sys::{self, PAGE};

/// Less room than that is not worth a read of its own.
const LEAST_ROOM: usize = 16 * 1024;

/// Once it holds so much, a larger ring gets all of its memory at once: see [`Ring::grow`].
const SMALL: usize = 1024 * 1024;

/// The last bytes of what is pushed, up to a bound.
///
/// A push is one or two copies, whatever the bound is: nothing is ever moved to make room. Memory is
/// touched only as bytes come: page by page, or by huge pages beyond [`SMALL`].
#[derive(Debug, Clone, Default)]
pub(super) struct Ring {
    /// The ring, behind a margin.
    memory: Vec<u8>,
    /// So many bytes lie before the ring, for it to begin where a page does.
    margin: usize,
    bound: usize,
    /// Where in the ring the oldest byte is, and the next one goes, once it is as long as the bound.
    oldest: usize,
}

impl Ring {
    pub(super) fn new(bound: usize) -> Self {
        Self {
            bound,
            ..Self::default()
        }
    }

    pub(super) fn len(&self) -> usize {
        self.memory.len() - self.margin
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        // What would be overwritten by the same push is not written at all.
        let mut rest = &bytes[bytes.len().saturating_sub(self.bound)..];
        let room = self.bound - self.len();
        if room > 0 {
            let (now, later) = rest.split_at(room.min(rest.len()));
            self.grow(now.len());
            extend(
                &mut self.memory,
                now,
                self.margin.saturating_add(self.bound),
            );
            rest = later;
        }
        while !rest.is_empty() {
            let to_the_edge = self.bound - self.oldest;
            let (now, later) = rest.split_at(to_the_edge.min(rest.len()));
            let place = self.margin + self.oldest;
            overwrite(&mut self.memory[place..][..now.len()], now);
            self.oldest = (self.oldest + now.len()) % self.bound;
            rest = later;
        }
    }

    /// Takes the memory of the whole ring when it stops being small: untouched memory costs nothing,
    /// and may be asked to come in huge pages, so that 64 MiB don't take 16384 faults and as many entries
    /// of the translation cache. The ring then begins with a page, as the kernel's chunks of a pipe do,
    /// which is what fast copies want (see [`Ring::is_unlucky`]).
    ///
    /// A bound for which there is no such memory leaves the growing by doubling to [`extend`].
    fn grow(&mut self, more: usize) {
        let length = self.len() + more;
        if length <= SMALL || self.memory.capacity() - self.memory.len() >= more {
            return;
        }
        let mut whole = Vec::new();
        let wanted = self.bound.saturating_add(PAGE);
        if whole.try_reserve_exact(wanted).is_err() {
            return;
        }
        sys::prefer_huge_pages(whole.spare_capacity_mut());
        let margin = whole.as_ptr().align_offset(PAGE).min(PAGE);
        whole.resize(margin, 0);
        whole.extend_from_slice(&self.memory[self.margin..]);
        self.memory = whole;
        self.margin = margin;
    }

    /// Returns the memory of the oldest bytes, up to the edge and no more than one read takes, once the
    /// ring is as long as it will be.
    pub(super) fn room(&mut self) -> Option<&mut [u8]> {
        let length = (self.bound - self.oldest).min(DEFAULT_READ_SIZE);
        if self.len() < self.bound || length < LEAST_ROOM || self.is_unlucky() {
            return None;
        }
        let place = self.margin + self.oldest;
        self.memory.get_mut(place..place + length)
    }

    /// Returns whether the kernel would copy to an address that lies a few bytes behind a page's start,
    /// from a pipe's page: there `rep movsb` is many times slower on some processors (see `buffer`).
    fn is_unlucky(&self) -> bool {
        let address = self.memory.as_ptr().addr() + self.margin + self.oldest;
        (1..32).contains(&(address % PAGE))
    }

    /// Takes so many bytes, which were placed at the start of the room.
    pub(super) fn placed(&mut self, length: usize) {
        self.oldest = (self.oldest + length) % self.bound.max(1);
    }

    /// Returns the last `count` bytes, in two pieces that follow one another.
    pub(super) fn last(&self, count: usize) -> (&[u8], &[u8]) {
        let (newer, older) = self.memory[self.margin..].split_at(self.oldest);
        let skip = (newer.len() + older.len()).saturating_sub(count);
        match skip.checked_sub(older.len()) {
            None => (&older[skip..], newer),
            Some(skip) => (&newer[skip..], &[]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the bytes that follow one another from this one on: no two neighbours of any distance
    /// that matters are alike.
    fn stream(from: usize, length: usize) -> Vec<u8> {
        let byte = |at: usize| (at % 251) as u8 ^ (at / 4096) as u8;
        (from..from + length).map(byte).collect()
    }

    fn check(ring: &Ring, pushed: usize, count: usize) {
        let kept = count.min(ring.bound).min(pushed);
        let (older, newer) = ring.last(count);
        assert!([older, newer].concat() == stream(pushed - kept, kept));
    }

    #[test]
    fn a_large_ring_keeps_the_last_bytes_however_they_come() {
        for bound in [SMALL + 1, 3 * SMALL - 5, usize::MAX] {
            let mut ring = Ring::new(bound);
            let (mut pushed, mut placed) = (0, 0);
            while pushed < 8 * SMALL {
                let length = 1 + (pushed * 7) % 70_000;
                let bytes = stream(pushed, length);
                if let Some(room) = ring.room() {
                    let length = length.min(room.len());
                    room[..length].copy_from_slice(&bytes[..length]);
                    ring.placed(length);
                    placed += length;
                    pushed += length;
                } else {
                    ring.push(&bytes);
                    pushed += length;
                }
                check(&ring, pushed, 5000);
            }
            check(&ring, pushed, usize::MAX);
            assert_eq!(placed > SMALL, bound < usize::MAX, "{bound}");
        }
    }

    #[test]
    fn a_large_ring_begins_with_a_page_and_is_read_into_at_once() {
        let mut ring = Ring::new(2 * SMALL);
        ring.push(&stream(0, 2 * SMALL));
        let room = ring.room().unwrap();
        assert_eq!(room.as_ptr().addr() % PAGE, 0);
        assert_eq!(room.len(), DEFAULT_READ_SIZE);
    }
}
