use std::io;

use crate::signal::Signal;
use crate::sys;

/// How a process was parted from its caller's terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detached {
    /// It leads a new session, which has no terminal.
    Session,
    /// It led a group already, so it can have no new session: it leads its group, and the terminal,
    /// if it has one, is still its session's.
    Group,
}

/// Makes the caller the leader of a process group of its own
/// ([setpgid(2)](https://man7.org/linux/man-pages/man2/setpgid.2.html)). Async-signal-safe.
///
/// # Errors
/// None if it leads its group already, unless it leads a session too: `EPERM`.
pub fn set_process_group() -> io::Result<()> {
    sys::lead_group()
}

/// Parts the caller from its terminal by a new session
/// ([setsid(2)](https://man7.org/linux/man-pages/man2/setsid.2.html)), or, if it leads a group
/// already, by that group alone; and says which. Async-signal-safe.
///
/// # Errors
/// The system's reason if neither can be had: `EPERM` for the leader of a session.
pub fn detach_from_tty() -> io::Result<Detached> {
    match sys::start_session() {
        Ok(()) => Ok(Detached::Session),
        Err(error) if error.raw_os_error() == Some(libc::EPERM) => {
            sys::lead_group()?;
            Ok(Detached::Group)
        }
        Err(error) => Err(error),
    }
}

/// Has the kernel send the caller `signal` when its parent ends
/// ([PR_SET_PDEATHSIG(2const)](https://man7.org/linux/man-pages/man2/PR_SET_PDEATHSIG.2const.html)).
/// Linux only. Async-signal-safe.
///
/// `parent_pid` is the parent's own number ([`std::process::id`]), taken before the fork. It may have
/// ended before the kernel was told, and then nothing would ever come; so it is compared, and the
/// caller is sent the signal at once if its parent is another by now.
///
/// "Parent" is the *thread* that forked: if that ends, the signal comes though the process lives on.
/// Fork from a thread that stays. It is cleared by executing a program with another's rights
/// (set-user-ID), and isn't inherited by what the child forks.
///
/// # Errors
/// `Unsupported` on other systems; `ESRCH` if the parent was gone and the caller outlived the signal,
/// so that a hook stops there.
pub fn set_parent_death_signal(signal: Signal, parent_pid: i32) -> io::Result<()> {
    sys::set_parent_death_signal(signal)?;
    if sys::parent_number() == parent_pid {
        return Ok(());
    }
    sys::signal_self(signal)?;
    Err(io::Error::from_raw_os_error(libc::ESRCH))
}
