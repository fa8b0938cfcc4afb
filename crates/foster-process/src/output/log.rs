use std::collections::VecDeque;

use bytes::Bytes;

/// Up to here small chunks are joined.
const BLOCK: usize = 64 * 1024;

/// The bytes of a stream that somebody may still ask for, addressed by their offset in the stream.
///
/// All subscribers read the same log, each at an offset of its own: a byte is held once, however
/// many wait for it. A chunk is kept as it came, without copying, unless its neighbour is small as
/// well: then both are copied into one block, because a million chunks of one byte would cost forty
/// times their size.
#[derive(Debug, Default)]
pub(super) struct Log {
    segments: VecDeque<Segment>,
    end: u64,
}

#[derive(Debug)]
struct Segment {
    offset: u64,
    data: Data,
}

#[derive(Debug)]
enum Data {
    Shared(Bytes),
    /// Still growing. Only the last segment is.
    Open(Vec<u8>),
}

impl Segment {
    fn len(&self) -> usize {
        match &self.data {
            Data::Shared(bytes) => bytes.len(),
            Data::Open(bytes) => bytes.len(),
        }
    }

    fn end(&self) -> u64 {
        self.offset + self.len() as u64
    }
}

impl Log {
    /// Returns the offset after the last byte.
    pub(super) fn end(&self) -> u64 {
        self.end
    }

    /// Counts bytes that nobody will ask for.
    pub(super) fn pass(&mut self, length: usize) {
        self.segments.clear();
        self.end += length as u64;
    }

    pub(super) fn push(&mut self, chunk: Bytes) {
        let offset = self.end;
        self.end += chunk.len() as u64;
        if let Some(last) = self.segments.back_mut()
            && last.takes(&chunk)
        {
            last.append(&chunk);
            return;
        }
        if let Some(last) = self.segments.back_mut() {
            last.close();
        }
        let data = Data::Shared(chunk);
        self.segments.push_back(Segment { offset, data });
    }

    /// Returns bytes from this offset on, at least one unless it is the end; and no more than one
    /// segment.
    pub(super) fn read(&mut self, from: u64) -> Option<Bytes> {
        let index = self
            .segments
            .partition_point(|segment| segment.end() <= from);
        let segment = self.segments.get_mut(index)?;
        let skip = usize::try_from(from.checked_sub(segment.offset)?).ok()?;
        // A block that is half full is large enough to be handed out as it is.
        if segment.len() >= BLOCK / 2 {
            segment.close();
        }
        Some(match &segment.data {
            Data::Shared(bytes) => bytes.slice(skip..),
            Data::Open(bytes) => Bytes::copy_from_slice(bytes.get(skip..)?),
        })
    }

    /// Frees what lies before this offset. A segment that is needed in part stays whole.
    pub(super) fn forget_before(&mut self, offset: u64) {
        while let Some(first) = self.segments.front()
            && first.end() <= offset
        {
            self.segments.pop_front();
        }
    }
}

impl Segment {
    /// Half a block is not worth a copy: held as it came, it wastes no more than it holds.
    fn takes(&self, chunk: &[u8]) -> bool {
        let small = match &self.data {
            Data::Shared(bytes) => bytes.len() < BLOCK / 2,
            Data::Open(_) => true,
        };
        small && chunk.len() < BLOCK / 2 && self.len() + chunk.len() <= BLOCK
    }

    fn append(&mut self, chunk: &[u8]) {
        if let Data::Shared(bytes) = &self.data {
            // Whole at once: what is not used is given back in the end, and till then not touched.
            let mut block = Vec::with_capacity(BLOCK);
            block.extend_from_slice(bytes);
            self.data = Data::Open(block);
        }
        if let Data::Open(block) = &mut self.data {
            block.extend_from_slice(chunk);
        }
    }

    fn close(&mut self) {
        if let Data::Open(block) = &mut self.data {
            // Boxed, so that what the block could still have taken is given back.
            let block = std::mem::take(block).into_boxed_slice();
            self.data = Data::Shared(Bytes::from(block));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(log: &Log) -> usize {
        let each = size_of::<Segment>();
        let data = log.segments.iter().map(|segment| match &segment.data {
            Data::Shared(bytes) => bytes.len(),
            Data::Open(block) => block.capacity(),
        });
        log.segments.capacity() * each + data.sum::<usize>()
    }

    #[test]
    fn two_million_chunks_of_one_byte_cost_little_more_than_what_is_kept() {
        let mut log = Log::default();
        let mut most = 0;
        for n in 0..2_000_000_u64 {
            log.push(Bytes::copy_from_slice(&[n as u8]));
            log.forget_before(log.end().saturating_sub(1_000_000));
            if n % 10_000 == 0 {
                most = most.max(held(&log));
            }
        }
        assert!(most < 1_300_000, "{most}");
        assert_eq!(log.read(1_000_000).unwrap()[0], 1_000_000_u64 as u8);
    }

    #[test]
    fn a_large_chunk_is_not_copied() {
        let mut log = Log::default();
        let chunk = Bytes::from(vec![7; BLOCK]);
        log.push(Bytes::from_static(b"small"));
        log.push(chunk.clone());
        assert_eq!(log.read(0).unwrap(), "small");
        assert_eq!(log.read(5).unwrap().as_ptr(), chunk.as_ptr());
        log.forget_before(6);
        assert_eq!(log.read(6).unwrap().len(), BLOCK - 1);
    }
}
