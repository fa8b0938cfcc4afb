use crate::dir::Dir;
use crate::{DamageError, Problem, Stream};

/// One file of a stream: the head, which begins at 0, or a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Segment {
    /// The logical offset of its first byte.
    pub start: u64,
    /// How many bytes it holds.
    pub len: u64,
}

impl Segment {
    pub fn end(self) -> u64 {
        self.start + self.len
    }
}

/// Returns the name of the file that begins at `start`.
pub(crate) fn file_name(stream: Stream, start: u64) -> String {
    match start {
        0 => stream.log_name().to_owned(),
        _ => format!("{}.{start:020}", stream.log_name()),
    }
}

/// Returns where the segment of that name begins; `None` if it is not one of this stream.
fn start_of(stream: Stream, name: &str) -> Option<u64> {
    let digits = name.strip_prefix(stream.log_name())?.strip_prefix('.')?;
    let fixed = digits.len() == 20 && digits.bytes().all(|byte| byte.is_ascii_digit());
    let start: u64 = fixed.then(|| digits.parse().ok())??;
    // Longer than any file can be: not ours, and sums with it would overflow.
    (start > 0 && start < 1 << 62).then_some(start)
}

/// Returns the files of a stream as they lie on disk, by offset; the head is always the first, also where
/// it is gone.
///
/// Names are listed before lengths are asked: so each file that has a successor is complete.
pub(crate) fn scan(run: &Dir, stream: Stream) -> Result<Vec<Segment>, DamageError> {
    let names = run.names().map_err(|error| run.damage("", error))?;
    let mut starts: Vec<u64> = names
        .iter()
        .filter_map(|name| start_of(stream, name))
        .collect();
    starts.push(0);
    starts.sort_unstable();
    let mut segments = Vec::with_capacity(starts.len());
    for start in starts {
        match run.file_len(&file_name(stream, start)) {
            Ok(len) => segments.push(Segment { start, len }),
            // The cap took it between the listing and the question.
            Err(DamageError {
                problem: Problem::Missing,
                ..
            }) if start > 0 => {}
            // Somebody took it, and its bytes with it: a gap as any other.
            Err(DamageError {
                problem: Problem::Missing,
                ..
            }) => segments.push(Segment { start, len: 0 }),
            Err(damage) => return Err(damage),
        }
    }
    for at in 1..segments.len() {
        // No byte has two places, even if somebody wrote to a file that was finished.
        let room = segments[at].start - segments[at - 1].start;
        segments[at - 1].len = segments[at - 1].len.min(room);
    }
    Ok(segments)
}

/// Returns the ranges up to `end` that no segment holds.
pub(crate) fn gaps(segments: impl IntoIterator<Item = Segment>, end: u64) -> Vec<[u64; 2]> {
    let mut gaps = Vec::<[u64; 2]>::new();
    let mut covered = 0;
    let last = Segment { start: end, len: 0 };
    for segment in segments
        .into_iter()
        .filter(|segment| segment.len > 0)
        .chain([last])
    {
        if segment.start > covered {
            gaps.push([covered, segment.start]);
        }
        covered = covered.max(segment.end());
    }
    gaps
}
