use std::fmt;
use std::io;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::time::Duration;

use super::GroupRef;
use crate::identity::{ProcessIdentity, ProcessRef};
use crate::signal::Signal;
use crate::sys;

/// What came of a signal to a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signalled {
    /// Somebody in it was there to hear it.
    Delivered,
    /// Nobody is left in it. No error, so that whoever tries again is safe.
    Gone,
}

/// How a group that was to be ended came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupEnd {
    /// Nobody was left in it before the first signal.
    AlreadyGone,
    /// It ended in the phase of this signal.
    By(Signal),
}

/// Why a group could not be signalled. `pid` is its leader's number, and the group's.
#[derive(Debug, thiserror::Error)]
pub enum GroupSignalError {
    /// Such a signal would hit the caller, or everybody.
    #[error("group {pid} is not signalled: {reason}")]
    Refused {
        /// Its leader's number.
        pid: i32,
        /// Why not.
        reason: &'static str,
    },
    /// The process lives and leads no group.
    #[error("process {pid} leads no process group")]
    NotALeader {
        /// Its number.
        pid: i32,
    },
    /// The leader is gone, somebody is in a group of its number, and nothing proves that it is the
    /// same group.
    #[error("nothing proves that group {pid} is still the one that was meant")]
    Unverifiable {
        /// Its leader's number.
        pid: i32,
    },
    /// The entry was made under another authority than the one that is in force.
    #[error("group {pid} belongs to another authority")]
    OtherAuthority {
        /// Its leader's number.
        pid: i32,
    },
    /// The signal could not be sent, or it could not be found out who is there.
    #[error("group {pid} could not be signalled")]
    Failed {
        /// Its leader's number.
        pid: i32,
        /// The system's reason, or that of whoever stands between.
        source: io::Error,
    },
}

/// An authority that can reach process groups: this system's kernel, a container, a host far away.
///
/// One that can only signal implements [`Signaller::signal`] alone:
///
/// ```
/// use std::sync::Mutex;
/// use foster_process::groups::{GroupRef, GroupSignalError, Signalled, Signaller};
/// use foster_process::Signal;
///
/// /// Would run `docker exec ID kill -TERM -- -PID`.
/// #[derive(Debug)]
/// struct Container(Mutex<Vec<String>>);
///
/// impl Signaller for Container {
///     fn signal(&self, group: &GroupRef, signal: Signal) -> Result<Signalled, GroupSignalError> {
///         let command = format!("kill -{signal} -- -{}", group.pid());
///         self.0.lock().unwrap().push(command);
///         Ok(Signalled::Delivered)
///     }
/// }
/// ```
pub trait Signaller: Send + Sync + fmt::Debug {
    /// Sends a signal to every member of a group.
    ///
    /// # Errors
    /// If it could not be sent. That nobody is left is [`Signalled::Gone`] and no error.
    fn signal(&self, group: &GroupRef, signal: Signal) -> Result<Signalled, GroupSignalError>;

    /// Returns a hold on the leader, if it is a process of this system that can be had.
    fn hold(&self, leader: &ProcessIdentity) -> Option<ProcessRef> {
        let _ = leader;
        None
    }

    /// Returns whether nobody is left in the group.
    ///
    /// By default it is asked by CONT, which whoever is being ended is sent anyway.
    ///
    /// # Errors
    /// As for [`Signaller::signal`].
    fn is_gone(&self, group: &GroupRef) -> Result<bool, GroupSignalError> {
        Ok(self.signal(group, Signal::CONT)? == Signalled::Gone)
    }

    /// Waits until something may have changed in one of these groups, for at most that long.
    ///
    /// By default it waits for the leaders that are held, and the time: of a group far away nothing
    /// tells the kernel here, and asking again and again is left to those who know what it costs.
    ///
    /// # Errors
    /// If the kernel refuses to wait.
    fn wait_for_change(&self, groups: &[&GroupRef], at_most: Duration) -> io::Result<()> {
        let held = groups.iter().filter_map(|group| group.held());
        // One that has ended would wake us at once, for ever.
        let running = held.filter(|p| matches!(p.wait_ended(Some(Duration::ZERO)), Ok(false)));
        let fds: Vec<BorrowedFd<'_>> = running.map(|process| process.as_fd()).collect();
        sys::wait_any(&fds, None, at_most)
    }
}
