use std::fs::File;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use foster_model::Time;
use foster_store::Stream;

/// The longest piece of a line that is kept in memory; what goes beyond it is written as a line of
/// its own, so that a line of a gigabyte costs no gigabyte.
const LONGEST_PIECE: usize = 64 * 1024;

/// The interleaved log of `--log`: `<time> [STDOUT] line`, written as it happens.
pub struct LogFile {
    file: File,
    partial: [Vec<u8>; 2],
    out: Vec<u8>,
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
        })
    }

    /// Writes a line of Foster's own.
    pub fn mark(&mut self, text: &str, at: Time) {
        self.out
            .extend_from_slice(format!("{at} [FOSTER] {text}\n").as_bytes());
    }

    /// Takes in bytes of a stream.
    pub fn take(&mut self, stream: Stream, mut bytes: &[u8], at: Time) {
        while let Some(end) = bytes.iter().position(|b| *b == b'\n') {
            self.partial[stream.index()].extend_from_slice(&bytes[..end]);
            self.write_line(stream, at);
            bytes = &bytes[end + 1..];
        }
        for piece in bytes.chunks(LONGEST_PIECE) {
            self.partial[stream.index()].extend_from_slice(piece);
            if self.partial[stream.index()].len() >= LONGEST_PIECE {
                self.write_line(stream, at);
            }
        }
    }

    /// Writes out the lines whose end never came.
    pub fn finish(&mut self, at: Time) {
        for stream in Stream::ALL {
            if !self.partial[stream.index()].is_empty() {
                self.write_line(stream, at);
            }
        }
    }

    /// Hands the written lines to the system.
    pub fn flush(&mut self) -> io::Result<()> {
        let result = self.file.write_all(&self.out);
        self.out.clear();
        result
    }

    fn write_line(&mut self, stream: Stream, at: Time) {
        let name = if stream == Stream::Stdout {
            "STDOUT"
        } else {
            "STDERR"
        };
        let line = &mut self.partial[stream.index()];
        self.out
            .extend_from_slice(format!("{at} [{name}] ").as_bytes());
        self.out.append(line);
        self.out.push(b'\n');
    }
}

fn nonblocking() -> i32 {
    rustix::fs::OFlags::NONBLOCK.bits() as i32
}

#[cfg(test)]
mod tests {
    use super::*;

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
