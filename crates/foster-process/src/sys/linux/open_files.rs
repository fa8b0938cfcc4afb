#![expect(
    unsafe_code,
    reason = "another process's limits are asked for by its number"
)]

use std::fs;
use std::io;

/// Returns how many descriptors this process has open, if the kernel counts them: since Linux 6.2
/// ([proc_pid_fd(5)](https://man7.org/linux/man-pages/man5/proc_pid_fd.5.html)).
pub fn open_descriptors() -> Option<u64> {
    let count = fs::metadata("/proc/self/fd").ok()?.len();
    (count > 0).then_some(count)
}

/// Returns how many descriptors the process of this number may have open
/// ([prlimit(2)](https://man7.org/linux/man-pages/man2/prlimit.2.html)). Asked so, and not of
/// `/proc/PID/limits`, because that takes a descriptor.
pub fn open_files_limit(pid: i32) -> io::Result<u64> {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    let unchanged = std::ptr::null();
    // SAFETY: nothing is set, and the structure is the kernel's to write.
    let asked = unsafe { libc::prlimit(pid, libc::RLIMIT_NOFILE, unchanged, &raw mut limit) };
    if asked == 0 {
        Ok(limit.rlim_cur)
    } else {
        Err(io::Error::last_os_error())
    }
}
