use std::io;
use std::sync::atomic::{AtomicU8, Ordering};

use crate::sys::SharedBytes;

/// A few bytes that this process shares with those forked from it ([`crate::fork`]), replaced as a
/// whole: whoever is killed while it replaces them leaves the old ones.
///
/// The new bytes are written beside the old ones, and one store of a word makes them count. It is
/// meant for one writer at a time: a process, and after its death the one that takes over. (A
/// lock-free mixture was refused: nobody reads while another writes here.)
#[derive(Debug)]
pub struct SharedCell {
    memory: SharedBytes,
    capacity: usize,
}

impl SharedCell {
    /// Returns an empty cell for up to `capacity` bytes.
    ///
    /// # Errors
    /// `ENOMEM` if there is no memory for it.
    pub fn new(capacity: usize) -> io::Result<Self> {
        let both = capacity.checked_mul(2).ok_or(io::ErrorKind::InvalidInput)?;
        let memory = SharedBytes::new(both)?;
        Ok(Self { memory, capacity })
    }

    /// Returns the bytes that were stored last; none, if none were.
    pub fn load(&self) -> Vec<u8> {
        let word = self.memory.word().load(Ordering::Acquire);
        let (half, len) = ((word & 1) as usize, (word >> 1) as usize);
        let bytes = self.half(half).iter().take(len);
        bytes.map(|byte| byte.load(Ordering::Relaxed)).collect()
    }

    /// Puts `bytes` in the place of those before, at once.
    ///
    /// # Errors
    /// `InvalidInput` if they are more than the cell's capacity; then nothing has changed.
    pub fn store(&mut self, bytes: &[u8]) -> io::Result<()> {
        if bytes.len() > self.capacity {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let word = self.memory.word().load(Ordering::Acquire);
        let other = (word & 1) ^ 1;
        for (place, byte) in self.half(other as usize).iter().zip(bytes) {
            place.store(*byte, Ordering::Relaxed);
        }
        let word = (bytes.len() as u64) << 1 | other;
        self.memory.word().store(word, Ordering::Release);
        Ok(())
    }

    fn half(&self, which: usize) -> &[AtomicU8] {
        let from = which * self.capacity;
        self.memory
            .bytes()
            .get(from..from + self.capacity)
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_replaced_as_a_whole() {
        let mut cell = SharedCell::new(5).unwrap();
        assert_eq!(cell.load(), b"");
        for bytes in [b"hello".as_slice(), b"", b"a", b"12345"] {
            cell.store(bytes).unwrap();
            assert_eq!(cell.load(), bytes);
        }
        assert!(cell.store(b"longer").is_err());
        assert_eq!(cell.load(), b"12345");
    }
}
