use std::ffi::{CString, OsString};
use std::io;
use std::ops::Deref;
use std::os::fd::BorrowedFd;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI32, Ordering};

use crate::containment::{Level, Scope};
use crate::identity::ProcessRef;
use crate::signal::Signal;
use crate::sys;

/// Where programs are looked for when the environment names no `PATH`, as glibc does.
const DEFAULT_PATH: &[u8] = b"/usr/local/bin:/bin:/usr/bin";

/// What a new leader leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Session {
    /// A session of its own, without a terminal.
    New,
    /// Nothing: it stays in the caller's process group, so that a terminal's Ctrl-C reaches it.
    Inherit,
}

/// All that is to be known for starting a process.
#[derive(Debug, Clone)]
pub struct SpawnPlan<'a> {
    /// The program, looked up in `PATH` of `env` if it holds no slash, and its arguments.
    pub argv: &'a [OsString],
    /// The whole environment.
    pub env: &'a [(OsString, OsString)],
    /// The working directory; `None` for the caller's.
    pub cwd: Option<&'a Path>,
    /// What becomes descriptors 0, 1 and 2.
    pub stdio: [BorrowedFd<'a>; 3],
    /// Whether all other descriptors are closed when the program is executed, also those that are
    /// not marked so.
    pub close_others: bool,
    /// Its file mode creation mask; `None` for the caller's.
    pub umask: Option<u32>,
    /// The session it gets.
    pub session: Session,
    /// Whether every signal gets its default disposition; otherwise ignored ones stay ignored, as
    /// with exec, but for PIPE, which Rust's runtime ignores for its own sake.
    pub default_signals: bool,
    /// What the kernel sends it when the thread that spawns it ends. Linux only.
    pub parent_death: Option<Signal>,
}

/// What a spawning process leaves behind for one that may have to take over from it.
///
/// The kernel writes the pid before the child's first instruction, and the child writes why it
/// could not be executed: there is no moment at which somebody who shares this memory does not
/// know what was started.
#[repr(C)]
#[derive(Debug, Default)]
pub struct SpawnSlot {
    pub(crate) pid: AtomicI32,
    pub(crate) stage: AtomicI32,
    pub(crate) errno: AtomicI32,
}

/// A [`SpawnSlot`] that stays shared with children made by [`crate::fork`].
#[derive(Debug)]
pub struct SharedSlot(sys::SharedMemory);

/// A process that was started.
#[derive(Debug)]
pub struct Spawned {
    /// The process.
    pub leader: ProcessRef,
    /// How it is held.
    pub level: Level,
}

/// Why a process could not be started.
#[derive(Debug, thiserror::Error)]
pub enum SpawnError {
    /// There is no such program.
    #[error("{program:?} was not found")]
    NotFound {
        /// As it was named.
        program: OsString,
    },
    /// It is there and can't be executed.
    #[error("{program:?} can't be executed: {reason}")]
    NotExecutable {
        /// As it was named, or as it was found in `PATH`.
        program: OsString,
        /// Why.
        reason: String,
        /// The system's reason.
        source: io::Error,
    },
    /// The working directory can't be entered.
    #[error("the directory {path:?} can't be entered")]
    BadCwd {
        /// As it was named.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The arguments or the environment hold a NUL.
    #[error("{0:?} holds a NUL byte")]
    Nul(OsString),
    /// The arguments and the environment are larger than the system takes.
    #[error("the arguments and the environment are too large")]
    TooLarge {
        /// The system's reason.
        source: io::Error,
    },
    /// The control group could not be entered.
    #[error("the control group could not be entered")]
    ContainmentRefused {
        /// The system's reason.
        source: io::Error,
    },
    /// The system has no process or memory left.
    #[error("the system has no resources left for another process")]
    Exhausted {
        /// The system's reason.
        source: io::Error,
    },
    /// Anything else.
    #[error("the process could not be {step}")]
    Failed {
        /// What was being done.
        step: &'static str,
        /// The system's reason.
        source: io::Error,
    },
}

impl SpawnSlot {
    /// Returns the pid of what was started with this slot, if anything was.
    pub fn pid(&self) -> Option<i32> {
        Some(self.pid.load(Ordering::SeqCst)).filter(|pid| *pid > 0)
    }

