//! Named steps of Foster's own processes, at which a test has one of them die, stop or fail.
//!
//! The code says where it stands:
//!
//! ```
//! # fn rename() -> std::io::Result<()> { Ok(()) }
//! # fn save() -> std::io::Result<()> {
//! foster_fault::attempt("store.state.write")?; // about to be tried: may be refused
//! rename()?;
//! foster_fault::step("store.state.written"); // done: the process may die or stop here
//! # Ok(())
//! # }
//! ```
//!
//! Nothing happens at a point unless this crate is built with its feature `armed` and [`arm`] was told of a
//! **folder of faults**, which `FOSTER_FAULT` names for the program. Each empty file in it is a fault, called
//! `ROLE:POINT@N=ACTION`: the Nth time that a process in that role passes that point, the action is taken
//! (without `@N`: the first time). Actions are `kill` and `stop`, of the process itself, and at an
//! [`attempt`] the name of an error: `ENOSPC`, `EIO`, `EMFILE`, `EAGAIN`, `ENOMEM`.
//!
//! Whoever makes a fault removes its file first, so it is made **once**, also where the process has a
//! successor that comes by the same point. The file `passed` in that folder, if it is there, gets a line for each
//! point that is passed: `MICROSECONDS PID ROLE POINT KIND`, on the monotonic clock; the kind is `step`, `attempt`,
//! or `made` where a fault was made. So a test walks through all points of a scenario that it has watched once.
//!
//! Without the feature each function is empty, and no name of a point is in the program: refused is a switch
//! at run time, by which whoever sets a variable could stop another's supervisor between two steps.

#[cfg(feature = "armed")]
mod armed;
#[cfg(feature = "armed")]
mod fault;
mod role;
#[cfg(not(feature = "armed"))]
mod unarmed;

#[cfg(feature = "armed")]
pub use armed::{arm, attempt, set_role, step};
#[cfg(feature = "armed")]
pub use fault::ArmError;
pub use role::Role;
#[cfg(not(feature = "armed"))]
pub use unarmed::{ArmError, arm, attempt, set_role, step};
