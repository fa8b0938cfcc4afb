use std::ffi::{OsStr, OsString};
use std::fmt;
use std::os::fd::{BorrowedFd, RawFd};
use std::path::Path;

use super::{IoPriority, ResourceLimit, names_alone};
use crate::signal::Signal;

/// What a new leader leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Session {
    /// A session of its own, without a terminal.
    New,
    /// A process group of its own in the caller's session: a terminal's Ctrl-C does not reach it, and
    /// it may be brought to the terminal's foreground.
    Group,
    /// Nothing: it stays in the caller's process group, so that a terminal's Ctrl-C reaches it.
    Inherit,
}

/// All that is to be known for starting a process.
#[derive(Clone)]
pub struct SpawnPlan<'a> {
    /// The program, looked up in `PATH` of `env` if it holds no slash, and its arguments.
    pub argv: &'a [OsString],
    /// What the program is told as its own name; `None` for the first of `argv`, which stays what is
    /// looked up. A login shell is one whose name begins with `-`.
    pub arg0: Option<&'a OsStr>,
    /// The whole environment.
    pub env: &'a [(OsString, OsString)],
    /// The working directory; `None` for the caller's.
    pub cwd: Option<&'a Path>,
    /// What becomes descriptors 0, 1 and 2.
    pub stdio: [BorrowedFd<'a>; 3],
    /// What becomes further descriptors, each with its number: 3 or more, none twice.
    pub extra_fds: &'a [(RawFd, BorrowedFd<'a>)],
    /// Whether all other descriptors are closed when the program is executed, also those that are
    /// not marked so.
    pub close_others: bool,
    /// Its file mode creation mask; `None` for the caller's.
    pub umask: Option<u32>,
    /// Its nice value, from -20 (first) to 19 (last); `None` for the caller's. To lower it takes
    /// privilege ([setpriority(2)](https://man7.org/linux/man-pages/man2/setpriority.2.html)).
    pub nice: Option<i32>,
    /// How it is served by block devices; `None` for the caller's. Linux only: elsewhere starting it
    /// fails with [`super::SpawnError::Failed`].
    pub io_priority: Option<IoPriority>,
    /// Resource limits, each of this one process and of each that it starts; what is not named is
    /// the caller's.
    pub rlimits: &'a [ResourceLimit],
    /// The user it becomes; `None` for the caller's. It takes privilege to become another.
    pub uid: Option<u32>,
    /// The group it becomes, likewise.
    pub gid: Option<u32>,
    /// Its supplementary groups; `None` for the caller's, or for none at all if root makes it another
    /// user: root's groups are not for others.
    pub groups: Option<&'a [u32]>,
    /// The session it gets.
    pub session: Session,
    /// Whether every signal gets its default disposition; otherwise ignored ones stay ignored, as
    /// with exec, but for PIPE, which Rust's runtime ignores for its own sake.
    pub default_signals: bool,
    /// What the kernel sends it when the *thread* that spawns it ends. Linux only; elsewhere it has no
    /// effect.
    pub parent_death: Option<Signal>,
}

impl fmt::Debug for SpawnPlan<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.env.iter().map(|(name, _)| name.as_os_str());
        f.debug_struct("SpawnPlan")
            .field("program", &self.argv.first())
            .field("env", &names_alone(names))
            .field("cwd", &self.cwd)
            .field("session", &self.session)
            .finish_non_exhaustive()
    }
}

impl<'a> SpawnPlan<'a> {
    /// Returns the plan of an ordinary job: in the caller's directory, with the caller's mask, priority
    /// and limits, in a session of its own, with default signals and no descriptor but its streams.
    pub fn new(
        argv: &'a [OsString],
        env: &'a [(OsString, OsString)],
        stdio: [BorrowedFd<'a>; 3],
    ) -> Self {
        Self {
            argv,
            arg0: None,
            env,
            cwd: None,
            stdio,
            extra_fds: &[],
            close_others: true,
            umask: None,
            nice: None,
            io_priority: None,
            rlimits: &[],
            uid: None,
            gid: None,
            groups: None,
            session: Session::New,
            default_signals: true,
            parent_death: None,
        }
    }
}
