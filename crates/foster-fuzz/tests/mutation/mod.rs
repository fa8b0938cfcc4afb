//! Inputs made of a corpus by chance. A failing one is made smaller by proptest, change by change.

use std::fmt;

use proptest::prelude::*;
use proptest::sample::{Index, select};

/// Pieces that readers stumble over.
const WORDS: [&[u8]; 36] = [
    b"\n",
    b"\r\n",
    b"\0",
    b"\xff",
    b"\xe2\x82",
    b"\x1b[",
    b"\x1b]0;",
    b" ",
    b"\"",
    b"'",
    b"\\",
    b"{",
    b"}",
    b"[",
    b"null",
    b"true",
    b"-1",
    b"0",
    b"1",
    b"18446744073709551615",
    b"18446744073709551616",
    b"9223372036854775807",
    b"-9223372036854775808",
    b"1e400",
    b"4294967296",
    b"@",
    b"@1",
    b".*",
    b"=",
    b"#",
    b"$",
    b"9999-12-31T23:59:59.999Z",
    b"-009999-01-02T01:59:59Z",
    b"\\ud800",
    b"\xff\xff\xff\xff\xff\xff\xff\xff",
    b"\x00\x00\x00\x00\x00\x00\x00\x80",
];

/// The longest input.
const LONGEST: usize = 16 * 1024;

/// An input, shown as a byte string of Rust.
#[derive(Clone)]
pub struct Input(pub Vec<u8>);

impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "b\"{}\"", self.0.escape_ascii())
    }
}

/// One change of an input.
#[derive(Debug, Clone)]
enum Change {
    Flip(Index, u8),
    Set(Index, u8),
    Cut(Index, usize),
    CutOff(Index),
    Repeat(Index, usize, usize),
    Insert(Index, Vec<u8>),
    Exchange(Index, Vec<u8>),
}

/// Returns inputs near those of `corpus`.
pub fn inputs(corpus: Vec<Vec<u8>>) -> impl Strategy<Value = Input> {
    let piece = pieces(corpus.clone());
    let changes = prop::collection::vec(change(piece), 0..10);
    let changed = (select(corpus), changes).prop_map(|(mut input, changes)| {
        for change in &changes {
            change.make(&mut input);
        }
        input.truncate(LONGEST);
        Input(input)
    });
    let noise = prop::collection::vec(any::<u8>(), 0..200).prop_map(Input);
    prop_oneof![15 => changed, 1 => noise]
}

/// Returns words, and pieces of other inputs.
fn pieces(corpus: Vec<Vec<u8>>) -> BoxedStrategy<Vec<u8>> {
    let words = select(WORDS.as_slice()).prop_map(<[u8]>::to_vec);
    let others = (select(corpus), any::<Index>(), 1..64_usize).prop_map(|(input, at, length)| {
        let rest = &input[at.index(input.len() + 1)..];
        rest[..length.min(rest.len())].to_vec()
    });
    let noise = prop::collection::vec(any::<u8>(), 1..9);
    prop_oneof![4 => words, 2 => others, 1 => noise].boxed()
}

fn change(piece: BoxedStrategy<Vec<u8>>) -> impl Strategy<Value = Change> {
    let at = any::<Index>;
    prop_oneof![
        (at(), 0..8_u8).prop_map(|(at, bit)| Change::Flip(at, bit)),
        (at(), any::<u8>()).prop_map(|(at, byte)| Change::Set(at, byte)),
        (at(), 1..40_usize).prop_map(|(at, length)| Change::Cut(at, length)),
        at().prop_map(Change::CutOff),
        (at(), 1..80_usize, 1..20_usize)
            .prop_map(|(at, length, times)| Change::Repeat(at, length, times)),
        (at(), piece.clone()).prop_map(|(at, piece)| Change::Insert(at, piece)),
        (at(), piece).prop_map(|(at, piece)| Change::Exchange(at, piece)),
    ]
}

impl Change {
    fn make(&self, input: &mut Vec<u8>) {
        let at = self.place().index(input.len() + 1);
        let upto = |length: usize| (at + length).min(input.len());
        match self {
            Self::Flip(_, bit) => input[at..]
                .iter_mut()
                .take(1)
                .for_each(|byte| *byte ^= 1 << bit),
            Self::Set(_, to) => input[at..].iter_mut().take(1).for_each(|byte| *byte = *to),
            Self::Cut(_, length) => drop(input.drain(at..upto(*length))),
            Self::CutOff(_) => input.truncate(at),
            Self::Repeat(_, length, times) => {
                let piece = input[at..upto(*length)].repeat(*times);
                input.splice(at..at, piece);
            }
            Self::Insert(_, piece) => drop(input.splice(at..at, piece.iter().copied())),
            Self::Exchange(_, piece) => {
                let end = upto(piece.len());
                input.splice(at..end, piece.iter().copied());
            }
        }
    }

    fn place(&self) -> &Index {
        match self {
            Self::Flip(at, _)
            | Self::Set(at, _)
            | Self::Cut(at, _)
            | Self::CutOff(at)
            | Self::Repeat(at, ..)
            | Self::Insert(at, _)
            | Self::Exchange(at, _) => at,
        }
    }
}
