use std::io;
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd, RawFd};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec};

use super::events;

/// Waits for many descriptors at once, in the kernel. A descriptor has to be removed before it is
/// closed.
#[derive(Debug)]
pub struct Poller(Mutex<State>);

#[derive(Debug)]
struct State {
    watched: Vec<Watched>,
    /// How many changes of children were told before.
    changes: u64,
}

#[derive(Debug, Clone, Copy)]
struct Watched {
    fd: RawFd,
    token: u64,
    flags: PollFlags,
}

/// A descriptor that has something to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ready {
    /// The token that it was added with.
    pub token: u64,
    /// Whether reading would not block (there are bytes, the end, or an error).
    pub readable: bool,
    /// Whether writing would not block.
    pub writable: bool,
    /// Whether something urgent happened.
    pub urgent: bool,
}

impl Poller {
    /// Returns a poller that watches nothing yet.
    ///
    /// # Errors
    /// None here; on Linux a descriptor may be wanting.
    pub fn new() -> io::Result<Self> {
        Ok(Self(Mutex::new(State {
            watched: Vec::new(),
            changes: 0,
        })))
    }

    /// Watches a descriptor for reading (level-triggered) until it is removed.
    ///
    /// # Errors
    /// If it is watched already.
    pub fn add(&self, fd: impl AsFd, token: u64) -> io::Result<()> {
        self.put(fd, token, PollFlags::IN)
    }

    /// Watches a descriptor for something urgent.
    ///
    /// # Errors
    /// As for [`Poller::add`].
    pub fn add_urgent(&self, fd: impl AsFd, token: u64) -> io::Result<()> {
        self.put(fd, token, PollFlags::PRI)
    }

    /// Changes whether a descriptor that is watched for reading is watched for writing too.
    ///
    /// # Errors
    /// If it is not watched.
    pub fn also_writable(&self, fd: impl AsFd, token: u64, writable: bool) -> io::Result<()> {
        let mut flags = PollFlags::IN;
        flags.set(PollFlags::OUT, writable);
        self.change(fd, token, flags)
    }

    /// Changes whether of a descriptor that is watched for reading only the end is told, or an error.
    ///
    /// # Errors
    /// If it is not watched.
    pub fn only_its_end(&self, fd: impl AsFd, token: u64, only: bool) -> io::Result<()> {
        let mut flags = PollFlags::empty();
        flags.set(PollFlags::IN, !only);
        self.change(fd, token, flags)
    }

    /// Watches it no more. Handles on processes share one descriptor, so the last added goes first;
    /// what is left over is told once too often, never once too few.
    ///
    /// # Errors
    /// If it is not watched.
    pub fn remove(&self, fd: impl AsFd) -> io::Result<()> {
        let fd = fd.as_fd().as_raw_fd();
        let mut state = self.state();
        let found = state.watched.iter().rposition(|watched| watched.fd == fd);
        state.watched.remove(found.ok_or(io::ErrorKind::NotFound)?);
        Ok(())
    }

    /// Waits until a descriptor is ready or the time is over (`None`: for ever).
    ///
    /// # Errors
    /// The kernel's. A signal that interrupts it is none.
    pub fn wait(&self, at_most: Option<Duration>) -> io::Result<Vec<Ready>> {
        let (watched, told) = {
            let state = self.state();
            (state.watched.clone(), state.changes)
        };
        let children = watched
            .iter()
            .any(|watched| events::is_descriptor(watched.fd));
        // What another wait of this thread has drained is still news here.
        let now = events::changes();
        let missed = children && now != told;
        let limit = if missed {
            Some(Duration::ZERO)
        } else {
            at_most
        };
        let mut fds: Vec<PollFd<'_>> = watched.iter().map(Watched::poll_fd).collect();
        poll(&mut fds, limit)?;
        let mut ready = Vec::new();
        for (watched, polled) in watched.iter().zip(&fds) {
            let flags = polled.revents();
            let trouble = flags.intersects(PollFlags::HUP | PollFlags::ERR);
            let is_child = events::is_descriptor(watched.fd);
            let seen = Ready {
                token: watched.token,
                readable: flags.contains(PollFlags::IN) || trouble || (is_child && missed),
                writable: flags.contains(PollFlags::OUT) || trouble,
                urgent: flags.contains(PollFlags::PRI),
            };
            if seen.readable || seen.writable || seen.urgent {
                ready.push(seen);
            }
        }
        if children {
            // First the count, then the pipe: what comes in between is told again, not lost.
            self.state().changes = now;
            if ready.iter().any(|seen| seen.readable) {
                events::drain();
            }
        }
        Ok(ready)
    }

