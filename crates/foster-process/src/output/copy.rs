//! Copying bytes at a cost that does not depend on where they happen to lie.
//!
//! From some 2 KiB on, the C library's `memcpy` leaves the copying to the processor (`rep movsb`), and
//! there are processors (AMD's Zen 3 and 4) that take twenty to forty times as long if the destination
//! lies up to 31 bytes behind the source modulo 4 KiB, as two allocations easily do
//! ([glibc bug 30994](https://sourceware.org/bugzilla/show_bug.cgi?id=30994)). In pieces below that
//! size nothing is lost anywhere.

/// How much is copied at once.
const PIECE: usize = 1024;

/// Copies `from` over `to`, which is as long.
pub(super) fn overwrite(to: &mut [u8], from: &[u8]) {
    for (to, from) in to.chunks_mut(PIECE).zip(from.chunks(PIECE)) {
        to.copy_from_slice(from);
    }
}

/// Adds `from` to the end of `to`.
pub(super) fn append(to: &mut Vec<u8>, from: &[u8]) {
    to.reserve(from.len());
    for piece in from.chunks(PIECE) {
        to.extend_from_slice(piece);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_copied() {
        let from: Vec<u8> = (0..5 * PIECE + 7).map(|n| (n / 3) as u8).collect();
        for length in [0, 1, PIECE, PIECE + 1, from.len()] {
            let from = &from[..length];
            let (mut over, mut after) = (vec![0; length], vec![9]);
            overwrite(&mut over, from);
            append(&mut after, from);
            assert_eq!((over.as_slice(), &after[1..]), (from, from));
        }
    }
}
