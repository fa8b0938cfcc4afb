//! Processes under [tokio](https://docs.rs/tokio): each wait is a future that may be dropped at any
//! time. Any runtime will do that drives IO and time, also one with a single thread. Outside of a
//! runtime there are errors; in one that was built without IO or time, tokio panics.
//!
//! Linux only so far: on other systems [`Process::start`] says `Unsupported`, and
//! [`blocking`](crate::blocking) is what there is.

mod process;
mod stdin;
mod subscription;
mod visit;
mod wait;
mod write;

pub use process::{Parts, Process};
pub use stdin::Stdin;
pub use subscription::{Subscription, wait_for};
pub use visit::{AsyncChunkVisitor, AsyncLineVisitor, OwnedLine};
pub use write::{Ask, OnWriteError, WriteFailed, Written};
