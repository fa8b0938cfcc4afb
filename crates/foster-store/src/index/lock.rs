use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

use rustix::fs::{FlockOperation, OFlags};
use rustix::io::Errno;

use crate::dir::Dir;

const NAME: &str = "index.lock";
/// Where in the file it stands whether the records are in their places, behind two numbers.
const UNSORTED_AT: u64 = 16;

/// The right to write to the index, held for the moment of a write.
///
/// A file of its own, because a rebuild puts another file in the index's place. It ends with the
/// value, or with the process. In the file stands how many records the index has at least, so that
/// one that has lost some is noticed, and how many of them are of removed jobs.
pub(crate) struct IndexLock {
    file: File,
}

impl IndexLock {
    pub fn wait(root: &Dir) -> io::Result<Self> {
        let file = root.open(NAME, OFlags::RDWR | OFlags::CREATE)?;
        loop {
            match rustix::fs::flock(&file, FlockOperation::LockExclusive) {
                Err(Errno::INTR) => {}
                Err(errno) => return Err(errno.into()),
                Ok(()) => return Ok(Self { file }),
            }
        }
    }

    /// Writes down how many records the index has now, and how many of them are of removed jobs.
    pub fn note(&self, records: u64, removed: u64) -> io::Result<()> {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&records.to_le_bytes());
        bytes[8..].copy_from_slice(&removed.to_le_bytes());
        self.file.write_all_at(&bytes, 0)
    }

    /// Writes down that records may stand far from their places, until the index is made anew.
    pub fn note_unsorted(&self) -> io::Result<()> {
        self.file.write_all_at(&[1], UNSORTED_AT)
    }

    /// Writes down that all records stand in their places.
    pub fn note_sorted(&self) -> io::Result<()> {
        self.file.write_all_at(&[0], UNSORTED_AT)
    }

    /// Writes down how many records the index has now.
    pub fn note_records(&self, records: u64) -> io::Result<()> {
        self.file.write_all_at(&records.to_le_bytes(), 0)
    }
}

/// Returns how many records the index must have; 0 where that is not known.
pub(crate) fn noted(root: &Dir) -> u64 {
    number_at(root, 0)
}

/// Returns how many records of the index are of removed jobs; 0 where that is not known.
pub(crate) fn noted_removed(root: &Dir) -> u64 {
    number_at(root, 8)
}

fn number_at(root: &Dir, offset: u64) -> u64 {
    let mut bytes = [0; 8];
    let read = root
        .open(NAME, OFlags::RDONLY)
        .map(|file| file.read_exact_at(&mut bytes, offset));
    match read {
        Ok(Ok(())) => u64::from_le_bytes(bytes),
        _ => 0,
    }
}

/// Returns whether records may stand far from their places.
pub(crate) fn is_unsorted(root: &Dir) -> bool {
    let mut byte = [0];
    let read = root
        .open(NAME, OFlags::RDONLY)
        .map(|file| file.read_exact_at(&mut byte, UNSORTED_AT));
    matches!(read, Ok(Ok(()))) && byte != [0]
}
