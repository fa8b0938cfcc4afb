#![expect(unsafe_code, reason = "what init wrote is read from shared memory")]

use std::io;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::{PidNamespace, is_readable, poll_any};
use crate::exit_status::ExitStatus;
use crate::signal::Signal;
use crate::sys::usage_of;
use crate::usage::Ended;

/// How the leader of a namespace ended: it is init's child, so init tells.
#[derive(Debug, Clone)]
pub struct Leader {
    namespace: Arc<PidNamespace>,
    /// Shared by all references to it, as the kernel shares that of a child.
    reaped: Arc<AtomicBool>,
}

impl Leader {
    /// Returns the leader of this namespace.
    pub fn new(namespace: Arc<PidNamespace>) -> Self {
        Self {
            namespace,
            reaped: Arc::default(),
        }
    }

    /// Returns how the leader ended, as `waitid(2)` would if it were a child of ours.
    ///
    /// Between its end and init's noting it there is a moment; it is waited for, so that who has seen
    /// the pidfd become readable finds a status. If init was killed before it could note anything, the
    /// leader was killed with it.
    pub fn wait(&self, pidfd: BorrowedFd<'_>, reap: bool) -> io::Result<Option<Ended>> {
        if self.reaped.load(Ordering::SeqCst) {
            return Err(io::Error::from_raw_os_error(libc::ECHILD));
        }
        if !self.has_told() {
            if !is_readable(pidfd)? {
                return Ok(None);
            }
            poll_any([self.namespace.news.as_fd(), self.namespace.as_fd()])?;
        }
        let ended = self.told().unwrap_or(Ended {
            status: ExitStatus::Signal {
                signal: Signal::KILL,
                core_dumped: false,
            },
            usage: None,
        });
        self.reaped.store(reap, Ordering::SeqCst);
        Ok(Some(ended))
    }

    fn has_told(&self) -> bool {
        self.namespace.block().ended.load(Ordering::Acquire) != 0
    }

    fn told(&self) -> Option<Ended> {
        let block = self.namespace.block();
        if !self.has_told() {
            return None;
        }
        // SAFETY: written before `ended` was set, and never again; all bytes were zeroed before.
        let usage = unsafe { (*block.usage.get()).assume_init() };
        let code = block.code.load(Ordering::Relaxed);
        let status = ExitStatus::from_child_info(code, block.status.load(Ordering::Relaxed))?;
        Some(Ended {
            status,
            usage: Some(usage_of(&usage)),
        })
    }
}
