//! A digest: no longer than what was read and than it may be, without control characters, with numbers that add up.

use foster_service::for_fuzzing::digest;
use foster_store::Part;

pub(super) fn check(data: &[u8]) {
    let [m0, m1, lines, cut, gap, bytes @ ..] = data else {
        return;
    };
    let max = u64::from(u16::from_le_bytes([*m0, *m1]));
    let (head, tail) = bytes.split_at(usize::from(*cut).min(bytes.len()));
    let gap = u64::from(*gap);
    // Only a gap parts what lies on disk.
    let parts = match gap {
        0 => vec![part(0, bytes)],
        gap => vec![part(0, head), part(head.len() as u64 + gap, tail)],
    };
    let digest = digest(&parts, 0, max, usize::from(*lines));
    assert!(digest.text.len() as u64 <= max, "longer than it may be");
    if gap == 0 {
        let whole = String::from_utf8_lossy(bytes).len();
        assert!(digest.text.len() <= whole, "longer than what was read");
    }
    let told = digest.lines_folded + digest.lines_omitted;
    assert!(told <= digest.lines_total, "more left out than there is");
    let shown = digest.lines_total - told;
    // An empty line without an end is no line of the text.
    assert!(shown <= digest.text.lines().count() as u64 + 1);
    assert!(!digest.text.contains(['\x1b', '\r', '\x08', '\x07', '\0']));
    assert_eq!(digest.applied, digest.reason.is_none());
    assert_eq!(digest.original_bytes, bytes.len() as u64);
}

fn part(offset: u64, bytes: &[u8]) -> Part {
    Part {
        offset,
        bytes: bytes.to_vec(),
    }
}
