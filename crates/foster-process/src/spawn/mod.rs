//! Starting a process: the plan, and what may come of it.

mod credential;
mod error;
mod io_priority;
mod plan;
mod raw;
mod resource;
mod shown;
mod slot;

pub use credential::Credential;
pub(crate) use credential::Credentials;
pub use error::{InvalidPlan, SpawnError};
pub use io_priority::{InvalidIoPriority, IoClass, IoPriority};
pub use plan::{Session, SpawnPlan};
pub(crate) use raw::RawPlan;
pub use resource::{Resource, ResourceLimit};
pub(crate) use shown::names_alone;
pub use slot::{SharedSlot, SpawnSlot};

use std::io;

use crate::containment::{Level, Scope};
use crate::identity::ProcessRef;
use crate::signal::Signal;
use crate::sys;

/// A process that was started.
#[derive(Debug)]
pub struct Spawned {
    /// The process.
    pub leader: ProcessRef,
    /// How it is held.
    pub level: Level,
}

/// Starts a process in `scope`, and returns once its program is being executed.
///
/// The caller's memory is not copied: on Linux the child borrows it until it executes
/// (`CLONE_VM | CLONE_VFORK`), so the cost does not grow with the caller.
///
/// A program that can't be started is told by what was wrong with it:
///
/// ```
/// # use std::os::fd::AsFd as _;
/// # use foster_process::{Containment, Scope, SpawnError, SpawnPlan, SpawnSlot};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let null = std::fs::File::options().read(true).write(true).open("/dev/null")?;
/// # let mut scope = Scope::prepare(Containment::Auto, &format!("missing-{}", std::process::id()))?;
/// let argv = ["no-such-program".into()];
/// let plan = SpawnPlan::new(&argv, &[], [null.as_fd(), null.as_fd(), null.as_fd()]);
/// let refused = foster_process::spawn(&plan, &mut scope, &SpawnSlot::default());
/// assert!(matches!(refused, Err(SpawnError::NotFound { .. })));
/// # scope.remove()?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// See [`SpawnError`]: each reason is a variant of its own. Nothing is left running, and a control
/// group of `scope` stays, to be removed by [`Scope::remove`].
pub fn spawn(
    plan: &SpawnPlan<'_>,
    scope: &mut Scope,
    slot: &SpawnSlot,
) -> Result<Spawned, SpawnError> {
    spawn_unblocking(plan, scope, slot, &[])
}

/// The same, as the leader of a PID namespace. One scope holds one tree, so a namespace that was left by
/// all is replaced and another is not.
fn spawn_in_namespace(
    plan: &SpawnPlan<'_>,
    raw: &RawPlan<'_>,
    scope: &mut Scope,
    slot: &SpawnSlot,
) -> Result<Spawned, SpawnError> {
    let refused = |source| SpawnError::ContainmentRefused { source };
    if let Some(namespace) = scope.namespace()
        && !namespace.is_over().map_err(refused)?
    {
        return Err(refused(io::Error::from_raw_os_error(libc::EBUSY)));
    }
    let started = sys::spawn_in_namespace(raw, slot);
    let (pid, handle, namespace) = started.map_err(|failure| error::explain(plan, failure))?;
    let leader = ProcessRef::from_child(pid, handle);
    // Its start time is read now: init may reap it, if it has ended already.
    leader.identity();
    namespace.let_reap();
    scope.set_namespace(namespace);
    let level = scope.level();
    Ok(Spawned { leader, level })
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
        ..RawPlan::new(plan, scope.rlimits())?
    };
    if scope.wants_namespace() {
        return spawn_in_namespace(plan, &raw, scope, slot);
    }
    let mut result = sys::spawn_process(&raw, scope.cgroup(), slot);
    if let Err(failure) = &result
        && matches!(failure.stage, sys::Stage::Clone | sys::Stage::Containment)
        && scope.cgroup().is_some()
        && !error::is_exhaustion(&failure.error())
    {
        // Writing to the leaf's parent was allowed and entering the leaf is not: a limit of the
        // delegation that only doing it shows.
        if !scope.downgrade() {
            let errno = if failure.errno == 0 {
                libc::EPERM
            } else {
                failure.errno
            };
            let source = io::Error::from_raw_os_error(errno);
            return Err(SpawnError::ContainmentRefused { source });
        }
        result = sys::spawn_process(&raw, None, slot);
    }
    match result {
        Ok((pid, handle)) => Ok(Spawned {
            leader: ProcessRef::from_child(pid, handle),
            level: scope.level(),
        }),
        Err(failure) => Err(error::explain(plan, failure)),
    }
}
