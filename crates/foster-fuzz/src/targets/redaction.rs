//! Redaction in pieces is the replacement of all values in the whole.

use foster_model::{REDACTED, Secrets};
use foster_supervisor::for_fuzzing::Redactor;

pub(super) fn check(data: &[u8]) {
    // How many values and how long; how the text is cut; the values; the text.
    let [count, length, cut, rest @ ..] = data else {
        return;
    };
    let (count, length) = (usize::from(count % 5), usize::from(length % 17));
    let (values, text) = rest.split_at((count * length).min(rest.len()));
    let values: Vec<&[u8]> = values.chunks(length.max(1)).collect();
    let secrets = Secrets::new(values.iter().copied());
    let expected = replaced(&secrets, text);
    let redactor = Redactor::new(secrets).expect("a few values can be searched for");
    for cut in [usize::from(*cut), 1, text.len()] {
        assert_eq!(
            in_pieces(&redactor, text, cut.max(1)),
            expected,
            "cut {cut}"
        );
    }
}

/// The plain way: at each place the longest value that begins there, or a byte.
fn replaced(secrets: &Secrets, text: &[u8]) -> (Vec<u8>, u64) {
    let (mut out, mut rest, mut count) = (Vec::new(), text, 0);
    while let [first, others @ ..] = rest {
        let found = secrets.iter().filter(|value| rest.starts_with(value));
        if let Some(value) = found.max_by_key(|value| value.len()) {
            out.extend_from_slice(REDACTED);
            rest = &rest[value.len()..];
            count += 1;
        } else {
            out.push(*first);
            rest = others;
        }
    }
    (out, count)
}

fn in_pieces(redactor: &Redactor, text: &[u8], cut: usize) -> (Vec<u8>, u64) {
    let (mut out, mut carry, mut count) = (Vec::new(), Vec::new(), 0);
    let mut left = text.len();
    for piece in text.chunks(cut) {
        carry.extend_from_slice(piece);
        left -= piece.len();
        let redacted = redactor.redact(&carry, left == 0);
        assert!(carry.len() - redacted.undecided <= redactor.holds_back());
        out.extend_from_slice(&redacted.text);
        count += redacted.replaced;
        carry.drain(..redacted.undecided);
    }
    assert!(carry.is_empty(), "bytes were held back for ever");
    (out, count)
}
