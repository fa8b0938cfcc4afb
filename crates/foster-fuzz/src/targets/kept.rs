//! What is kept, and how much is missing, is that of a plain model.

use foster_process::output::{Gap, Keep, Kept};

pub(super) fn check(data: &[u8]) {
    let [head, tail, pieces @ ..] = data else {
        return;
    };
    let (head, tail) = (usize::from(*head), usize::from(*tail));
    let mut kept = Kept::new(Keep::HeadAndTail { head, tail });
    let (all, lost) = push_all(&mut kept, pieces);
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
}

/// The first byte of each piece says how long it is, or how much is lost. Returns what came, and how much
/// was lost.
fn push_all(kept: &mut Kept, mut rest: &[u8]) -> (Vec<u8>, u64) {
    let (mut all, mut lost) = (Vec::new(), 0);
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
    (all, lost)
}
