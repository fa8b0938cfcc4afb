//! Processes under [tokio](https://docs.rs/tokio): each wait is a future that may be dropped at any
//! time. Any runtime will do that drives IO and time, also one with a single thread. Outside of a
//! runtime there are errors; in one that was built without IO or time, tokio panics.
//!
//! To wait for a process takes Linux: on other systems output can be read, and every wait for a process
//! or its tree says `Unsupported`, because their pollers have no descriptor that tokio could watch. There
//! [`blocking`](crate::blocking) is what there is.

mod lines;
mod process;
mod ready;
mod stdin;
mod subscription;
mod visit;
mod wait;

pub use process::{Parts, Process};
pub use stdin::Stdin;
pub use subscription::{Subscription, wait_for};
pub use visit::{AsyncChunkVisitor, AsyncLineVisitor, OwnedLine};
