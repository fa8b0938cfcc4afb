//! What the kernel counts of a reader: a cost that is the same on a busy machine, unlike time.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};

/// How much was read, of files, pipes and folders that are read as files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reads {
    /// How many calls read something.
    pub calls: u64,
    /// How many bytes they got.
    pub bytes: u64,
}

impl Reads {
    /// Returns what the calling thread reads during `work`, and what that returns; `None` where the kernel does
    /// not count it.
    pub fn during<T>(work: impl FnOnce() -> T) -> (T, Option<Self>) {
        let own = Path::new("/proc/thread-self/io");
        let before = Self::told_in(own);
        let done = work();
        let after = Self::told_in(own);
        let reads = before.zip(after).map(|(before, after)| Self {
            // The look before is counted in the look after.
            calls: after.calls - before.calls,
            bytes: after.bytes - before.bytes,
        });
        (done, reads)
    }

    /// Runs a program to its end, without input or output, and returns what it has read; `None` where the kernel
    /// does not count it.
    ///
    /// # Panics
    ///
    /// If it can't be run, or fails.
    pub fn of_program(mut command: Command) -> Option<Self> {
        command.stdin(Stdio::null()).stdout(Stdio::null());
        let mut child = command.spawn().expect("a program can be started");
        let pid = Pid::from_child(&child);
        // Ended and not reaped: its counts are still there.
        let ended = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        waitid(WaitId::Pid(pid), ended).expect("a child can be waited for");
        let reads = Self::told_in(Path::new(&format!("/proc/{}/io", child.id())));
        let status = child.wait().expect("a child can be reaped");
        assert!(status.success(), "{command:?}: {status}");
        reads
    }

    fn told_in(file: &Path) -> Option<Self> {
        let text = fs::read_to_string(file).ok()?;
        let number = |name: &str| {
            let mut lines = text.lines();
            let value = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))?;
            value.parse().ok()
        };
        Some(Self {
            calls: number("syscr")?,
            bytes: number("rchar")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_thread_reads_is_counted() {
        let read = || fs::read("/proc/version").map(|bytes| bytes.len() as u64);
        let (length, reads) = Reads::during(read);
        let Some(reads) = reads else { return };
        assert!(
            reads.bytes >= length.unwrap() && reads.calls > 0,
            "{reads:?}"
        );
    }
}
