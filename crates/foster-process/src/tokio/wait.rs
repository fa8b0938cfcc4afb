//! Waiting for the kernel by way of tokio.

use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use ::tokio::io::unix::AsyncFd;

use crate::sys::{self, Poller};

/// A descriptor that tokio watches: a copy of one that somebody else reads.
pub(super) type Watched = AsyncFd<OwnedFd>;

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

/// Waits until the poller has something to tell, or for this moment. A poller of the kernel's can be
/// watched like any descriptor, so all that it watches costs tokio a single registration.
pub(super) async fn poller_ready(
    poller: &Poller,
    watched: &Watched,
    until: Option<Instant>,
) -> io::Result<()> {
    let ready = async {
        loop {
            let mut guard = watched.readable().await?;
            if !poller.wait(Some(Duration::ZERO))?.is_empty() {
                return Ok(());
            }
            guard.clear_ready();
        }
    };
    match until {
        None => ready.await,
        Some(at) => ::tokio::time::timeout_at(at.into(), ready)
            .await
            .unwrap_or(Ok(())),
    }
}