    /// Returns whether what was started could not be executed.
    pub fn failed(&self) -> bool {
        self.stage.load(Ordering::SeqCst) != 0
    }

    /// Returns why it could not be executed, if so.
    pub fn failure(&self, plan: &SpawnPlan<'_>) -> Option<SpawnError> {
        let errno = self.errno.load(Ordering::SeqCst);
        let stage = sys::Stage::from_number(self.stage.load(Ordering::SeqCst))?;
        Some(explain(plan, stage, io::Error::from_raw_os_error(errno)))
    }
}

impl SharedSlot {
    /// Returns a new, empty slot in memory that forked children share.
    pub fn new() -> io::Result<Self> {
        sys::SharedMemory::new().map(Self)
    }
}

impl Deref for SharedSlot {
    type Target = SpawnSlot;

    fn deref(&self) -> &SpawnSlot {
        self.0.slot()
    }
}

/// Starts a process in `scope`, and returns once its program is being executed.
///
/// The caller's memory is not copied: on Linux the child borrows it until it executes
/// (`CLONE_VM | CLONE_VFORK`), so the cost does not grow with the caller.
pub fn spawn(
    plan: &SpawnPlan<'_>,
    scope: &mut Scope,
    slot: &SpawnSlot,
) -> Result<Spawned, SpawnError> {
    spawn_unblocking(plan, scope, slot, &[])
}

/// The same, with these signals unblocked: the caller has blocked them for a purpose of its own.
pub(crate) fn spawn_unblocking(
    plan: &SpawnPlan<'_>,
    scope: &mut Scope,
    slot: &SpawnSlot,
    unblock: &[Signal],
) -> Result<Spawned, SpawnError> {
    let raw = RawPlan {
        unblock: unblock.to_vec(),
        ..RawPlan::new(plan)?
    };
    let mut result = sys::spawn_process(&raw, scope.cgroup(), slot);
    if let Err((sys::Stage::Clone | sys::Stage::Cgroup, error)) = &result
        && scope.cgroup().is_some()
        && !is_exhaustion(error)
    {
        // Writing to the leaf's parent was allowed and entering the leaf is not: a limit of the
        // delegation that only doing it shows.
        if !scope.downgrade() {
            let source = io::Error::from_raw_os_error(error.raw_os_error().unwrap_or(libc::EPERM));
            return Err(SpawnError::ContainmentRefused { source });
        }
        result = sys::spawn_process(&raw, None, slot);
    }
    match result {
        Ok((pid, handle)) => Ok(Spawned {
            leader: ProcessRef::from_handle(pid, handle),
            level: scope.level(),
        }),
        Err((stage, error)) => Err(explain(plan, stage, error)),
    }
}

fn is_exhaustion(error: &io::Error) -> bool {
    let exhausted = [libc::EAGAIN, libc::ENOMEM, libc::EMFILE, libc::ENFILE];
    error
        .raw_os_error()
        .is_some_and(|errno| exhausted.contains(&errno))
}

fn explain(plan: &SpawnPlan<'_>, stage: sys::Stage, source: io::Error) -> SpawnError {
    let errno = source.raw_os_error().unwrap_or(0);
    match stage {
        _ if stage != sys::Stage::Chdir && is_exhaustion(&source) => {
            SpawnError::Exhausted { source }
        }
        sys::Stage::Chdir => SpawnError::BadCwd {
            path: plan.cwd.unwrap_or(Path::new(".")).to_owned(),
            source,
        },
        sys::Stage::Exec if errno == libc::E2BIG => SpawnError::TooLarge { source },
        sys::Stage::Exec => explain_exec(plan, source),
        sys::Stage::Clone => SpawnError::Failed {
            step: "forked",
            source,
        },
        sys::Stage::Cgroup => SpawnError::ContainmentRefused { source },
        sys::Stage::Session => SpawnError::Failed {
            step: "given a session",
            source,
        },
        sys::Stage::Stdio => SpawnError::Failed {
            step: "given its streams",
            source,
        },
        sys::Stage::ParentDeath => SpawnError::Failed {
            step: "tied to its parent",
            source,
        },
    }
}

fn explain_exec(plan: &SpawnPlan<'_>, source: io::Error) -> SpawnError {
    let name = plan.argv.first().cloned().unwrap_or_default();
    let places = candidates(plan).unwrap_or_default();
    let present = places.iter().find(|path| {
        let path = Path::new(std::ffi::OsStr::from_bytes(path.to_bytes()));
        plan.cwd
            .map_or_else(|| path.to_owned(), |cwd| cwd.join(path))
            .symlink_metadata()
            .is_ok()
    });
    let Some(present) = present else {
        return SpawnError::NotFound { program: name };
    };
    let program = OsString::from_vec(present.to_bytes().to_vec());
    let reason = match source.raw_os_error() {
        Some(libc::ENOENT) => "its interpreter, or what it links to, is missing".to_owned(),
        Some(libc::ENOEXEC) => "it is no program, and has no `#!` line".to_owned(),
        Some(libc::EACCES) => "permission denied".to_owned(),
        _ => source.to_string(),
    };
    SpawnError::NotExecutable {
        program,
        reason,
        source,
    }
}

/// The plan as C has it, made before the child exists: between clone and exec nothing may allocate.
pub(crate) struct RawPlan<'a> {
    pub candidates: Vec<CString>,
    pub argv: Vec<CString>,
    pub env: Vec<CString>,
    pub cwd: Option<CString>,
    pub stdio: [BorrowedFd<'a>; 3],
    pub close_others: bool,
    pub umask: Option<u32>,
    pub session: Session,
    pub default_signals: bool,
    /// What is not blocked in the child even if it is blocked in the caller.
    pub unblock: Vec<Signal>,
    pub parent_death: Option<Signal>,
}

impl<'a> RawPlan<'a> {
    fn new(plan: &SpawnPlan<'a>) -> Result<Self, SpawnError> {
        let argv: Vec<CString> = plan.argv.iter().map(c_string).collect::<Result<_, _>>()?;
        let env = plan.env.iter().map(|(name, value)| {
            let mut pair = name.clone();
            pair.push("=");
            pair.push(value);
            c_string(&pair)
        });
        Ok(Self {
            candidates: candidates(plan)?,
            argv,
            env: env.collect::<Result<_, _>>()?,
            cwd: plan
                .cwd
                .map(|cwd| c_string(&cwd.as_os_str().to_owned()))
                .transpose()?,
            stdio: plan.stdio,
            close_others: plan.close_others,
            umask: plan.umask,
            session: plan.session,
            default_signals: plan.default_signals,
            unblock: Vec::new(),
            parent_death: plan.parent_death,
        })
    }
}

fn c_string(text: &OsString) -> Result<CString, SpawnError> {
    CString::new(text.as_bytes()).map_err(|_| SpawnError::Nul(text.clone()))
}

/// Returns the paths to try, in order. A name with a slash is a path; any other is looked for in
/// `PATH`, where an empty entry means the working directory, as POSIX has it.
fn candidates(plan: &SpawnPlan<'_>) -> Result<Vec<CString>, SpawnError> {
    let program = plan.argv.first().cloned().unwrap_or_default();
    let name = program.as_bytes();
    if name.is_empty() {
        return Err(SpawnError::NotFound { program });
    }
    if name.contains(&b'/') {
        return Ok(vec![c_string(&program)?]);
    }
    let path = plan.env.iter().rev().find(|(name, _)| name == "PATH");
    let path = path.map_or(DEFAULT_PATH, |(_, value)| value.as_bytes());
    let entries = path.split(|b| *b == b':').map(|entry| {
        let dir = if entry.is_empty() { b"." } else { entry };
        c_string(&OsString::from_vec([dir, b"/", name].concat()))
    });
    entries.collect()
}
