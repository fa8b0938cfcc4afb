use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use rustix::event::{PollFd, PollFlags, Timespec};

/// Waits for many descriptors at once, in the kernel.
#[derive(Debug)]
pub struct Poller {
    epoll: OwnedFd,
}

/// How many descriptors are heard at once; the others are heard in the next round.
const BATCH: usize = 64;

/// A descriptor that has something to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ready {
    /// The token that it was added with.
    pub token: u64,
    /// Whether reading would not block (there are bytes, the end, or an error).
    pub readable: bool,
    /// Whether writing would not block.
    pub writable: bool,
    /// Whether something urgent happened: a control group became empty.
    pub urgent: bool,
}

impl Poller {
    /// Returns a poller that watches nothing yet.
    ///
    /// # Errors
    /// `EMFILE` or `ENFILE` if no descriptor is left.
    pub fn new() -> io::Result<Self> {
        let epoll = epoll::create(CreateFlags::CLOEXEC)?;
        Ok(Self { epoll })
    }

    /// Watches a descriptor for reading (level-triggered) until it is removed.
    ///
    /// # Errors
    /// If it is watched already, or can't be watched (a regular file).
    pub fn add(&self, fd: impl AsFd, token: u64) -> io::Result<()> {
        self.put(fd, token, EventFlags::IN)
    }

    /// Watches a descriptor for something urgent.
    ///
    /// # Errors
    /// As for [`Poller::add`].
    pub fn add_urgent(&self, fd: impl AsFd, token: u64) -> io::Result<()> {
        self.put(fd, token, EventFlags::PRI)
    }

    /// Changes whether a descriptor that is watched for reading is watched for writing too.
    ///
    /// # Errors
    /// If it is not watched.
    pub fn also_writable(&self, fd: impl AsFd, token: u64, writable: bool) -> io::Result<()> {
        let mut flags = EventFlags::IN;
        flags.set(EventFlags::OUT, writable);
        self.change(fd, token, flags)
    }

    /// Changes whether of a descriptor that is watched for reading only the end is told, or an error.
    ///
    /// # Errors
    /// If it is not watched.
    pub fn only_its_end(&self, fd: impl AsFd, token: u64, only: bool) -> io::Result<()> {
        // The kernel tells of the end (`EPOLLHUP`) whatever is asked for.
        let mut flags = EventFlags::empty();
        flags.set(EventFlags::IN, !only);
        self.change(fd, token, flags)
    }

    fn change(&self, fd: impl AsFd, token: u64, flags: EventFlags) -> io::Result<()> {
        let data = EventData::new_u64(token);
        Ok(epoll::modify(&self.epoll, fd, data, flags)?)
    }

    /// Watches it no more.
    ///
    /// # Errors
    /// If it is not watched.
    pub fn remove(&self, fd: impl AsFd) -> io::Result<()> {
        Ok(epoll::delete(&self.epoll, fd)?)
    }

    /// Waits until a descriptor is ready or the time is over (`None`: for ever).
    ///
    /// # Errors
    /// The kernel's. A signal that interrupts it is none: the answer is then empty.
    pub fn wait(&self, at_most: Option<Duration>) -> io::Result<Vec<Ready>> {
        let mut events = Vec::with_capacity(BATCH);
        let limit = at_most.map(timespec);
        let buffer = rustix::buffer::spare_capacity(&mut events);
        match epoll::wait(&self.epoll, buffer, limit.as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let ready = events.iter().map(|event: &epoll::Event| {
            let flags = event.flags;
            let trouble = flags.intersects(EventFlags::HUP | EventFlags::ERR);
            Ready {
                token: event.data.u64(),
                readable: flags.contains(EventFlags::IN) || trouble,
                writable: flags.contains(EventFlags::OUT) || trouble,
                urgent: flags.contains(EventFlags::PRI),
            }
        });
        Ok(ready.collect())
    }

    /// Returns a descriptor that is readable whenever something that is watched is ready, so that
    /// another loop can wait for it.
    ///
    /// # Errors
    /// `Unsupported` on systems whose pollers have none.
    pub fn descriptor(&self) -> io::Result<BorrowedFd<'_>> {
        Ok(self.epoll.as_fd())
    }

    fn put(&self, fd: impl AsFd, token: u64, flags: EventFlags) -> io::Result<()> {
        Ok(epoll::add(
            &self.epoll,
            fd,
            EventData::new_u64(token),
            flags,
        )?)
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
    match rustix::event::poll(&mut fds, Some(&timespec(at_most))) {
        Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// The longest wait that every kernel takes: a year. Whoever waits longer asks again.
fn timespec(duration: Duration) -> Timespec {
    let duration = duration.min(Duration::from_hours(366 * 24));
    Timespec {
        tv_sec: duration.as_secs() as i64,
        tv_nsec: i64::from(duration.subsec_nanos()),
    }
}
