use std::io;
use std::os::fd::BorrowedFd;
use std::sync::Arc;

use super::ProcessHandle;
use crate::spawn::{RawPlan, SpawnSlot};
use crate::sys::{Failure, Stage};

/// A PID namespace, of which there is none: no value of this type can be made.
#[derive(Debug)]
pub enum PidNamespace {}

impl PidNamespace {
    /// Fails: this system has no PID namespaces.
    pub fn probe() -> io::Result<()> {
        let message = "this system has no PID namespaces";
        Err(io::Error::new(io::ErrorKind::Unsupported, message))
    }

    /// Returns the number of its first process.
    pub fn init_pid(&self) -> i32 {
        match *self {}
    }

    /// Returns what tells that nobody is left in it.
    pub fn as_fd(&self) -> BorrowedFd<'_> {
        match *self {}
    }

    /// Returns whether its first process has not ended.
    pub fn runs(&self) -> bool {
        match *self {}
    }

    /// Returns whether nobody is left in it.
    pub fn is_over(&self) -> io::Result<bool> {
        match *self {}
    }

    /// Ends all who are in it.
    pub fn kill(&self) -> io::Result<()> {
        match *self {}
    }

    /// Lets its first process reap.
    pub fn let_reap(&self) {
        match *self {}
    }
}

/// Fails likewise.
pub fn spawn_in_namespace(
    _: &RawPlan<'_>,
    _: &SpawnSlot,
) -> Result<(i32, ProcessHandle, Arc<PidNamespace>), Failure> {
    Err(Failure {
        stage: Stage::Containment,
        errno: libc::ENOSYS,
        detail: 0,
    })
}
