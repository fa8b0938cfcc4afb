//! What is kept, and how much is missing, is that of a plain model.

#![no_main]

use foster_process::output::{Gap, Keep, Kept};
use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(|data: &[u8]| -> Corpus {
    let [head, tail, pieces @ ..] = data else {
        return Corpus::Reject;
    };
    let (head, tail) = (usize::from(*head), usize::from(*tail));
    let mut rest = pieces;
    let mut kept = Kept::new(Keep::HeadAndTail { head, tail });
    let (mut all, mut lost) = (Vec::new(), 0);
    // The first byte of each piece says how long it is, or how much is lost.
    while let [length, bytes @ ..] = rest {
        if *length >= 0xf0 {
            let bytes = u64::from(*length - 0xef);
            kept.gap(Gap {
                bytes,
                offset: kept.total(),
            });
            lost += bytes;
            rest = &rest[1..];
            continue;
        }
        let (piece, later) = bytes.split_at(usize::from(*length).min(bytes.len()));
        kept.push(piece);
        all.extend_from_slice(piece);
        rest = later;
    }
    let first = head.min(all.len());
    let last = tail.min(all.len() - first);
    let expected = [&all[..first], &all[all.len() - last..]].concat();
    assert_eq!(kept.to_vec(), expected);
    assert_eq!(kept.head(), &all[..first]);
    assert_eq!(kept.total(), all.len() as u64 + lost);
    assert_eq!(kept.omitted_bytes(), kept.total() - expected.len() as u64);
    let text = kept.to_string_lossy_with_marker();
    if kept.truncated() {
        assert!(text.contains("omitted ...]\n"));
    } else {
        assert_eq!(text, String::from_utf8_lossy(&expected));
    }
    Corpus::Keep
});
