//! Single steps, for whoever spawns by other means and wants no more than these.
//!
//! # Outside of the promise
//!
//! All else here reaches a process through a hold on it and never a stranger. A function that takes
//! a bare number can't promise that: the number may have passed to another by the time of the call.
//! [`kill_process_group`] and [`graceful_kill_process_group`] are such; they refuse 0, 1, negative
//! numbers and the caller's own group, and no more. Beside each stands one that takes a
//! [`crate::ProcessRef`]; [`adopt`] makes one of a child that `std` started.
//!
//! # In a `pre_exec` hook
//!
//! [`set_process_group`], [`detach_from_tty`] and [`set_parent_death_signal`] only call the system
//! and may stand between fork and exec. Any such hook, an empty one too, makes `std` leave
//! `posix_spawn` for a fork that copies the caller's page tables: in a caller of 1 GB some twenty
//! times slower. A [`crate::SpawnPlan`] has the same wishes as fields, and no such cost.
//!
//! # Everywhere the same
//!
//! The names exist on every platform. What a system can't do is the result
//! [`std::io::ErrorKind::Unsupported`]. That a group is gone is never an error.

mod adopt;
mod graceful;
mod hooks;
mod kill;

pub use adopt::adopt;
pub use graceful::{
    DEFAULT_GRACE, Outcome, graceful_kill_process_group, graceful_kill_process_group_of,
};
pub use hooks::{Detached, detach_from_tty, set_parent_death_signal, set_process_group};
pub use kill::{kill_process_group, kill_process_group_of};

pub use crate::groups::{GroupSignalError, GroupTerminateError, Signalled};
