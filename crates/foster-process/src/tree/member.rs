use std::io;

use crate::identity::{ProcessIdentity, ProcessRef};
use crate::signal::Signal;
use crate::sys::{self, is_exhaustion};

/// A living process of a tree.
#[derive(Debug)]
pub struct Member {
    /// The process, held.
    pub process: ProcessRef,
    /// Its parent's number at the time of looking.
    pub parent: i32,
    /// Its process group.
    pub group: i32,
    /// Its name as the kernel has it. Arguments are left out: they may hold secrets.
    pub command: String,
}

/// A member as it was seen: no descriptor is held, so a tree may have more members than this process
/// may have descriptors. Whoever wants to act on it finds it again by its identity.
#[derive(Debug)]
pub(super) struct Seen {
    pub identity: ProcessIdentity,
    pub parent: i32,
    pub group: i32,
    pub command: String,
}

/// A process that outlived an escalation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Survivor {
    /// Its number.
    pub pid: i32,
    /// Its name as the kernel has it.
    pub command: String,
    /// Why it lives, as far as can be told.
    pub reason: String,
}

/// Opens `pid`, then proves by what it is *now* that it is the one that was meant: whoever holds a
/// pidfd holds one process for good, so what is true after the opening stays true of that process.
/// A zombie is nobody.
///
/// # Errors
/// If it can't be opened for want of descriptors or memory: a member must not be passed over.
pub(super) fn see(pid: i32, proof: impl Fn(&sys::ProcessStat) -> bool) -> io::Result<Option<Seen>> {
    let handle = match sys::ProcessHandle::open(pid) {
        Err(error) if is_exhaustion(&error) => return Err(error),
        result => result.ok(),
    };
    let stat = match sys::process_stat(pid) {
        Err(error) if is_exhaustion(&error) => return Err(error),
        result => result.ok(),
    };
    let Some((handle, stat)) = handle.zip(stat) else {
        return Ok(None);
    };
    if stat.is_dead() || !proof(&stat) {
        return Ok(None);
    }
    // Read once, for the proof and the identity both: they are of one process.
    let identity = ProcessRef::started_at(pid, handle, stat.start_time).identity();
    let sys::ProcessStat {
        parent,
        group,
        command,
        ..
    } = stat;
    Ok(Some(Seen {
        identity,
        parent,
        group,
        command,
    }))
}

impl Seen {
    /// Finds it again and holds it; `None` if it is gone.
    pub fn hold(self) -> io::Result<Option<Member>> {
        let Self {
            identity,
            parent,
            group,
            command,
        } = self;
        match ProcessRef::find(&identity) {
            Ok(process) => Ok(Some(Member {
                process,
                parent,
                group,
                command,
            })),
            Err(error) if is_exhaustion(&error) => Err(error),
            Err(_) => Ok(None),
        }
    }

    pub fn signal(&self, signal: Signal) -> io::Result<()> {
        ProcessRef::find(&self.identity)?.signal(signal)
    }
}
