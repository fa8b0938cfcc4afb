//! A system whose list of processes is not read yet. Programs can be started, watched, signalled by
//! their parent, and captured; a tree can't be swept, and everything that needs it says so.

use std::io;
use std::os::fd::AsFd;

use crate::host::HostIdentity;
use crate::sys::ProcessStat;

fn unsupported<T>() -> io::Result<T> {
    let message = "reading the list of processes is not built for this system";
    Err(io::Error::new(io::ErrorKind::Unsupported, message))
}

/// Fails.
pub fn process_stat(_: i32) -> io::Result<ProcessStat> {
    unsupported()
}

/// Fails.
pub fn all_processes() -> io::Result<Vec<i32>> {
    unsupported()
}

/// Fails.
pub fn children_of(_: i32) -> io::Result<Vec<i32>> {
    unsupported()
}

/// Fails.
pub fn real_children() -> io::Result<Vec<i32>> {
    unsupported()
}

/// Returns nothing: it can't be told.
pub fn zombie_wait_word(_: i32) -> Option<i32> {
    None
}

/// Fails.
pub fn pipe_holders(_: impl AsFd) -> io::Result<Vec<(i32, String)>> {
    unsupported()
}

/// Fails.
pub fn peer_credentials(_: impl AsFd) -> io::Result<(i32, u32)> {
    unsupported()
}

/// Returns false: it can't be told.
pub fn environment_has(_: i32, _: &[u8]) -> bool {
    false
}

/// Fails.
pub fn thread_count() -> io::Result<usize> {
    unsupported()
}

/// Returns what is known: nothing.
pub fn why_alive(_: i32) -> String {
    "this system does not tell why".to_owned()
}

/// Fails.
pub fn set_process_title(_: &str) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Returns the host's name; a boot is not told apart from the next.
pub fn host_identity() -> HostIdentity {
    let uname = rustix::system::uname();
    let machine = format!("host:{}", uname.nodename().to_string_lossy());
    HostIdentity {
        machine,
        boot: None,
        pid_namespace: None,
    }
}

/// Returns how long ago the machine was started, as its monotonic clock counts that.
pub fn uptime() -> std::time::Duration {
    crate::host::monotonic()
}
