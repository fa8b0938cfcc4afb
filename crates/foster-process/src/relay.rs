use std::fs::File;
use std::io;
use std::os::fd::AsFd;

use crate::capture::Moved;
use crate::sys;

/// A pipe of one's own between a child's pipe and a file.
///
/// While bytes are spliced from a pipe into a file, nobody can write into that pipe: the kernel locks it
/// until the file has them. A child that prints as fast as it can and its reader then take turns. Moved
/// here first, which copies nothing, they leave the child's pipe free at once, and are written while it is
/// filled again. As in a [`Batch`](crate::Batch), they outlive this process if one forked from it holds the
/// same relay, which finds out by [`Relay::recount`] what there is.
#[derive(Debug)]
pub struct Relay {
    pipe: sys::Relay,
    held: usize,
}

impl Relay {
    /// Returns an empty relay.
    ///
    /// # Errors
    /// `EMFILE` or `ENFILE` if no descriptor is left; `Unsupported` outside Linux.
    pub fn new() -> io::Result<Self> {
        let pipe = sys::Relay::new()?;
        Ok(Self { pipe, held: 0 })
    }

    /// Returns how many bytes lie in it.
    pub fn held(&self) -> usize {
        self.held
    }

    /// Asks the kernel how many bytes lie in it: another process may have moved some.
    ///
    /// # Errors
    /// None that is known.
    pub fn recount(&mut self) -> io::Result<()> {
        self.held = self.pipe.count()?;
        Ok(())
    }

    /// Gives it room for that many bytes.
    ///
    /// # Errors
    /// As for [`widen_pipe`](crate::widen_pipe).
    pub fn widen(&mut self, bytes: usize) -> io::Result<()> {
        self.pipe.widen(bytes)
    }

    /// Takes up to `at_most` bytes out of a pipe. To be called when it is empty.
    ///
    /// # Errors
    /// The pipe's own.
    pub fn fill(&mut self, from: impl AsFd, at_most: usize) -> io::Result<Moved> {
        let moved = self.pipe.fill(from.as_fd(), at_most)?;
        if let Moved::Bytes(n) = moved {
            self.held += n;
        }
        Ok(moved)
    }

    /// Moves up to `at_most` bytes on into a file, as [`move_bytes`](crate::move_bytes) does.
    ///
    /// # Errors
    /// The file's. The bytes stay.
    pub fn move_to(&mut self, file: &File, at_most: usize) -> io::Result<Moved> {
        let moved = sys::move_bytes(self.pipe.reader(), file, at_most)?;
        self.let_go(moved)?;
        Ok(moved)
    }

    /// Takes bytes out of it into `buffer`, for want of a file that would take them.
    ///
    /// # Errors
    /// None that is known.
    pub fn discard(&mut self, buffer: &mut [u8]) -> io::Result<Moved> {
        let moved = crate::capture::discard(self.pipe.reader(), buffer)?;
        self.let_go(moved)?;
        Ok(moved)
    }

    fn let_go(&mut self, moved: Moved) -> io::Result<()> {
        let gone = match moved {
            Moved::Bytes(n) => n,
            Moved::Cut { kept, lost, .. } => kept + lost,
            // A signal came between, or it was counted wrong.
            Moved::Nothing | Moved::End => return self.recount(),
        };
        self.held = self.held.saturating_sub(gone);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Seek as _};

    use super::*;
    use crate::pipe;

    #[test]
    fn what_is_held_is_moved_on_in_order_and_counted() {
        let (reader, writer) = pipe().unwrap();
        let mut file = tempfile::tempfile().unwrap();
        let Ok(mut relay) = Relay::new() else {
            // This system has none.
            return;
        };
        assert_eq!(relay.fill(&reader, 100).unwrap(), Moved::Nothing);
        rustix::io::write(&writer, b"hello world").unwrap();
        assert_eq!(relay.fill(&reader, 100).unwrap(), Moved::Bytes(11));
        assert_eq!(relay.move_to(&file, 5).unwrap(), Moved::Bytes(5));
        assert_eq!(relay.held(), 6);
        relay.recount().unwrap();
        assert_eq!(relay.held(), 6);
        let mut dropped = [0; 1];
        assert_eq!(relay.discard(&mut dropped).unwrap(), Moved::Bytes(1));
        assert_eq!(relay.move_to(&file, 100).unwrap(), Moved::Bytes(5));
        assert_eq!(relay.held(), 0);
        drop(writer);
        assert_eq!(relay.fill(&reader, 100).unwrap(), Moved::End);
        file.rewind().unwrap();
        let mut text = String::new();
        file.read_to_string(&mut text).unwrap();
        assert_eq!(text, "helloworld");
    }
}
