use std::ffi::OsString;
use std::fmt;
use std::io;
use std::time::{Duration, SystemTime};

use super::Tree;
use super::member::Seen;
use crate::identity::{ProcessIdentity, ProcessRef};
use crate::sys::{self, is_exhaustion};

/// A living member of a tree, described as it was at one moment. What the system does not tell is `None`.
#[derive(Clone)]
pub struct MemberDetails {
    /// What tells it from all others.
    pub identity: ProcessIdentity,
    /// Its parent's number.
    pub parent: i32,
    /// Its name as the kernel has it.
    pub name: String,
    /// What it was started with, or shows in the place of that; they may hold secrets. Empty where
    /// they may not be looked at.
    pub arguments: Vec<OsString>,
    /// The `NAME=value` that it was started with, if they were asked for; they may hold secrets.
    pub environment: Vec<OsString>,
    /// Its state, such as `R`, `S`, `D` or `T`.
    pub state: char,
    /// When it was started, by the wall clock as it stands now.
    pub started: Option<SystemTime>,
    /// The processor time that it has used, without that of its children.
    pub cpu: Option<Duration>,
    /// How much memory it has resident, in bytes; what it shares with others is counted for each.
    pub memory: Option<u64>,
    /// How many threads it has.
    pub threads: Option<u64>,
}

impl fmt::Debug for MemberDetails {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without what may hold secrets.
        f.debug_struct("MemberDetails")
            .field("identity", &self.identity)
            .field("parent", &self.parent)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl Tree {
    /// Describes the living members, with their environments if they are wanted. Zombies are not among
    /// them, nor is who ends as it is looked at. However many there are, it takes a few descriptors.
    ///
    /// # Errors
    /// If the tree can't be looked at, or no descriptor is left.
    pub fn details(&self, environments: bool) -> io::Result<Vec<MemberDetails>> {
        // The clocks are looked at once, so that who was started together is told of so.
        let booted = SystemTime::now().checked_sub(sys::uptime());
        let described = self.look_well()?.into_iter();
        described
            .filter_map(|member| describe(&member, booted, environments).transpose())
            .collect()
    }
}

fn describe(
    member: &Seen,
    booted: Option<SystemTime>,
    environments: bool,
) -> io::Result<Option<MemberDetails>> {
    let identity = member.identity;
    let details = match sys::process_details(identity.pid) {
        Err(error) if is_exhaustion(&error) => return Err(error),
        details => details.ok(),
    };
    let environment = if environments {
        sys::process_environment(identity.pid)
    } else {
        Vec::new()
    };
    // If it is there still, nobody else had its number as all that was read.
    match ProcessRef::find(&identity) {
        Err(error) if is_exhaustion(&error) => return Err(error),
        Err(_) => return Ok(None),
        Ok(_) => {}
    }
    let alive = details.filter(|details| !details.stat.is_dead());
    Ok(alive.map(|details| MemberDetails {
        identity,
        parent: details.stat.parent,
        name: details.stat.command,
        arguments: details.arguments,
        environment,
        state: char::from(details.stat.state),
        started: booted
            .zip(details.started)
            .and_then(|(booted, after)| booted.checked_add(after)),
        cpu: details.cpu,
        memory: details.resident,
        threads: u64::try_from(details.stat.threads).ok(),
    }))
}
