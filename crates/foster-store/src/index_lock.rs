use std::fs::File;
use std::io;

use rustix::fs::{FlockOperation, OFlags};
use rustix::io::Errno;

use crate::dir::Dir;

/// The right to write to the index, held for the moment of a write.
///
/// A file of its own, because a rebuild puts another file in the index's place. It ends with the
/// value, or with the process.
pub(crate) struct IndexLock {
    _file: File,
}

impl IndexLock {
    pub fn wait(root: &Dir) -> io::Result<Self> {
        let file = root.open("index.lock", OFlags::RDWR | OFlags::CREATE)?;
        loop {
            match rustix::fs::flock(&file, FlockOperation::LockExclusive) {
                Err(Errno::INTR) => {}
                Err(errno) => return Err(errno.into()),
                Ok(()) => return Ok(Self { _file: file }),
            }
        }
    }
}
