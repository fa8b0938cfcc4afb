use std::fs::File;
use std::io::{self, Read, Write as _};

/// What is given for a command's standard input.
pub struct Input<'a> {
    /// Where it comes from; it is read to its end, a part at a time.
    pub from: &'a mut dyn Read,
    /// How many bytes are taken at most.
    pub at_most: u64,
}

/// Input could not be taken in.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// It can't be read.
    #[error("what was given for standard input can't be read")]
    Read(#[source] io::Error),
    /// There is more of it than is taken.
    #[error("more than {at_most} bytes were given for standard input")]
    TooLarge {
        /// How much is taken.
        at_most: u64,
    },
    /// It can't be written.
    #[error("what was given for standard input can't be kept")]
    Write(#[source] io::Error),
}

/// How much is in memory at a time.
const PART: usize = 64 * 1024;

impl Input<'_> {
    /// Moves all of it into a file.
    pub(crate) fn copy_to(&mut self, file: &mut File) -> Result<(), InputError> {
        let mut part = vec![0; PART];
        let mut left = self.at_most;
        loop {
            let n = match self.from.read(&mut part) {
                Ok(0) => return Ok(()),
                Ok(n) => n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(InputError::Read(error)),
            };
            let at_most = self.at_most;
            left = (left.checked_sub(n as u64)).ok_or(InputError::TooLarge { at_most })?;
            file.write_all(&part[..n]).map_err(InputError::Write)?;
        }
    }
}
