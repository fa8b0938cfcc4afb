//! Processes for programs without a runtime: each wait blocks the calling thread, in the kernel.

mod process;
mod stdin;
mod subscription;

pub use process::{Parts, Process};
pub use stdin::Stdin;
pub use subscription::{Subscription, wait_for};
