use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use crate::host::HostIdentity;

/// Returns the machine, the boot and the PID namespace.
pub fn host_identity() -> HostIdentity {
    let line = |path: &str| {
        let text = fs::read_to_string(path).ok()?;
        Some(text.trim().to_owned()).filter(|line| !line.is_empty())
    };
    let host_name = || {
        let uname = rustix::system::uname();
        format!("host:{}", uname.nodename().to_string_lossy())
    };
    HostIdentity {
        machine: line("/etc/machine-id").unwrap_or_else(host_name),
        boot: line("/proc/sys/kernel/random/boot_id"),
        pid_namespace: fs::metadata("/proc/self/ns/pid")
            .ok()
            .map(|meta| meta.ino()),
    }
}

/// Returns how long ago the machine was started, the time counted that it slept.
pub fn uptime() -> Duration {
    let now = clock_gettime(ClockId::Boottime);
    Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
}
