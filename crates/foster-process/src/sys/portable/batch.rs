use std::io;
use std::os::fd::BorrowedFd;

use crate::capture::{Moved, discard};

/// Bytes in this process's memory, which go with it.
#[derive(Debug)]
pub struct Batch(Vec<u8>);

impl Batch {
    pub fn new() -> io::Result<Self> {
        Ok(Self(Vec::new()))
    }

    pub fn widen(&mut self, _: usize) -> io::Result<()> {
        Ok(())
    }

    pub fn take(&mut self, from: BorrowedFd<'_>, at_most: usize) -> io::Result<Moved> {
        let before = self.0.len();
        self.0.resize(before + at_most.min(64 * 1024), 0);
        let moved = discard(from, &mut self.0[before..]);
        let taken = match &moved {
            Ok(Moved::Bytes(n)) => *n,
            _ => 0,
        };
        self.0.truncate(before + taken);
        moved
    }

    pub fn copy_to(&mut self, bytes: &mut Vec<u8>) -> io::Result<()> {
        bytes.extend_from_slice(&self.0);
        Ok(())
    }

    pub fn clear(&mut self) -> io::Result<()> {
        self.0.clear();
        Ok(())
    }
}
