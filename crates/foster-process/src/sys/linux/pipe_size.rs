use std::io;
use std::os::fd::BorrowedFd;

/// Gives a pipe room for that many bytes. Returns how many it has room for then.
pub fn widen_pipe(pipe: BorrowedFd<'_>, bytes: usize) -> io::Result<usize> {
    Ok(rustix::pipe::fcntl_setpipe_size(pipe, bytes)?)
}
