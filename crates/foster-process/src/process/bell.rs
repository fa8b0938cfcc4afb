use std::io;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use crate::sys;

/// What wakes one who waits for what another reader of the stream does.
#[derive(Debug)]
pub(crate) enum Bell {
    /// For one who sleeps in the kernel.
    Pipe { heard: OwnedFd, rung: OwnedFd },
    /// For a task, which needs no call of the system to be woken.
    #[cfg_attr(
        not(feature = "tokio"),
        expect(dead_code, reason = "there are no tasks without tokio")
    )]
    Task(Mutex<Task>),
}

/// What is known of a task that waits.
#[derive(Debug, Default)]
pub(crate) struct Task {
    rung: bool,
    waker: Option<Waker>,
}

impl Bell {
    /// Returns a bell that a descriptor tells of.
    ///
    /// # Errors
    /// `EMFILE` or `ENFILE` if no descriptor is left.
    pub fn for_poll() -> io::Result<Self> {
        let (heard, rung) = sys::pipe()?;
        let flags = rustix::fs::fcntl_getfl(&rung)? | rustix::fs::OFlags::NONBLOCK;
        rustix::fs::fcntl_setfl(&rung, flags)?;
        Ok(Self::Pipe { heard, rung })
    }

    /// Returns a bell that wakes a task.
    #[cfg(feature = "tokio")]
    pub fn for_task() -> Self {
        Self::Task(Mutex::default())
    }

    pub fn ring(&self) {
        match self {
            Self::Pipe { rung, .. } => {
                // A pipe that is full is heard all the same.
                let _ = rustix::io::write(rung, b"!");
            }
            Self::Task(task) => {
                let mut task = lock(task);
                task.rung = true;
                let waker = task.waker.take();
                drop(task);
                waker.into_iter().for_each(Waker::wake);
            }
        }
    }

    /// Returns what is readable once it was rung; a task has no such thing.
    pub fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        match self {
            Self::Pipe { heard, .. } => Some(heard.as_fd()),
            Self::Task(_) => None,
        }
    }

    /// Returns whether a task's bell was rung, and has this task woken when it is. The last one that
    /// asked is woken. A bell with a descriptor is told of by that, and by this never.
    #[cfg_attr(
        not(feature = "tokio"),
        expect(dead_code, reason = "there are no tasks without tokio")
    )]
    pub fn poll_rung(&self, context: &Context<'_>) -> Poll<()> {
        let Self::Task(task) = self else {
            return Poll::Pending;
        };
        let mut task = lock(task);
        if task.rung {
            return Poll::Ready(());
        }
        match &mut task.waker {
            Some(waker) => waker.clone_from(context.waker()),
            none => *none = Some(context.waker().clone()),
        }
        Poll::Pending
    }

    pub fn hush(&self) {
        match self {
            Self::Pipe { heard, .. } => {
                let mut buffer = [0; 64];
                while rustix::io::read(heard, &mut buffer).is_ok_and(|n| n == buffer.len()) {}
            }
            Self::Task(task) => lock(task).rung = false,
        }
    }
}

fn lock(task: &Mutex<Task>) -> MutexGuard<'_, Task> {
    task.lock().unwrap_or_else(PoisonError::into_inner)
}
