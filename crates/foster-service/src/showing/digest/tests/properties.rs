use foster_model::answer::DigestReason;
use foster_store::Part;
use proptest::prelude::*;

use super::{made, numbered, word};
use crate::showing::digest::{Source, digest};

/// The plain excerpt: the last `max_bytes`, cut on the border of a character.
fn plain(bytes: &[u8], max_bytes: u64) -> String {
    let most = usize::try_from(max_bytes).unwrap();
    let mut start = bytes.len().saturating_sub(most);
    while start > 0 && bytes.get(start).is_some_and(|byte| byte & 0xc0 == 0x80) {
        start += 1;
    }
    String::from_utf8_lossy(&bytes[start..]).into_owned()
}

/// What lines are made of, the bad and the good.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    let known = prop::sample::select(vec![
        "\n",
        "\n\n",
        "\r\n",
        "\r",
        "\x08",
        "\x1b[31m",
        "\x1b[0m",
        "\x1b[2K",
        "\x1b[K",
        "\x1b[5C",
        "\x1b[9D",
        "\x1b]0;t",
        "\x07",
        "\x1b\\",
        "\x1b",
        "\u{9b}",
        "error: x\n",
        "error[E0308]: y\n --> a:1:2\n",
        "a.c:1:2: error: z\n  1 | x\n",
        "Traceback (most recent call last):\n  File x\nE: y\n",
        "test a ... FAILED\n",
        "make: *** [a] Error 1\n",
        "same\n",
        "same\n",
        "same\n",
        "12%\n",
        "13%\n",
        "14%\n",
        "15%\n",
        "\u{20ac}",
        "\u{1f600}",
        "word ",
        "  ",
        "\t",
        "____ test ____\n",
        "\u{25cf} suite\n",
    ]);
    prop_oneof![
        8 => known.prop_map(|text| text.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..20),
        1 => "[a-z ]{0,200}\n".prop_map(String::into_bytes),
    ]
}

proptest! {
    #[test]
    fn no_digest_is_longer_than_the_plain_excerpt(
        pieces in prop::collection::vec((piece(), 1usize..6), 0..80),
        max in prop_oneof![0u64..4_000, Just(64 * 1024)],
        lines in 0usize..60,
        cut in prop::option::of((0usize..400, 1u64..10_000)),
    ) {
        let bytes: Vec<u8> = pieces.into_iter().flat_map(|(piece, times)| piece.repeat(times)).collect();
        let (head, tail) = bytes.split_at(cut.map_or(0, |(at, _)| at.min(bytes.len())));
        let gap = cut.map_or(0, |(_, gap)| gap);
        let parts = [
            Part { offset: 0, bytes: head.to_vec() },
            Part { offset: head.len() as u64 + gap, bytes: tail.to_vec() },
        ];
        let made = digest(&Source { parts: &parts, from: 0, max_bytes: max, end_lines: lines });
        let digest = made.digest;
        prop_assert!(digest.text.len() as u64 <= max);
        // Where there is a gap, a mark may take the place of half a line.
        if gap == 0 {
            prop_assert!(digest.text.len() <= plain(&bytes, max).len());
        }
        let shown = digest.lines_total - digest.lines_folded - digest.lines_omitted;
        // An empty line without an end is no line of the text.
        prop_assert!(shown <= digest.text.lines().count() as u64 + 1);
        prop_assert!(!digest.text.contains(['\x1b', '\r', '\x08', '\x07', '\0']));
        prop_assert_eq!(digest.applied, digest.reason.is_none());
    }

    #[test]
    fn clean_text_that_fits_is_left_alone(lines in prop::collection::vec("[a-zé€]{1,9}( [a-z]{1,9}){0,4}", 0..50), open: bool) {
        let mut distinct = lines;
        distinct.dedup();
        let mut text = distinct.join("\n");
        if !open && !text.is_empty() {
            text.push('\n');
        }
        let digest = made(text.as_bytes(), 64 * 1024, 50).digest;
        if digest.lines_folded == 0 {
            prop_assert_eq!(&digest.text, &text);
            prop_assert_eq!(digest.reason, Some(DigestReason::Unchanged));
        }
        // And what was folded once is not folded again.
        let again = made(digest.text.as_bytes(), 64 * 1024, 50).digest;
        prop_assert_eq!(again.text, digest.text);
    }
}

type Hostile = (&'static str, fn(usize) -> String);

#[test]
fn twice_the_input_is_twice_the_work() {
    let hostile: [Hostile; 8] = [
        ("words", |n| (0..n).map(word).collect()),
        ("empty lines", |n| "\n".repeat(n * 8)),
        ("one line", |n| "x".repeat(n * 8)),
        ("near repeats", |n| {
            (0..n)
                .map(|at| ["a\n", "b\n", "a\n", "c\n", "a\n"][at % 5])
                .collect()
        }),
        ("repeats that end late", |n| {
            let block: String = (0..7).map(word).collect();
            numbered(0..n / 7, |at| format!("{block}{}", word(at)))
        }),
        ("numbers", |n| numbered(0..n, |at| format!("{}\n", at % 10))),
        ("overwriting", |n| "\x1b[1mabc\r".repeat(n)),
        ("failures", |n| {
            "error: a\nTraceback (most recent call last):\n".repeat(n / 2)
        }),
    ];
    for (name, input) in hostile {
        let steps = |n| made(input(n).as_bytes(), 64 * 1024, 50).steps;
        let (once, twice) = (steps(20_000), steps(40_000));
        assert!(
            twice > once && twice * 10 < once * 22,
            "{name}: {once}, {twice}"
        );
        let bytes = input(40_000).len() as u64;
        assert!(
            twice < bytes * 60,
            "{name}: {twice} steps for {bytes} bytes"
        );
    }
}
