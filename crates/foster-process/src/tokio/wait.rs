//! Waiting for the kernel by way of tokio.

use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::time::Instant;

use ::tokio::io::unix::{AsyncFd, AsyncFdReadyGuard};

use crate::sys;

/// A descriptor that tokio watches: a copy of one that somebody else reads.
pub(super) type Watched = AsyncFd<OwnedFd>;

/// That a descriptor is readable. To be cleared if nothing was found then.
pub(super) type Guard<'a> = AsyncFdReadyGuard<'a, OwnedFd>;

/// Has tokio watch a descriptor for reading.
///
/// # Errors
/// Outside of a runtime, where tokio itself would panic.
pub(super) fn watch(fd: BorrowedFd<'_>) -> io::Result<Watched> {
    within_a_runtime()?;
    sys::watch_readable(fd.try_clone_to_owned()?)
}

/// Returns an error outside of a runtime. Whether one that is there drives IO and time, tokio doesn't
/// tell; it panics where they are needed.
pub(super) fn within_a_runtime() -> io::Result<()> {
    let current = ::tokio::runtime::Handle::try_current();
    current.map(drop).map_err(io::Error::other)
}

/// Waits until a descriptor is readable, or for this moment: then there is no guard.
pub(super) async fn readable(
    watched: &Watched,
    until: Option<Instant>,
) -> io::Result<Option<Guard<'_>>> {
    let ready = watched.readable();
    match until {
        None => ready.await.map(Some),
        Some(at) => match ::tokio::time::timeout_at(at.into(), ready).await {
            Ok(ready) => ready.map(Some),
            Err(_) => Ok(None),
        },
    }
}
