use std::io;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::time::Duration;

use foster_service::Context;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

/// Sleeps until there is news, the time is over or the watch is ended, and returns whether to go on.
///
/// # Errors
/// The system has no memory left.
pub fn sleep(
    context: &Context,
    news: Option<BorrowedFd<'_>>,
    at_most: Option<Duration>,
) -> io::Result<bool> {
    let Some(interrupt) = &context.interrupt else {
        return Ok(false);
    };
    let time = at_most.and_then(|time| Timespec::try_from(time).ok());
    let mut fds = vec![PollFd::from_borrowed_fd(interrupt.as_fd(), PollFlags::IN)];
    fds.extend(news.map(|news| PollFd::from_borrowed_fd(news, PollFlags::IN)));
    match poll(&mut fds, time.as_ref()) {
        // It is looked at once more than needed.
        Ok(_) | Err(Errno::INTR) => Ok(!interrupt.is_interrupted()),
        Err(error) => Err(error.into()),
    }
}
