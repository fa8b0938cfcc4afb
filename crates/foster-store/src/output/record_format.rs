use crate::Stream;

/// The length of one record of the timeline, in bytes.
pub(crate) const LENGTH: usize = 16;

/// That so many bytes came on a stream, and when.
///
/// On disk, little-endian: `i64` microseconds since 1970, `u32` length, `u8` stream, three zeros.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Record {
    pub at_unix_us: i64,
    pub stream: Stream,
    pub bytes: u32,
}

impl Record {
    pub fn encode(self) -> [u8; LENGTH] {
        let mut record = [0; LENGTH];
        record[..8].copy_from_slice(&self.at_unix_us.to_le_bytes());
        record[8..12].copy_from_slice(&self.bytes.to_le_bytes());
        record[12] = self.stream.index() as u8;
        record
    }

    /// Reads a record; `None` if no writer can have written it. None writes one of no bytes, as zeros
    /// would be: those are what a loss of power, or a hole, leaves.
    pub fn decode(record: [u8; LENGTH]) -> Option<Self> {
        let [
            t0,
            t1,
            t2,
            t3,
            t4,
            t5,
            t6,
            t7,
            n0,
            n1,
            n2,
            n3,
            stream,
            0,
            0,
            0,
        ] = record
        else {
            return None;
        };
        let bytes = u32::from_le_bytes([n0, n1, n2, n3]);
        (bytes > 0).then_some(Self {
            at_unix_us: i64::from_le_bytes([t0, t1, t2, t3, t4, t5, t6, t7]),
            stream: *Stream::ALL.get(usize::from(stream))?,
            bytes,
        })
    }
}
