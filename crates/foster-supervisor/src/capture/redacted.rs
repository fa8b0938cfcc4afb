use std::io::{self, Write as _};

use foster_process::Moved;
use foster_store::Stream;

use super::{Capture, show};
use crate::redaction::Piece;

impl Capture {
    /// Writes what is left of bytes after redaction.
    pub(super) fn write_piece(&mut self, stream: Stream, piece: Piece) -> io::Result<Moved> {
        let offset = self.writers[stream.index()].position();
        let (log, matching) = (&mut self.log, &mut self.matching);
        show(log, matching, stream, offset, &piece.text);
        let mut rest = piece.text.as_slice();
        while !rest.is_empty() {
            let writer = &mut self.writers[stream.index()];
            let written = writer.target().and_then(|(mut file, room)| {
                let room = usize::try_from(room).unwrap_or(usize::MAX);
                file.write(&rest[..rest.len().min(room)])
            });
            match written {
                Ok(0) => self.lose(stream, rest.len(), &io::ErrorKind::WriteZero.into()),
                Ok(n) => {
                    writer.advance(n as u64);
                    self.losing[stream.index()] = false;
                    rest = &rest[n..];
                    continue;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                // Reading goes on, so that the job never blocks.
                Err(error) => self.lose(stream, rest.len(), &error),
            }
            break;
        }
        let moved = Moved::Bytes(piece.text.len());
        foster_fault::step("supervisor.redacted_written");
        if let Some(redaction) = &mut self.redaction {
            redaction[stream.index()].commit(piece)?;
        }
        Ok(moved)
    }

    /// Writes what was held back because it looked like the beginning of a value.
    pub(super) fn write_undecided(&mut self, stream: Stream) -> io::Result<()> {
        let Some(redaction) = &mut self.redaction else {
            return Ok(());
        };
        if let Some(piece) = redaction[stream.index()].finish()?
            && let Moved::Bytes(n) = self.write_piece(stream, piece)?
        {
            self.note(stream, n as u64);
        }
        Ok(())
    }
}
