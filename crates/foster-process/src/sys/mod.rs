//! The platforms. Each has the same functions under the same names; nothing above this module
//! knows which was chosen.

mod blocked;
mod child;
mod credentials;
mod failure;
mod groups;
#[cfg(all(target_os = "linux", not(foster_portable)))]
mod linux;
#[cfg(all(unix, any(not(target_os = "linux"), foster_portable)))]
mod portable;
mod rlimit;
mod rusage;
mod shared_bytes;
mod socket;
mod unix;
#[cfg(feature = "tokio")]
mod watched;

pub use blocked::BlockedSignals;
pub use child::is_child_ignored;
pub use failure::{Failure, Stage};
pub use groups::*;
#[cfg(all(target_os = "linux", not(foster_portable)))]
pub use linux::*;
#[cfg(all(unix, any(not(target_os = "linux"), foster_portable)))]
pub use portable::*;
pub use rlimit::{forks_without_limit, own_limit};
pub use rusage::{own_max_rss, usage_of};
pub use shared_bytes::SharedBytes;
pub use socket::send_quietly;
pub use unix::*;
#[cfg(feature = "tokio")]
pub use watched::watch_readable;
