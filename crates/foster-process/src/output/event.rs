use std::fmt;
use std::io;
use std::sync::Arc;

use bytes::Bytes;

/// Which of a process's two streams of output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StdStream {
    /// File descriptor 1.
    Stdout,
    /// File descriptor 2.
    Stderr,
}

impl fmt::Display for StdStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stdout => "stdout",
            Self::Stderr => "stderr",
        })
    }
}

/// What a subscriber of a stream is told, in the order in which it happened.
#[derive(Debug, Clone)]
pub enum StreamEvent {
    /// Bytes, at least one. Where one chunk ends and the next begins means nothing: small ones are
    /// joined, large ones may be cut.
    Chunk(Bytes),
    /// Bytes were lost here.
    Gap(Gap),
    /// Nothing follows. Told once.
    End(StreamEnd),
}

/// Bytes of a stream that are lost, and where they stood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Gap {
    /// How many bytes.
    pub bytes: u64,
    /// The offset in the stream, lost bytes included, of the first one that is lost.
    pub offset: u64,
}

impl Gap {
    /// Returns the offset in the stream of the first byte after the gap.
    pub fn end(self) -> u64 {
        self.offset.saturating_add(self.bytes)
    }
}

/// Why nothing follows.
#[derive(Debug, Clone)]
pub enum StreamEnd {
    /// All writers are gone: nothing can be missing.
    Eof,
    /// The command is over, and others still hold the stream open; they were not waited for.
    HeldOpen {
        /// Who holds it, as far as the system tells. It may be empty.
        pids: Vec<i32>,
    },
    /// The time that was given for reading is over.
    Deadline,
    /// Reading failed.
    Failed(Arc<io::Error>),
}

impl StreamEnd {
    /// Returns whether the stream was read to its very end.
    pub fn is_eof(&self) -> bool {
        matches!(self, Self::Eof)
    }
}
