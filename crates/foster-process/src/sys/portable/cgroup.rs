use std::io;
use std::os::fd::BorrowedFd;
use std::path::Path;

use crate::usage::TreeUsage;

/// A control group, of which there is none: no value of this type can be made.
#[derive(Debug)]
pub enum Cgroup {}

impl Cgroup {
    /// Fails: this system has no control groups.
    pub fn create(_: &str) -> io::Result<Self> {
        let message = "this system has no control groups";
        Err(io::Error::new(io::ErrorKind::Unsupported, message))
    }

    /// Fails likewise.
    pub fn find(_: &str) -> io::Result<Self> {
        Self::create("")
    }

    /// Fails likewise.
    pub fn open(_: &Path) -> io::Result<Self> {
        Self::create("")
    }

    /// Returns where it is.
    pub fn path(&self) -> &Path {
        match *self {}
    }

    /// Returns what tells that it is empty.
    pub fn events_fd(&self) -> Option<BorrowedFd<'_>> {
        match *self {}
    }

    /// Returns whether any process lives in it.
    pub fn populated(&self) -> io::Result<bool> {
        match *self {}
    }

    /// Returns whether the kernel has killed a process in it for want of memory.
    pub fn oom_killed(&self) -> bool {
        match *self {}
    }

    /// Limits its members.
    pub fn limit(&self, _: &str, _: &str) -> io::Result<()> {
        match *self {}
    }

    /// Returns what its members used.
    pub fn usage(&self) -> TreeUsage {
        match *self {}
    }

    /// Returns the numbers of all processes in it.
    pub fn members(&self) -> Vec<i32> {
        match *self {}
    }

    /// Returns whether `pid` is in it.
    pub fn contains(&self, _: i32) -> bool {
        match *self {}
    }

    /// Kills every process in it.
    pub fn kill(&self) -> io::Result<()> {
        match *self {}
    }

    /// Removes it.
    pub fn remove(&self) -> io::Result<()> {
        match *self {}
    }
}