    /// Returns nothing: `poll` has no descriptor that another loop could wait for.
    ///
    /// # Errors
    /// `Unsupported`.
    pub fn descriptor(&self) -> io::Result<BorrowedFd<'_>> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn put(&self, fd: impl AsFd, token: u64, flags: PollFlags) -> io::Result<()> {
        let fd = fd.as_fd().as_raw_fd();
        let mut state = self.state();
        let known = state.watched.iter().any(|watched| watched.fd == fd);
        if known && !events::is_descriptor(fd) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        state.watched.push(Watched { fd, token, flags });
        Ok(())
    }

    fn change(&self, fd: impl AsFd, token: u64, flags: PollFlags) -> io::Result<()> {
        let fd = fd.as_fd().as_raw_fd();
        let mut state = self.state();
        let watched = state.watched.iter_mut().find(|watched| watched.fd == fd);
        let watched = watched.ok_or(io::ErrorKind::NotFound)?;
        (watched.token, watched.flags) = (token, flags);
        Ok(())
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watched {
    #[expect(unsafe_code, reason = "the poller does not own what it watches")]
    fn poll_fd<'a>(&self) -> PollFd<'a> {
        // SAFETY: whoever added it removes it before closing it; if not, the kernel answers for a
        // number that is closed or another's, which is a wrong answer and no access to memory.
        let fd = unsafe { BorrowedFd::borrow_raw(self.fd) };
        PollFd::from_borrowed_fd(fd, self.flags)
    }
}

/// Waits until one of `readable` is readable, `urgent` has something urgent to say, or the time is
/// over. A signal that interrupts it is no error.
///
/// # Errors
/// The kernel's.
pub fn wait_any(
    readable: &[BorrowedFd<'_>],
    urgent: Option<BorrowedFd<'_>>,
    at_most: Duration,
) -> io::Result<()> {
    let mut fds: Vec<PollFd<'_>> = readable
        .iter()
        .map(|fd| PollFd::from_borrowed_fd(*fd, PollFlags::IN))
        .collect();
    fds.extend(urgent.map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::PRI)));
    poll(&mut fds, Some(at_most))?;
    if readable
        .iter()
        .any(|fd| events::is_descriptor(fd.as_raw_fd()))
    {
        events::drain();
    }
    Ok(())
}

fn poll(fds: &mut [PollFd<'_>], at_most: Option<Duration>) -> io::Result<()> {
    let due = at_most.and_then(|limit| Instant::now().checked_add(limit.min(A_DAY)));
    loop {
        let left = due.map(|due| timespec(due.saturating_duration_since(Instant::now())));
        match rustix::event::poll(fds, left.as_ref()) {
            Ok(_) => return Ok(()),
            // The handler that interrupted it has left a byte, if anybody here waits for that.
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// The longest wait that every system takes is 2³¹ milliseconds. Whoever waits longer asks again.
const A_DAY: Duration = Duration::from_hours(24);

fn timespec(duration: Duration) -> Timespec {
    Timespec {
        tv_sec: duration.as_secs() as i64,
        tv_nsec: i64::from(duration.subsec_nanos()),
    }
}
