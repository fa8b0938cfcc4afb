//! The process groups that an owner has started: an editor's window, an agent's session.
//!
//! A group is known by its leader's identity and never by its number alone. The leader is held by
//! its pidfd where that can be had, and through it the kernel finds that very group, or says that it
//! is gone, also when the leader has long been reaped (`PIDFD_SIGNAL_PROCESS_GROUP`, Linux 6.9).

mod driver;
mod group_ref;
mod local;
mod registry;
mod signaller;

pub use driver::GroupTerminateError;
pub use group_ref::GroupRef;
pub use local::LocalSignaller;
pub use registry::{GroupEntry, ProcessGroups};
pub use signaller::{GroupEnd, GroupSignalError, Signalled, Signaller};

pub(crate) use driver::{Asked, drive};
pub(crate) use group_ref::living_members;
pub(crate) use local::{failed, refuse_unmeant, watch};
