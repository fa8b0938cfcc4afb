//! What the kernel says that a process used.
#![expect(unsafe_code, reason = "no safe wrapper tells what a process used")]

use std::time::Duration;

use crate::usage::Usage;

/// The unit of `ru_maxrss`, in bytes.
#[cfg(not(target_vendor = "apple"))]
const RSS_UNIT: u64 = 1024;
#[cfg(target_vendor = "apple")]
const RSS_UNIT: u64 = 1;

/// Returns what the structure says.
pub fn usage_of(raw: &libc::rusage) -> Usage {
    Usage {
        user: duration_of(&raw.ru_utime),
        system: duration_of(&raw.ru_stime),
        max_rss: Some(raw.ru_maxrss as u64 * RSS_UNIT),
        minor_faults: raw.ru_minflt as u64,
        major_faults: raw.ru_majflt as u64,
        voluntary_switches: raw.ru_nvcsw as u64,
        involuntary_switches: raw.ru_nivcsw as u64,
    }
}

fn duration_of(time: &libc::timeval) -> Duration {
    Duration::from_secs(time.tv_sec as u64) + Duration::from_micros(time.tv_usec as u64)
}

/// Returns the most memory that this process ever had resident, in bytes.
pub fn own_max_rss() -> Option<u64> {
    let mut raw = std::mem::MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: the structure is the kernel's to write, and all zeroes are valid.
    let raw = unsafe {
        (libc::getrusage(libc::RUSAGE_SELF, raw.as_mut_ptr()) == 0).then(|| raw.assume_init())
    };
    raw.and_then(|raw| usage_of(&raw).max_rss)
}
