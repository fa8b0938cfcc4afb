#![expect(
    unsafe_code,
    reason = "asking for a group through a pidfd has no safe wrapper"
)]

use std::io;
use std::os::fd::{AsFd as _, AsRawFd as _};

use super::ProcessHandle;

/// `PIDFD_SIGNAL_PROCESS_GROUP` (Linux 6.9, include/uapi/linux/pidfd.h).
const TO_GROUP: libc::c_uint = 1 << 2;

/// Returns whether anybody, zombies counted, is in the group that this process leads or led. The
/// kernel compares the group's own object, so a successor of the number doesn't count.
///
/// # Errors
/// `Unsupported` before Linux 6.9.
pub fn group_is_there(leader: &ProcessHandle) -> io::Result<bool> {
    const NOBODY: libc::c_int = 0;
    // SAFETY: the descriptor is open, and signal 0 is only a question.
    let sent = unsafe {
        libc::syscall(
            libc::SYS_pidfd_send_signal,
            leader.as_fd().as_raw_fd(),
            NOBODY,
            std::ptr::null::<libc::siginfo_t>(),
            TO_GROUP,
        )
    };
    if sent == 0 {
        return Ok(true);
    }
    let error = io::Error::last_os_error();
    match error.raw_os_error() {
        Some(libc::ESRCH) => Ok(false),
        // They are there, and somebody else's.
        Some(libc::EPERM) => Ok(true),
        Some(libc::EINVAL) => Err(io::ErrorKind::Unsupported.into()),
        _ => Err(error),
    }
}
