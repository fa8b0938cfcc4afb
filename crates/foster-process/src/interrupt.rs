use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::sys::Latch;

/// Wakes those who wait in the kernel, for good: whoever waits for its descriptor too is woken once
/// it was interrupted, now and at each later wait.
///
/// Clones are the same interrupt. It may be used from any thread, and asks for none.
///
/// ```
/// use std::os::fd::AsFd as _;
/// use std::time::Duration;
///
/// use foster_process::{Interrupt, wait_any};
///
/// # fn main() -> std::io::Result<()> {
/// let interrupt = Interrupt::new()?;
/// let caller = interrupt.clone();
/// std::thread::spawn(move || caller.interrupt());
/// wait_any(&[interrupt.as_fd()], None, Duration::MAX)?;
/// assert!(interrupt.is_interrupted());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Interrupt(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    set: AtomicBool,
    latch: Latch,
}

impl Interrupt {
    /// Returns one that has not been used.
    ///
    /// # Errors
    /// `EMFILE` or `ENFILE` if no descriptor is left.
    pub fn new() -> io::Result<Self> {
        Ok(Self(Arc::new(Inner {
            set: AtomicBool::new(false),
            latch: Latch::new()?,
        })))
    }

    /// Wakes all who wait, and all who will. That can't be taken back; to do it twice changes nothing.
    pub fn interrupt(&self) {
        // Set before anybody can be woken: who is woken asks for the reason.
        if !self.0.set.swap(true, Ordering::SeqCst) {
            self.0.latch.set();
        }
    }

    /// Returns whether it was used.
    pub fn is_interrupted(&self) -> bool {
        self.0.set.load(Ordering::SeqCst)
    }
}

impl AsFd for Interrupt {
    /// Returns a descriptor that is readable for ever once it was interrupted. Don't read it.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.latch.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::sys::wait_any;

    #[test]
    fn it_is_readable_for_ever_once_any_clone_was_used() {
        let interrupt = Interrupt::new().unwrap();
        let readable = || {
            use rustix::event::{PollFd, PollFlags, Timespec, poll};
            let mut fds = [PollFd::new(&interrupt, PollFlags::IN)];
            poll(&mut fds, Some(&Timespec::default())).unwrap() > 0
        };
        assert!(!readable() && !interrupt.is_interrupted());
        interrupt.clone().interrupt();
        interrupt.interrupt();
        for _ in 0..3 {
            assert!(readable() && interrupt.is_interrupted());
            wait_any(&[interrupt.as_fd()], None, Duration::MAX).unwrap();
        }
    }
}
