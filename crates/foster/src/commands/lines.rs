use std::io::{self, BufWriter, Write as _};

use foster_api::args::Format;

use crate::output::Stdout;

/// Writes what comes piece by piece on standard output.
pub struct Lines {
    out: BufWriter<Stdout>,
    flush: bool,
    /// Nobody reads any more.
    closed: bool,
}

impl Lines {
    /// Returns one that writes each piece at once, or when there is a buffer full.
    pub fn new(at_once: bool) -> Self {
        Self {
            out: Stdout::buffered(),
            flush: at_once,
            closed: false,
        }
    }

    /// Returns whether the reader has gone.
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// Writes a piece.
    pub fn write(&mut self, line: &[u8]) -> io::Result<()> {
        let written = self.out.write_all(line);
        let written = written.and_then(|()| if self.flush { self.out.flush() } else { Ok(()) });
        self.note(written)
    }

    /// Writes out what is left, before the answer that comes last.
    pub fn end(&mut self, format: Format) -> io::Result<()> {
        // The answer, or an error, is one more document of the stream.
        let begin: &[u8] = if format == Format::Yaml {
            b"---\n"
        } else {
            b""
        };
        let written = self.out.write_all(begin).and_then(|()| self.out.flush());
        self.note(written)
    }

    /// Writes out what is left, if nothing follows.
    pub fn finish(&mut self) -> io::Result<()> {
        let written = self.out.flush();
        self.note(written)
    }

    fn note(&mut self, written: io::Result<()>) -> io::Result<()> {
        written.inspect_err(|error| self.closed |= error.kind() == io::ErrorKind::BrokenPipe)
    }
}
