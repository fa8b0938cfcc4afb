use std::io;
use std::os::fd::AsFd;

use crate::capture::Moved;
use crate::sys;

/// Bytes that were taken out of a pipe and are not dealt with yet.
///
/// It is for whoever has to change what is in a pipe before it may be written anywhere, and whose
/// death must lose none of it. On Linux the bytes lie in another pipe: they get there within the
/// kernel ([splice(2)]), can be looked at as often as needed ([tee(2)]), and stay until they are
/// cleared, also when this process dies, if a process forked from it holds the same batch. Other
/// systems have neither call: there they lie in this process's memory and go with it.
///
/// [splice(2)]: https://man7.org/linux/man-pages/man2/splice.2.html
/// [tee(2)]: https://man7.org/linux/man-pages/man2/tee.2.html
#[derive(Debug)]
pub struct Batch(sys::Batch);

impl Batch {
    /// Returns an empty batch.
    ///
    /// # Errors
    /// `EMFILE` or `ENFILE` if no descriptor is left.
    pub fn new() -> io::Result<Self> {
        sys::Batch::new().map(Self)
    }

    /// Gives it room for that many bytes, where it is limited.
    ///
    /// # Errors
    /// As for [`widen_pipe`](crate::widen_pipe). It holds what it held before.
    pub fn widen(&mut self, bytes: usize) -> io::Result<()> {
        self.0.widen(bytes)
    }

    /// Takes up to `at_most` bytes out of a pipe. To be called when it is empty: what it can hold
    /// is limited, by the system's pipes.
    ///
    /// # Errors
    /// The pipe's own.
    pub fn take(&mut self, from: impl AsFd, at_most: usize) -> io::Result<Moved> {
        self.0.take(from.as_fd(), at_most)
    }

    /// Appends a copy of what is in it to `bytes`. It stays.
    ///
    /// # Errors
    /// `EMFILE` or the like, if the system has nothing left to look with.
    pub fn copy_to(&mut self, bytes: &mut Vec<u8>) -> io::Result<()> {
        self.0.copy_to(bytes)
    }

    /// Throws away all that is in it.
    ///
    /// # Errors
    /// The pipe's own.
    pub fn clear(&mut self) -> io::Result<()> {
        self.0.clear()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipe;

    #[test]
    fn what_was_taken_stays_until_it_is_cleared() {
        let (reader, writer) = pipe().unwrap();
        let mut batch = Batch::new().unwrap();
        let mut seen = Vec::new();
        assert_eq!(batch.take(&reader, 100).unwrap(), Moved::Nothing);
        rustix::io::write(&writer, b"hello world").unwrap();
        assert_eq!(batch.take(&reader, 5).unwrap(), Moved::Bytes(5));
        for _ in 0..2 {
            seen.clear();
            batch.copy_to(&mut seen).unwrap();
            assert_eq!(seen, b"hello");
        }
        batch.clear().unwrap();
        seen.clear();
        batch.copy_to(&mut seen).unwrap();
        assert_eq!(seen, b"");
        drop(writer);
        assert_eq!(batch.take(&reader, 100).unwrap(), Moved::Bytes(6));
        batch.copy_to(&mut seen).unwrap();
        assert_eq!(seen, b" world");
        batch.clear().unwrap();
        assert_eq!(batch.take(&reader, 100).unwrap(), Moved::End);
    }

    #[test]
    fn a_full_pipe_of_small_writes_fits() {
        let (reader, writer) = pipe().unwrap();
        let mut batch = Batch::new().unwrap();
        let mut written = Vec::new();
        for n in 0..10_000_u32 {
            let bytes = n.to_le_bytes();
            written.extend_from_slice(&bytes);
            rustix::io::write(&writer, &bytes).unwrap();
        }
        let mut seen = Vec::new();
        while seen.len() < written.len() {
            assert!(matches!(
                batch.take(&reader, 1 << 20).unwrap(),
                Moved::Bytes(_)
            ));
            batch.copy_to(&mut seen).unwrap();
            batch.clear().unwrap();
        }
        assert_eq!(seen, written);
    }
}
