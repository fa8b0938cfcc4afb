//! Descriptors that tokio watches.
#![expect(
    unsafe_code,
    reason = "tokio takes a descriptor only with the promise that it stays open"
)]

use std::io;
use std::os::fd::OwnedFd;

use ::tokio::io::Interest;
use ::tokio::io::unix::AsyncFd;

/// Has tokio watch a descriptor for reading. To be called within a runtime that drives IO.
pub fn watch_readable(fd: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    // SAFETY: the descriptor is open and owned by what is returned, which closes it only after it
    // has been taken out of tokio's hands, and never exchanges it.
    let registered = unsafe { AsyncFd::register_with_interest(fd, Interest::READABLE) };
    registered.map_err(io::Error::from)
}
