//! What ends an owner's trees when the owner itself is gone, by whatever means: SIGKILL, the memory
//! killer, a crash.
//!
//! Theory of operation. The owner starts one small process, its guardian, by executing a program
//! again (usually itself) with a hidden argument. They share a socket whose other end nobody but the
//! owner holds: the kernel closes it when the owner ends, however that comes about. The owner tells
//! the guardian of a tree *before* it is started, by the mark that its members will bear, and waits
//! for the answer; so there is no moment at which a tree runs unguarded. A child between its birth
//! and its program still holds the owner's end, which is closed by exec, so the guardian hears of the
//! owner's end only when that child can be found. Then it ends what it was told of and has not been
//! told is over, and ends itself.
//!
//! What it finds is what [`crate::Tree::of_marked`] finds: the members of the control group, the
//! bearers of the cookie, the group and session of the leader, and the descendants of them all. A
//! process that has cleared its environment, left the session and lost its parent is found only in a
//! control group. A copy of the owner that was made by fork without exec holds the owner's end too,
//! and the guardian waits for it. Whoever kills the guardian first takes the protection away: watch
//! [`Guardian::process`].
//!
//! The guardian is a child of the owner: leave it out of the owner's trees by
//! [`crate::Tree::exclude`], if they are made of descendants.
//!
//! ```no_run
//! use std::time::Duration;
//!
//! use foster_process::GracefulTimeouts;
//! use foster_process::guardian::{self, Guardian, GuardianPlan};
//!
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     // First of all: this program is its own guardian.
//!     guardian::serve_if_asked();
//!     let guardian = Guardian::start(&GuardianPlan {
//!         argv: &[std::env::current_exe()?.into(), guardian::ARGUMENT.into()],
//!         env: &[],
//!         timeouts: &GracefulTimeouts::both(Duration::from_secs(2)),
//!         answer_within: Duration::from_secs(5),
//!     })?;
//!     // Something that nobody else bears; random, for a start.
//!     let tree = guardian.register("MY_TREE=9f0c3a52b1d84e6f", None)?;
//!     // … spawn it with that in its environment …
//! #   let leader = foster_process::ProcessRef::open(1)?;
//!     guardian.complete(&tree, leader.identity())?;
//!     // … and once it has ended:
//!     guardian.unregister(tree)?;
//!     guardian.dismiss()?;
//!     Ok(())
//! }
//! ```

mod ending;
mod owner;
mod protocol;
mod serve;

pub use owner::{Guarded, Guardian, GuardianError, GuardianPlan};
pub use serve::{ARGUMENT, serve, serve_if_asked};
