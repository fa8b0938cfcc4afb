use std::fs;
use std::io;
use std::os::fd::AsFd as _;

use rustix::process::{Pid, PidfdFlags};

use super::ProcessHandle;
use crate::host::KernelFeature;

/// Returns what this kernel offers of what is used here, each found out by doing it.
pub fn kernel_features() -> Vec<KernelFeature> {
    let own = std::process::id() as i32;
    let handle = ProcessHandle::open(own);
    let result = |name, result: io::Result<()>, detail: &str| KernelFeature {
        name,
        available: result.is_ok(),
        detail: match result {
            Ok(()) => detail.to_owned(),
            Err(error) => format!("{error}; without it: {detail}"),
        },
    };
    let unsupported = || io::Error::from(io::ErrorKind::Unsupported);
    vec![
        result(
            "pidfd",
            probe_pidfd(own),
            "a process is held, never a number (required)",
        ),
        result(
            "pidfd_signal_group",
            handle
                .as_ref()
                .ok()
                .filter(|h| h.can_signal_groups())
                .map(drop)
                .ok_or_else(unsupported),
            "a group is signalled at once; otherwise member by member",
        ),
        result(
            "pidfs",
            handle
                .as_ref()
                .ok()
                .and_then(ProcessHandle::unique)
                .map(drop)
                .ok_or_else(unsupported),
            "each process has a number that is never used again; otherwise its start time",
        ),
        result(
            "subreaper",
            rustix::process::child_subreaper()
                .map(drop)
                .map_err(io::Error::from),
            "orphans come back to their supervisor (required)",
        ),
        result(
            "proc_children",
            fs::metadata("/proc/thread-self/children").map(drop),
            "a tree is walked by its own links; otherwise all of /proc is looked through",
        ),
        result(
            "splice",
            probe_splice(),
            "output moves within the kernel; otherwise by copy",
        ),
    ]
}

fn probe_pidfd(own: i32) -> io::Result<()> {
    let pid = Pid::from_raw(own).ok_or(io::ErrorKind::InvalidInput)?;
    rustix::process::pidfd_open(pid, PidfdFlags::empty())?;
    Ok(())
}

fn probe_splice() -> io::Result<()> {
    let (from, to) = crate::capture::pipe()?;
    rustix::io::write(&to, b"x")?;
    let sink = fs::File::options().write(true).open("/dev/null")?;
    let flags = rustix::pipe::SpliceFlags::NONBLOCK;
    rustix::pipe::splice(from.as_fd(), None, &sink, None, 1, flags)?;
    Ok(())
}
