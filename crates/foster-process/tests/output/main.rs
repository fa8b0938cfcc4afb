//! The machines of captured output against plain models of what they should do, for any input and
//! any way to cut it into chunks.

#![expect(
    clippy::unwrap_used,
    reason = "a test that meets the unexpected stops there"
)]

mod hub;
mod kept;
mod lines;
mod matcher;

use proptest::prelude::*;

/// Returns text of few characters, so that what matters is met often.
fn text(pieces: usize) -> impl Strategy<Value = Vec<u8>> {
    let piece = prop::sample::select(vec![
        &b"a"[..],
        b"b",
        b"abab",
        b"\n",
        b"\r",
        b"\r\n",
        "é".as_bytes(),
        "€".as_bytes(),
        "𝄞".as_bytes(),
        b"\xff",
        b"\x80",
        b"\xf0\x9d",
    ]);
    prop::collection::vec(piece, 0..pieces).prop_map(|pieces| pieces.concat())
}

/// Returns the lengths of chunks, to be used over and over.
fn cuts() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(1_usize..9, 1..6)
}

fn chunks<'a>(mut bytes: &'a [u8], cuts: &'a [usize]) -> impl Iterator<Item = &'a [u8]> {
    let mut cuts = cuts.iter().cycle();
    std::iter::from_fn(move || {
        let cut = *cuts.next()?;
        let (chunk, rest) = bytes.split_at(cut.min(bytes.len()));
        bytes = rest;
        (!chunk.is_empty()).then_some(chunk)
    })
}
