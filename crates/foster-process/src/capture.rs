use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::{AsFd, OwnedFd};

use crate::sys;

/// What came of an attempt to move bytes out of a pipe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moved {
    /// That many bytes, at least one.
    Bytes(usize),
    /// There are none at present.
    Nothing,
    /// There will never be any again: all writers are gone.
    End,
    /// That many were written, and others were read that the file would not take. Only where bytes
    /// have to be copied.
    Cut {
        /// How many were written.
        kept: usize,
        /// How many are lost.
        lost: usize,
        /// The system's reason.
        errno: i32,
    },
}

/// Returns a pipe: the end to read from, which does not block, and the end to give to a child.
///
/// The child's end is write-only. A read-write end makes Python's asyncio believe that its peer
/// has closed, and then it delivers a part of what it was told to write.
///
/// # Errors
/// `EMFILE` or `ENFILE` if no descriptor is left.
pub fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    sys::pipe()
}

/// Gives a pipe room for that many bytes, or more, whichever of its ends this is. Returns how many it
/// has room for then.
///
/// # Errors
/// `EPERM` if it is more than an ordinary user's pipe may hold, or his pipes together
/// (`pipe-max-size` and `pipe-user-pages-soft` in [pipe(7)]); `Unsupported` outside Linux.
///
/// [pipe(7)]: https://man7.org/linux/man-pages/man7/pipe.7.html
pub fn widen_pipe(pipe: impl AsFd, bytes: usize) -> io::Result<usize> {
    sys::widen_pipe(pipe.as_fd(), bytes)
}

/// Moves up to `at_most` bytes from a pipe into a file, at the file's own offset.
///
/// On Linux the bytes go from kernel to kernel ([splice(2)]): having moved them is having written
/// them, so that no kill between two steps can lose any. A file opened with `O_APPEND` is refused
/// by the kernel.
///
/// # Errors
/// The target's: no space, over quota, too large. No byte has left the pipe then.
///
/// [splice(2)]: https://man7.org/linux/man-pages/man2/splice.2.html
pub fn move_bytes(from: impl AsFd, to: &File, at_most: usize) -> io::Result<Moved> {
    sys::move_bytes(from.as_fd(), to, at_most)
}

/// The same by way of this process's memory, where the system can't do it within the kernel: a kill
/// between the two calls loses what was read and not yet written.
pub(crate) fn copy_bytes(from: impl AsFd, mut to: &File, at_most: usize) -> io::Result<Moved> {
    let mut buffer = vec![0; at_most.min(64 * 1024)];
    let moved = discard(from, &mut buffer)?;
    let Moved::Bytes(read) = moved else {
        return Ok(moved);
    };
    let mut kept = 0;
    while kept < read {
        match to.write(&buffer[kept..read]) {
            Ok(0) => break,
            Ok(n) => kept += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => {
                let errno = error.raw_os_error().unwrap_or(libc::EIO);
                let lost = read - kept;
                return Ok(Moved::Cut { kept, lost, errno });
            }
        }
    }
    Ok(Moved::Bytes(kept))
}

/// Takes bytes out of a pipe into `buffer`, for want of a file that would take them.
///
/// # Errors
/// The pipe's own; that nothing is there at present is [`Moved::Nothing`].
pub fn discard(from: impl AsFd, buffer: &mut [u8]) -> io::Result<Moved> {
    match rustix::io::read(from, buffer) {
        Ok(0) => Ok(Moved::End),
        Ok(n) => Ok(Moved::Bytes(n)),
        Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR) => Ok(Moved::Nothing),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Seek as _};

    use super::*;

    #[test]
    fn bytes_go_through_in_order_and_the_end_is_told() {
        let (reader, writer) = pipe().unwrap();
        let mut file = tempfile::tempfile().unwrap();
        assert_eq!(move_bytes(&reader, &file, 100).unwrap(), Moved::Nothing);
        rustix::io::write(&writer, b"hello ").unwrap();
        assert_eq!(move_bytes(&reader, &file, 3).unwrap(), Moved::Bytes(3));
        rustix::io::write(&writer, b"world").unwrap();
        drop(writer);
        assert_eq!(move_bytes(&reader, &file, 100).unwrap(), Moved::Bytes(8));
        assert_eq!(move_bytes(&reader, &file, 100).unwrap(), Moved::End);
        file.rewind().unwrap();
        let mut text = String::new();
        file.read_to_string(&mut text).unwrap();
        assert_eq!(text, "hello world");
    }
}
