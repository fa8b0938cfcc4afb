use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::RawFd;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};

use super::credential::Credential;
use super::plan::SpawnPlan;
use super::raw::candidates;
use super::resource::Resource;
use crate::sys::{Failure, Stage};

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
    /// An argument, a path, or a variable of this name holds a NUL.
    #[error("{0:?} holds a NUL byte")]
    Nul(OsString),
    /// The plan asks for what no system can do; nothing was started.
    #[error(transparent)]
    InvalidPlan(#[from] InvalidPlan),
    /// The arguments and the environment are larger than the system takes.
    #[error("the arguments and the environment are too large")]
    TooLarge {
        /// The system's reason.
        source: io::Error,
    },
    /// The control group could not be entered, or the namespace not be made.
    #[error("the containment could not be entered")]
    ContainmentRefused {
        /// The system's reason.
        source: io::Error,
    },
    /// A resource limit could not be set, most likely because it is above the caller's own.
    #[error("its limit of {resource} could not be set")]
    LimitRefused {
        /// Which.
        resource: Resource,
        /// The system's reason.
        source: io::Error,
    },
    /// It could not be made another's, most likely because that takes privilege.
    #[error("its {credential} could not be set")]
    CredentialRefused {
        /// Which.
        credential: Credential,
        /// The system's reason.
        source: io::Error,
    },
    /// A descriptor could not be put in its place, most likely because its number is above the limit
    /// of open files.
    #[error("its descriptor {target} could not be put in its place")]
    DescriptorRefused {
        /// The number that it was to get.
        target: RawFd,
        /// The system's reason.
        source: io::Error,
    },
    /// The system has no process or memory left, or this process no descriptor.
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

/// What a plan asks for and no system can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPlan {
    /// Descriptors 0, 1 and 2 are the streams, and there are none below.
    #[error("descriptor {0} can't be passed as a further one: 3 or more")]
    ReservedDescriptor(RawFd),
    /// Two descriptors are to get one number.
    #[error("descriptor {0} is passed twice")]
    DuplicateDescriptor(RawFd),
    /// The kernel would silently take the nearest value that there is.
    #[error("there is no nice value {0}: -20 to 19")]
    NiceOutOfRange(i32),
    /// The soft limit is above the hard one.
    #[error("the soft limit of {0} is above the hard one")]
    SoftAboveHard(Resource),
    /// Two limits are given for one resource.
    #[error("{0} is limited twice")]
    DuplicateLimit(Resource),
}

/// Returns whether there is too little of something, now.
pub(crate) fn is_exhaustion(error: &io::Error) -> bool {
    let exhausted = [libc::EAGAIN, libc::ENOMEM, libc::EMFILE, libc::ENFILE];
    error
        .raw_os_error()
        .is_some_and(|errno| exhausted.contains(&errno))
}

/// Returns what a failure means for whoever made the plan.
pub(crate) fn explain(plan: &SpawnPlan<'_>, failure: Failure) -> SpawnError {
    let source = failure.error();
    let failed = |step, source| SpawnError::Failed { step, source };
    match failure.stage {
        Stage::Chdir => SpawnError::BadCwd {
            path: plan.cwd.unwrap_or(Path::new(".")).to_owned(),
            source,
        },
        Stage::Descriptors => SpawnError::DescriptorRefused {
            target: failure.detail,
            source,
        },
        _ if is_exhaustion(&source) => SpawnError::Exhausted { source },
        Stage::Exec if failure.errno == libc::E2BIG => SpawnError::TooLarge { source },
        Stage::Exec => explain_exec(plan, source),
        Stage::Containment => SpawnError::ContainmentRefused { source },
        Stage::Limits => match Resource::ALL.get(failure.detail as usize) {
            Some(resource) => SpawnError::LimitRefused {
                resource: *resource,
                source,
            },
            None => failed("given its limits", source),
        },
        Stage::Credentials => match Credential::ALL.get(failure.detail as usize) {
            Some(credential) => SpawnError::CredentialRefused {
                credential: *credential,
                source,
            },
            None => failed("given its credentials", source),
        },
        Stage::Clone => failed("forked", source),
        Stage::Session => failed("given a session", source),
        Stage::Stdio => failed("given its streams", source),
        Stage::ParentDeath => failed("tied to its parent", source),
        Stage::Nice => failed("given its nice value", source),
        Stage::IoPriority => failed("given its I/O priority", source),
        Stage::Signals => failed("given its signals", source),
    }
}

fn explain_exec(plan: &SpawnPlan<'_>, source: io::Error) -> SpawnError {
    let name = plan.argv.first().cloned().unwrap_or_default();
    let places = candidates(plan).unwrap_or_default();
    let present = places.iter().find(|path| {
        let path = Path::new(OsStr::from_bytes(path.to_bytes()));
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
