use std::time::Duration;

use crate::sys;

/// The system that a pid means something on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostIdentity {
    /// The machine: `/etc/machine-id`, else the host's name.
    pub machine: String,
    /// The boot; `None` where the system doesn't tell.
    pub boot: Option<String>,
    /// The PID namespace's inode; `None` where there are none.
    pub pid_namespace: Option<u64>,
}

/// One thing that the kernel offers or lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KernelFeature {
    /// What it is called.
    pub name: &'static str,
    /// Whether it works here, found out by doing it.
    pub available: bool,
    /// What was seen, and what Foster does with it or without it.
    pub detail: String,
}

impl HostIdentity {
    /// Returns the identity of the system that this process runs on.
    pub fn current() -> Self {
        sys::host_identity()
    }
}

/// Returns what the kernel offers of the mechanisms that this crate uses. Each is tried, not
/// guessed from a version number.
pub fn kernel_features() -> Vec<KernelFeature> {
    sys::kernel_features()
}

/// Returns the system's name for people, such as `Linux 6.18.44 x86_64`.
pub fn system_name() -> String {
    let uname = rustix::system::uname();
    let part = |text: &std::ffi::CStr| text.to_string_lossy().into_owned();
    format!(
        "{} {} {}",
        part(uname.sysname()),
        part(uname.release()),
        part(uname.machine())
    )
}

/// Returns how many descriptors this process may open beside those that it has, if that can be told without
/// opening them: on Linux since 6.2.
pub fn free_descriptors() -> Option<u64> {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    let open = sys::open_descriptors()?;
    Some(limit.unwrap_or(u64::MAX).saturating_sub(open))
}

/// Returns the monotonic clock, which stands still while the machine sleeps; the same for all
/// processes of one boot.
pub fn monotonic() -> Duration {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
}

/// Returns how long ago the machine was started: by the clock that nobody sets and that goes on while
/// the machine sleeps, where the system has one.
pub fn uptime() -> Duration {
    sys::uptime()
}
