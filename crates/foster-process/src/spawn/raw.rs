use std::collections::HashSet;
use std::ffi::{CString, OsStr, OsString};
use std::os::fd::{BorrowedFd, RawFd};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};

use super::credential::Credentials;
use super::error::{InvalidPlan, SpawnError};
use super::io_priority::IoPriority;
use super::plan::{Session, SpawnPlan};
use super::resource::ResourceLimit;
use crate::signal::Signal;

/// Where programs are looked for when the environment names no `PATH`, as glibc does.
const DEFAULT_PATH: &[u8] = b"/usr/local/bin:/bin:/usr/bin";

/// The plan as C has it, made before the child exists: between clone and exec nothing may allocate.
pub(crate) struct RawPlan<'a> {
    pub candidates: Vec<CString>,
    pub argv: Vec<CString>,
    pub env: Vec<CString>,
    pub cwd: Option<CString>,
    pub stdio: [BorrowedFd<'a>; 3],
    pub extra_fds: &'a [(RawFd, BorrowedFd<'a>)],
    pub close_others: bool,
    pub umask: Option<u32>,
    pub nice: Option<i32>,
    pub io_priority: Option<IoPriority>,
    pub rlimits: Vec<ResourceLimit>,
    pub credentials: Credentials,
    pub session: Session,
    pub default_signals: bool,
    /// What is not blocked in the child even if it is blocked in the caller.
    pub unblock: Vec<Signal>,
    pub parent_death: Option<Signal>,
}

impl<'a> RawPlan<'a> {
    /// Returns the plan, with what its scope limits.
    pub fn new(plan: &SpawnPlan<'a>, scope: &[ResourceLimit]) -> Result<Self, SpawnError> {
        check(plan)?;
        let mut argv: Vec<CString> = plan
            .argv
            .iter()
            .map(|word| c_string(word))
            .collect::<Result<_, _>>()?;
        if let (Some(first), Some(arg0)) = (argv.first_mut(), plan.arg0) {
            *first = c_string(arg0)?;
        }
        let env = plan.env.iter().map(|(name, value)| {
            let mut pair = name.clone();
            pair.push("=");
            pair.push(value);
            // An error is printed; a value may be a secret.
            CString::new(pair.into_vec()).map_err(|_| SpawnError::Nul(name.clone()))
        });
        Ok(Self {
            candidates: candidates(plan)?,
            argv,
            env: env.collect::<Result<_, _>>()?,
            cwd: plan.cwd.map(|cwd| c_string(cwd.as_os_str())).transpose()?,
            stdio: plan.stdio,
            extra_fds: plan.extra_fds,
            close_others: plan.close_others,
            umask: plan.umask,
            nice: plan.nice,
            io_priority: plan.io_priority,
            rlimits: merged(plan.rlimits, scope),
            credentials: credentials(plan),
            session: plan.session,
            default_signals: plan.default_signals,
            unblock: Vec::new(),
            parent_death: plan.parent_death,
        })
    }
}

fn check(plan: &SpawnPlan<'_>) -> Result<(), InvalidPlan> {
    let mut targets = HashSet::new();
    for (target, _) in plan.extra_fds {
        if *target < 3 {
            return Err(InvalidPlan::ReservedDescriptor(*target));
        }
        if !targets.insert(target) {
            return Err(InvalidPlan::DuplicateDescriptor(*target));
        }
    }
    if let Some(nice) = plan.nice.filter(|nice| !(-20..=19).contains(nice)) {
        return Err(InvalidPlan::NiceOutOfRange(nice));
    }
    let mut limited = HashSet::new();
    for limit in plan.rlimits {
        if !limit.is_valid() {
            return Err(InvalidPlan::SoftAboveHard(limit.resource));
        }
        if !limited.insert(limit.resource) {
            return Err(InvalidPlan::DuplicateLimit(limit.resource));
        }
    }
    Ok(())
}

/// Returns both, and the stricter where both limit one resource.
fn merged(plan: &[ResourceLimit], scope: &[ResourceLimit]) -> Vec<ResourceLimit> {
    let mut all: Vec<ResourceLimit> = plan.to_vec();
    for limit in scope {
        match all.iter_mut().find(|own| own.resource == limit.resource) {
            Some(own) => *own = own.stricter(*limit),
            None => all.push(*limit),
        }
    }
    all
}

fn credentials(plan: &SpawnPlan<'_>) -> Credentials {
    let forgotten = plan.uid.is_some() && rustix::process::geteuid().is_root();
    let groups = plan.groups.map(<[u32]>::to_vec);
    Credentials {
        groups: groups.or_else(|| forgotten.then(Vec::new)),
        gid: plan.gid,
        uid: plan.uid,
    }
}

fn c_string(text: &OsStr) -> Result<CString, SpawnError> {
    CString::new(text.as_bytes()).map_err(|_| SpawnError::Nul(text.to_owned()))
}

/// Returns the paths to try, in order. A name with a slash is a path; any other is looked for in
/// `PATH`, where an empty entry means the working directory, as POSIX has it.
pub(crate) fn candidates(plan: &SpawnPlan<'_>) -> Result<Vec<CString>, SpawnError> {
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
