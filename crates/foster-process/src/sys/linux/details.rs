//! What a process uses and was started with, from `/proc`.
#![expect(unsafe_code, reason = "the units of /proc are asked of sysconf")]

use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::OsStringExt as _;
use std::time::Duration;

use super::procfs::{read_bytes, read_stat};
use crate::sys::ProcessDetails;

/// Returns what is known of a process beside its numbers.
///
/// # Errors
/// `NotFound` if there is no such process.
pub fn process_details(pid: i32) -> io::Result<ProcessDetails> {
    let stat = read_stat(pid)?;
    let ticks = unit(libc::_SC_CLK_TCK);
    let time = |count: u64| Some(Duration::from_millis(count.saturating_mul(1000) / ticks?));
    let resident = stat.resident_pages.zip(unit(libc::_SC_PAGESIZE));
    Ok(ProcessDetails {
        cpu: stat.cpu_ticks.and_then(time),
        resident: resident.map(|(pages, size)| pages.saturating_mul(size)),
        started: stat.process.start_time.and_then(time),
        arguments: arguments(pid),
        stat: stat.process,
    })
}

/// What may not be looked at, and what has none, has no arguments.
fn arguments(pid: i32) -> Vec<OsString> {
    strings(&read_bytes(format!("/proc/{pid}/cmdline")).unwrap_or_default())
}

/// Returns the `NAME=value` that a process was started with; none if they may not be looked at.
pub fn process_environment(pid: i32) -> Vec<OsString> {
    strings(&read_bytes(format!("/proc/{pid}/environ")).unwrap_or_default())
}

fn strings(bytes: &[u8]) -> Vec<OsString> {
    let bytes = bytes.strip_suffix(b"\0").unwrap_or(bytes);
    if bytes.is_empty() {
        return Vec::new();
    }
    let strings = bytes.split(|byte| *byte == 0);
    strings
        .map(|string| OsString::from_vec(string.to_vec()))
        .collect()
}

fn unit(name: libc::c_int) -> Option<u64> {
    // SAFETY: it takes a number and returns one.
    let value = unsafe { libc::sysconf(name) };
    u64::try_from(value).ok().filter(|value| *value > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_described() {
        let own = process_details(std::process::id() as i32).unwrap();
        let given: Vec<OsString> = std::env::args_os().collect();
        assert_eq!(own.arguments, given);
        assert!(own.resident.is_some_and(|bytes| bytes > 100_000));
        assert!(own.cpu.is_some_and(|cpu| cpu < Duration::from_hours(1)));
        let age = crate::sys::uptime()
            .checked_sub(own.started.unwrap())
            .unwrap();
        assert!(age < Duration::from_hours(1), "{age:?}");
        assert!(!process_environment(std::process::id() as i32).is_empty());
    }

    #[test]
    fn strings_end_with_a_zero_or_with_the_text() {
        let rows: [(&[u8], &[&str]); 4] = [
            (b"", &[]),
            (b"a\0\0b\0", &["a", "", "b"]),
            (b"a title", &["a title"]),
            (b"\0", &[]),
        ];
        for (bytes, wanted) in rows {
            assert_eq!(strings(bytes), wanted);
        }
    }
}
