/// One of a program's two output streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

impl Stream {
    /// Returns `stdout` or `stderr`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stdout => "stdout",
            Self::Stderr => "stderr",
        }
    }

    fn seed(self) -> u64 {
        match self {
            Self::Stdout => 0x6a09_e667_f3bc_c908,
            Self::Stderr => 0xbb67_ae85_84ca_a73b,
        }
    }
}

/// Fills `buffer` with what `habit-flood` writes to `stream` from `offset` on.
///
/// Each eight bytes are a hash of their own position (SplitMix64, little endian), so the bytes at
/// any offset can be told without those before them, and no two places of a log look alike: what
/// is lost, doubled or moved is seen.
pub fn fill_flood(stream: Stream, offset: u64, buffer: &mut [u8]) {
    let skip = (offset % 8) as usize;
    let mut word = offset / 8;
    let seed = stream.seed();
    let (head, rest) = buffer.split_at_mut(if skip == 0 {
        0
    } else {
        buffer.len().min(8 - skip)
    });
    if !head.is_empty() {
        head.copy_from_slice(&mix(seed, word)[skip..skip + head.len()]);
        word += 1;
    }
    for chunk in rest.chunks_mut(8) {
        chunk.copy_from_slice(&mix(seed, word)[..chunk.len()]);
        word += 1;
    }
}

/// Returns the first `length` bytes that `habit-flood` writes to `stream`.
pub fn flood(stream: Stream, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    fill_flood(stream, 0, &mut bytes);
    bytes
}

/// Returns the line that `habit-flood --lines` writes to `stream` as its `number`th, counted from
/// 0, with its line feed.
pub fn flood_line(stream: Stream, number: u64) -> String {
    format!("{} line {number:08}\n", stream.as_str())
}

fn mix(seed: u64, word: u64) -> [u8; 8] {
    let mut z = seed.wrapping_add(word.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (z ^ (z >> 31)).to_le_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_piece_is_the_same_as_in_the_whole() {
        let whole = flood(Stream::Stdout, 100);
        for from in 0..100 {
            for to in from..=100 {
                let mut piece = vec![0; to - from];
                fill_flood(Stream::Stdout, from as u64, &mut piece);
                assert_eq!(piece, whole[from..to], "{from}..{to}");
            }
        }
        assert_ne!(whole, flood(Stream::Stderr, 100));
    }
}
