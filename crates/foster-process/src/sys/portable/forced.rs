//! Linux in the place of another system: it is asked through `/proc`.

#[path = "../linux/details.rs"]
mod details;
#[path = "../linux/host.rs"]
mod host;
#[path = "../linux/peer.rs"]
mod peer;
#[path = "../linux/procfs.rs"]
mod procfs;

use std::io;

pub use details::{process_details, process_environment};
pub use host::{host_identity, uptime};
pub use peer::peer_credentials;
pub use procfs::own_children as real_children;
pub use procfs::{
    all_processes, children_of, environment_has, pipe_holders, process_stat, thread_count,
    why_alive, zombie_wait_word,
};

/// Fails: the way that Linux has for this is not a portable one.
pub fn set_process_title(_: &str) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
