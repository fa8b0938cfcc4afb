use std::fs::File;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use foster_model::Time;
use foster_store::Stream;

/// The longest piece of a line that is kept in memory; what goes beyond it is written as a line of
/// its own, so that a line of a gigabyte costs no gigabyte.
const LONGEST_PIECE: usize = 64 * 1024;

/// How much waits at most to be written: short lines grow to many times their length here.
const MOST_WAITING: usize = 256 * 1024;

/// The interleaved log of `--log`: `<time> [STDOUT] line`, written as it happens.
pub struct LogFile {
    file: File,
    partial: [Vec<u8>; 2],
    out: Vec<u8>,
    /// Why the file could not be written, since the last flush.
    failure: Option<io::Error>,
}

impl LogFile {
    /// Opens the log for appending, making it if need be. The file must be a regular one.
    pub fn open(path: &Path) -> io::Result<Self> {
        let mut options = File::options();
        // Without NONBLOCK a FIFO without a reader would hang us here for ever.
        options
            .append(true)
            .create(true)
            .mode(0o600)
            .custom_flags(nonblocking());
        let file = options.open(path)?;
        if !file.metadata()?.is_file() {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "it is not a regular file",
            ));
        }
        Ok(Self {
            file,
            partial: [Vec::new(), Vec::new()],
            out: Vec::new(),
            failure: None,
        })
    }

    /// Writes a line of Foster's own.
    pub fn mark(&mut self, text: &str, at: Time) {
        self.out
            .extend_from_slice(format!("{at} [FOSTER] {text}\n").as_bytes());
    }

    /// Takes in bytes of a stream.
    pub fn take(&mut self, stream: Stream, bytes: &[u8], at: Time) {
        let beginning = beginning(stream, at);
        let mut from = 0;
        for end in memchr::memchr_iter(b'\n', bytes) {
            self.write_line(stream, &beginning, &bytes[from..end]);
            from = end + 1;
        }
        for piece in bytes[from..].chunks(LONGEST_PIECE) {
            if piece.len() == LONGEST_PIECE || self.held(stream) + piece.len() >= LONGEST_PIECE {
                self.write_line(stream, &beginning, piece);
            } else {
                self.partial[stream.index()].extend_from_slice(piece);
            }
        }
    }

    /// Writes out the lines whose end never came.
    pub fn finish(&mut self, at: Time) {
        for stream in Stream::ALL {
            if self.held(stream) > 0 {
                self.write_line(stream, &beginning(stream, at), b"");
            }
        }
    }

    /// Hands the written lines to the system.
    pub fn flush(&mut self) -> io::Result<()> {
        self.write_out();
        self.failure.take().map_or(Ok(()), Err)
    }

    fn held(&self, stream: Stream) -> usize {
        self.partial[stream.index()].len()
    }

    /// Writes a line of which some bytes may be held already.
    fn write_line(&mut self, stream: Stream, beginning: &[u8], rest: &[u8]) {
        let held = &mut self.partial[stream.index()];
        self.out
            .reserve(beginning.len() + held.len() + rest.len() + 1);
        self.out.extend_from_slice(beginning);
        self.out.append(held);
        self.out.extend_from_slice(rest);
        self.out.push(b'\n');
        if self.out.len() >= MOST_WAITING {
            self.write_out();
        }
    }

    fn write_out(&mut self) {
        // Behind a hole in it nothing is written: whoever flushes hears of that, and gives it up.
        if self.failure.is_none() {
            self.failure = self.file.write_all(&self.out).err();
        }
        self.out.clear();
    }
}

/// Returns what stands before each line of a stream that came at this time.
fn beginning(stream: Stream, at: Time) -> Vec<u8> {
    let name = match stream {
        Stream::Stdout => "STDOUT",
        Stream::Stderr => "STDERR",
    };
    format!("{at} [{name}] ").into_bytes()
}

fn nonblocking() -> i32 {
    rustix::fs::OFlags::NONBLOCK.bits() as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log_of(pieces: &[&[u8]]) -> Vec<u8> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("all.log");
        let mut log = LogFile::open(&path).unwrap();
        for piece in pieces {
            log.take(Stream::Stdout, piece, Time::from_unix_ms(0));
        }
        log.finish(Time::from_unix_ms(0));
        log.flush().unwrap();
        std::fs::read(&path).unwrap()
    }

    #[test]
    fn what_waits_is_bounded_and_written_whole() {
        let text = b"y\n".repeat(100_000);
        let written = log_of(&text.chunks(70_001).collect::<Vec<_>>());
        let line = b"1970-01-01T00:00:00.000Z [STDOUT] y\n";
        assert!(written == line.repeat(100_000));
        assert!(written.len() > 10 * MOST_WAITING);
    }

    #[test]
    fn a_line_without_an_end_is_written_in_pieces() {
        let line = vec![b'x'; 5 * LONGEST_PIECE];
        for size in [1000, LONGEST_PIECE - 1, LONGEST_PIECE, line.len()] {
            let written = log_of(&line.chunks(size).collect::<Vec<_>>());
            let kept = written.split(|byte| *byte == b'\n');
            let kept = kept.filter(|line| !line.is_empty());
            let lengths: Vec<usize> = kept
                .map(|line| line.len() - "1970-01-01T00:00:00.000Z [STDOUT] ".len())
                .collect();
            assert_eq!(lengths.iter().sum::<usize>(), line.len(), "by {size}");
            assert!(
                lengths.iter().all(|length| *length < 2 * LONGEST_PIECE),
                "by {size}"
            );
        }
    }

    #[test]
    fn lines_are_assembled_per_stream_and_the_last_one_is_not_lost() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("all.log");
        let mut log = LogFile::open(&path).unwrap();
        let at = Time::from_unix_ms(0);
        log.take(Stream::Stdout, b"one\ntw", at);
        log.take(Stream::Stderr, b"err\n", at);
        log.take(Stream::Stdout, b"o\nthree", at);
        log.finish(at);
        log.flush().unwrap();
        let lines = std::fs::read_to_string(&path).unwrap();
        let t = "1970-01-01T00:00:00.000Z";
        let expected =
            format!("{t} [STDOUT] one\n{t} [STDERR] err\n{t} [STDOUT] two\n{t} [STDOUT] three\n");
        assert_eq!(lines, expected);
    }
}
