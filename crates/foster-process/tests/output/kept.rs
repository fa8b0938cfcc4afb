use std::fmt::Write as _;

use foster_process::output::{Gap, Keep, KeepLines, Kept, KeptLine, KeptLines, Line, LineBound};
use proptest::prelude::*;

#[derive(Debug, Clone)]
enum Piece {
    Bytes(Vec<u8>),
    Lost(u64),
}

fn pieces() -> impl Strategy<Value = Vec<Piece>> {
    let bytes = prop::collection::vec(b'a'..=b'z', 0..12);
    let piece = prop_oneof![
        3 => bytes.prop_map(Piece::Bytes),
        1 => (1_u64..9).prop_map(Piece::Lost),
    ];
    prop::collection::vec(piece, 0..20)
}

fn keep() -> impl Strategy<Value = Keep> {
    prop_oneof![
        (0_usize..20).prop_map(Keep::Head),
        (0_usize..20).prop_map(Keep::Tail),
        (0_usize..20, 0_usize..20).prop_map(|(head, tail)| Keep::HeadAndTail { head, tail }),
        Just(Keep::All),
    ]
}

/// Returns what is kept and the text with its markers, found the plain way.
fn model(keep: Keep, pieces: &[Piece]) -> (Vec<u8>, String, u64) {
    let count = pieces.iter().map(|piece| match piece {
        Piece::Bytes(bytes) => bytes.len(),
        Piece::Lost(_) => 0,
    });
    let count = count.sum::<usize>();
    let (head, tail) = match keep {
        Keep::Head(head) => (head, 0),
        Keep::Tail(tail) => (0, tail),
        Keep::HeadAndTail { head, tail } => (head, tail),
        Keep::All => (count, 0),
    };
    let (mut kept, mut text, mut missing, mut all_missing) = (vec![], String::new(), 0, 0);
    let mut index = 0;
    for piece in pieces {
        match piece {
            Piece::Lost(bytes) => missing += bytes,
            Piece::Bytes(bytes) => {
                for byte in bytes {
                    if index < head || index + tail >= count {
                        all_missing += missing;
                        mark(&mut text, std::mem::take(&mut missing));
                        text.push(char::from(*byte));
                        kept.push(*byte);
                    } else {
                        missing += 1;
                    }
                    index += 1;
                }
            }
        }
    }
    mark(&mut text, missing);
    (kept, text, all_missing + missing)
}

fn mark(text: &mut String, missing: u64) {
    let noun = if missing == 1 { "byte" } else { "bytes" };
    if missing > 0 {
        write!(text, "\n[... {missing} {noun} omitted ...]\n").unwrap();
    }
}

fn line(bytes: &[u8], omitted: u64) -> Line<'_> {
    Line {
        bytes,
        offset: 0,
        started: true,
        ended: true,
        omitted,
    }
}

fn bound() -> impl Strategy<Value = LineBound> {
    (0_usize..6, 0_usize..20).prop_map(|(lines, bytes)| LineBound { lines, bytes })
}

/// Returns how many of these lines fit, from the first on.
fn fitting<'a>(lines: impl Iterator<Item = &'a Vec<u8>>, bound: LineBound) -> usize {
    let mut bytes = 0;
    let within = lines.take(bound.lines).take_while(|line| {
        bytes += line.len();
        bytes <= bound.bytes
    });
    within.count()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn what_is_kept_is_that_of_the_model(keep in keep(), pieces in pieces()) {
        let mut kept = Kept::new(keep);
        for piece in &pieces {
            match piece {
                Piece::Bytes(bytes) => kept.push(bytes),
                Piece::Lost(bytes) => kept.gap(Gap { bytes: *bytes, offset: kept.total() }),
            }
        }
        let (bytes, text, missing) = model(keep, &pieces);
        prop_assert_eq!(kept.to_vec(), bytes);
        prop_assert_eq!(kept.to_string_lossy_with_marker(), text);
        prop_assert_eq!(kept.omitted_bytes(), missing);
        prop_assert_eq!(kept.truncated(), missing > 0);
        prop_assert_eq!(kept.kept_bytes() + missing, kept.total());
    }

    #[test]
    fn which_lines_are_kept_is_that_of_the_model(
        head in bound(),
        tail in bound(),
        lines in prop::collection::vec(prop::collection::vec(b'a'..=b'z', 0..8), 0..20),
    ) {
        let mut kept = KeptLines::new(KeepLines::HeadAndTail { head, tail });
        for bytes in &lines {
            kept.push(line(bytes, 0));
        }
        let first = fitting(lines.iter(), head);
        let last = fitting(lines[first..].iter().rev(), tail);
        let omitted = &lines[first..lines.len() - last];
        prop_assert_eq!(kept.omitted_lines(), omitted.len() as u64);
        prop_assert_eq!(kept.omitted_bytes(), omitted.concat().len() as u64);
        prop_assert_eq!(kept.truncated(), !omitted.is_empty());
        let (first, last) = (&lines[..first], &lines[lines.len() - last..]);
        let expected: Vec<_> = first.iter().chain(last).cloned().collect();
        let kept: Vec<KeptLine> = kept.into_lines();
        prop_assert_eq!(kept.into_iter().map(|line| line.bytes).collect::<Vec<_>>(), expected);
    }
}
