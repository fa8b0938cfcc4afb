#![expect(unsafe_code, reason = "the wrapper in rustix takes named signals only")]

use std::io;

use crate::signal::Signal;

/// Has the kernel send the caller a signal when the thread that made it ends
/// ([PR_SET_PDEATHSIG(2const)](https://man7.org/linux/man-pages/man2/PR_SET_PDEATHSIG.2const.html)).
/// Only calls the system.
pub fn set_parent_death_signal(signal: Signal) -> io::Result<()> {
    // SAFETY: plain numbers.
    if unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, signal.number(), 0, 0, 0) } == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}
