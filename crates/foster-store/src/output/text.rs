/// Returns how many bytes at the end are the beginning of a UTF-8 character that is not complete;
/// 0 if the end is a border, or not UTF-8 at all.
pub(crate) fn incomplete_suffix(bytes: &[u8]) -> usize {
    let longest = bytes.len().min(3);
    for len in 1..=longest {
        let suffix = &bytes[bytes.len() - len..];
        if is_continuation(suffix[0]) {
            continue;
        }
        return match std::str::from_utf8(suffix) {
            // No length: the text ends before it could be seen to be wrong.
            Err(error) if error.error_len().is_none() && error.valid_up_to() == 0 => len,
            _ => 0,
        };
    }
    0
}

/// Returns how many bytes at the beginning belong to a character that began before.
pub(crate) fn continuation_prefix(bytes: &[u8]) -> usize {
    bytes
        .iter()
        .take(3)
        .take_while(|&&byte| is_continuation(byte))
        .count()
}

fn is_continuation(byte: u8) -> bool {
    byte & 0b1100_0000 == 0b1000_0000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_begun_character_is_incomplete() {
        let rows: [(&[u8], usize); 9] = [
            (b"", 0),
            (b"a", 0),
            ("é".as_bytes(), 0),
            (&[b'a', 0xc3], 1),
            (&[0xe2, 0x82], 2),
            (&[0xf0, 0x9f, 0x98], 3),
            (&[0xff], 0),
            (&[0x80, 0x80, 0x80], 0),
            (&[0xe2, 0x28], 0),
        ];
        for (bytes, expected) in rows {
            assert_eq!(incomplete_suffix(bytes), expected, "{bytes:x?}");
        }
    }
}
