use std::ffi::OsString;
use std::io;

use crate::sys::{ProcessDetails, process_stat};

/// Returns what is known of a process beside its numbers: nothing more, here.
///
/// # Errors
/// As for its numbers.
pub fn process_details(pid: i32) -> io::Result<ProcessDetails> {
    Ok(ProcessDetails {
        stat: process_stat(pid)?,
        started: None,
        cpu: None,
        resident: None,
        arguments: Vec::new(),
    })
}

/// Returns nothing: what a process was started with is not read here.
pub fn process_environment(_: i32) -> Vec<OsString> {
    Vec::new()
}
