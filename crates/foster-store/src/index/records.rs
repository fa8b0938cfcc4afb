use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

/// Where the records of an index are read from.
#[derive(Debug)]
pub(crate) enum Records {
    /// The file.
    OnDisk(File),
    /// Made anew for one reader, since the disk takes no file. Refused: a file in memory, which a limit of
    /// file sizes would refuse as well, and not every system has.
    InMemory(Vec<u8>),
}

impl Records {
    /// Fills `buf` from `offset` on.
    ///
    /// # Errors
    ///
    /// The system's; and `UnexpectedEof` if there is less.
    pub fn read_exact_at(&self, buf: &mut [u8], offset: u64) -> io::Result<()> {
        match self {
            Self::OnDisk(file) => file.read_exact_at(buf, offset),
            Self::InMemory(bytes) => {
                let start = usize::try_from(offset).unwrap_or(usize::MAX);
                let end = start.saturating_add(buf.len());
                let found = bytes.get(start..end);
                let found = found.ok_or(io::ErrorKind::UnexpectedEof)?;
                buf.copy_from_slice(found);
                Ok(())
            }
        }
    }
}
